#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/log.h"
#include "cmd/commands.h"
#include "cmd/print.h"
#include "cmd/servers.h"
#include "io/host.h"
#include "io/run_on.h"

namespace agena::cmd {
namespace {

constexpr int kNamesrvPort = 9876;
constexpr int kBrokerPort = 10911;
constexpr int kFastPort = kBrokerPort - 2;
constexpr int kPortOffsetMax = 50'000;
constexpr int64_t kLogFileBytes = 64 << 20;  // A laptop's disk is not a server's.

struct DevOptions {
  std::string data = "./agena-data";
  int port_offset = 0;
  bool verbose = false;
};

// The ports of ours, out of three, that somebody else listens on; empty when all are free.
std::string taken_ports(io::Env& env, int offset) {
  io::Loop& loop = *env.loops().front();
  std::string out;
  io::run_on(loop, [&] {
    for (auto [port, name] :
         {std::pair{kNamesrvPort, "name server"}, std::pair{kFastPort, "the broker's fast port"},
          std::pair{kBrokerPort, "broker"}}) {
      auto listening = loop.listen("127.0.0.1", static_cast<uint16_t>(port + offset), {&loop},
                                   [](io::Loop&, auto stream) { stream->close(); });
      if (listening || listening.error().code != Errc::address_in_use) continue;
      out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", port + offset, name);
    }
  });
  return out;
}

// Whoever starts this wants a broker now: what to type counts more than what went wrong.
Status check_ports(io::Env& env, const DevOptions& dev) {
  const std::string taken = taken_ports(env, dev.port_offset);
  if (taken.empty()) return ok();
  constexpr int kStep = 100;
  int offset = dev.port_offset + kStep;
  while (offset < kPortOffsetMax && !taken_ports(env, offset).empty()) offset += kStep;
  if (offset > kPortOffsetMax) offset = kStep;
  return Error{Errc::address_in_use,
               fmt::format("127.0.0.1 port {} is taken, perhaps by another `agena dev` or a "
                           "RocketMQ server. To run beside it, type:\n"
                           "         agena dev --port-offset {} --data {}-{}",
                           taken, offset, dev.data, offset)};
}

Error with_advice(const Error& error, const DevOptions& dev) {
  if (error.code != Errc::illegal_operation) return error;
  return {error.code, fmt::format("another broker, perhaps another `agena dev`, uses the data in "
                                  "{}. To run beside it, choose another place with --data DIR",
                                  dev.data)};
}

void print_ready(const DevOptions& options, const std::string& recovery, int64_t ready_ms) {
  int namesrv_port = kNamesrvPort + options.port_offset;
  std::string at = options.port_offset == 0 ? "" : fmt::format(" -n 127.0.0.1:{}", namesrv_port);
  print("agena {} ready in {} ms, {} MiB, data in {} (delete it to start over)\n", AGENA_VERSION,
        ready_ms, io::process_usage().resident_bytes >> 20, options.data);
  if (!recovery.empty()) print("  {}\n", recovery);
  print("  name server  127.0.0.1:{}   for RocketMQ clients and mqadmin -n\n", namesrv_port);
  print("  broker       127.0.0.1:{}    and {}, the fast port of some clients\n",
        kBrokerPort + options.port_offset, kFastPort + options.port_offset);
  print(
      "  try:  agena sub hello{0}        then in another terminal:   agena pub hello \"first "
      "message\"{0}\n",
      at);
  std::fflush(stdout);
}

Result<namesrv::Options> namesrv_options(const DevOptions& dev, const HostFacts& host) {
  namesrv::Options out;
  out.listen.listen_port = kNamesrvPort + dev.port_offset;
  out.kv_config_path = dev.data + "/namesrv/kvConfig.json";
  TRY_OK(namesrv::complete(out, host));
  return out;
}

Result<broker::Options> broker_options(const DevOptions& dev, const HostFacts& host) {
  broker::Options out;
  out.listen.listen_port = kBrokerPort + dev.port_offset;
  out.broker_name = "broker-a";
  out.broker_ip1 = out.broker_ip2 = "127.0.0.1";
  out.namesrv_addr = {fmt::format("127.0.0.1:{}", kNamesrvPort + dev.port_offset)};
  out.store.root_dir = dev.data + "/store";
  out.store.log_file_bytes = kLogFileBytes;
  TRY_OK(broker::complete(out, host));
  return out;
}

Status run_dev(const DevOptions& dev) {
  set_log_level(dev.verbose ? LogLevel::info : LogLevel::warn);
  HostFacts host = io::read_host_facts();
  TRY(names, namesrv_options(dev, host));
  TRY(brokers, broker_options(dev, host));
  auto env = io::make_posix_env(loop_count(brokers.listen, host.cores));
  TRY_OK(check_ports(*env, dev));
  TRY(name_server, NamesrvProcess::start(*env, names));
  auto started = BrokerProcess::start(*env, brokers);
  if (!started) return with_advice(started.error(), dev);
  auto& broker = *started;
  print_ready(dev, broker->recovery(),
              (env->clock().mono() - io::process_started()) / kNanosPerMilli);
  env->run_until_stopped();
  Status stopped = broker->stop();
  name_server->stop();
  if (stopped) print("stopped; every message is on the disk in {}\n", dev.data);
  return stopped;
}

}  // namespace

std::function<int()> setup_dev(CLI::App& app) {
  auto options = std::make_shared<DevOptions>();
  app.add_option("--data", options->data, "Where the data lies")->capture_default_str();
  app.add_option("--port-offset", options->port_offset,
                 "Added to 9876 (name server), 10911 (broker) and 10909 (its fast port)")
      ->check(CLI::Range(0, kPortOffsetMax));
  app.add_flag("-v,--verbose", options->verbose, "Log what happens, not only what goes wrong");
  return [options] {
    Status status = run_dev(*options);
    return status ? 0 : report(status.error());
  };
}

}  // namespace agena::cmd
