// `agena namesrv` and `agena broker`: Java's configuration files as they are.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <csignal>

#include "base/log.h"
#include "client/routes.h"
#include "cmd/commands.h"
#include "cmd/print.h"
#include "cmd/servers.h"
#include "io/host.h"

namespace agena::cmd {
namespace {

struct ServerOptions {
  std::string config_file;
  std::string name_servers;
  bool print = false;
  std::string explain;
  bool verbose = false;
};

Result<std::string> config_text(const std::string& path) {
  if (path.empty()) return std::string();
  auto env = io::make_posix_env(1);
  auto text = io::read_text(env->files(), path);
  if (!text) return Error{Errc::bad_config, describe(text.error())};
  return text;
}

void warn_all(const LoadReport& loaded) {
  for (const auto& warning : loaded.warnings) AGENA_LOG(warn, "config", "{}", warning);
}

template <typename Options>
void print_values(const OptionTable<Options>& table, const Options& options) {
  for (const auto& [key, value] : table.values(options)) print("{}={}\n", key, value);
}

template <typename Options>
Status explain_key(const OptionTable<Options>& table, const std::string& key) {
  TRY(text, table.explain(key == "all" ? "" : key));
  print("{}\n", text);
  return ok();
}

Status run_namesrv(const ServerOptions& given) {
  if (!given.explain.empty()) return explain_key(namesrv::option_table(), given.explain);
  HostFacts host = io::read_host_facts();
  TRY(text, config_text(given.config_file));
  TRY(loaded, namesrv::load_options(text, host, given.config_file));
  warn_all(loaded.report);
  if (given.print) {
    print_values(namesrv::option_table(), loaded.options);
    return ok();
  }
  auto env = io::make_posix_env(loop_count(loaded.options.listen, host.cores));
  TRY(server, NamesrvProcess::start(*env, loaded.options));
  print("agena namesrv ready in {} ms on {}:{}, {} MiB\n",
        (env->clock().mono() - io::process_started()) / kNanosPerMilli,
        loaded.options.listen.bind_address, loaded.options.listen.listen_port,
        io::process_usage().resident_bytes >> 20);
  std::fflush(stdout);
  env->run_until_stopped();
  server->stop();
  return ok();
}

Status run_broker(const ServerOptions& given) {
  if (!given.explain.empty()) return explain_key(broker::option_table(), given.explain);
  HostFacts host = io::read_host_facts();
  TRY(text, config_text(given.config_file));
  TRY(loaded, broker::load_options(text, host, given.config_file));
  warn_all(loaded.report);
  broker::Options& options = loaded.options;
  if (!given.name_servers.empty()) {
    options.namesrv_addr = client::split_addresses(given.name_servers);
  }
  if (given.print) {
    print_values(broker::option_table(), options);
    return ok();
  }
  auto env = io::make_posix_env(loop_count(options.listen, host.cores));
  TRY(server, BrokerProcess::start(*env, options));
  print("agena broker {} ready in {} ms on {}:{}, {} MiB\n", options.broker_name,
        (env->clock().mono() - io::process_started()) / kNanosPerMilli, options.broker_ip1,
        options.listen.listen_port, io::process_usage().resident_bytes >> 20);
  std::fflush(stdout);
  env->run_until_stopped();
  return server->stop();
}

std::function<int()> runner(std::shared_ptr<ServerOptions> options,
                            Status (*run)(const ServerOptions&)) {
  return [options, run] {
    Status status = run(*options);
    return status ? 0 : report(status.error());
  };
}

std::shared_ptr<ServerOptions> add_common(CLI::App& app) {
  auto options = std::make_shared<ServerOptions>();
  app.add_option("-c,--configFile", options->config_file, "A properties file with Java's keys");
  app.add_flag("-p,-m,--printConfigItem,--printImportantConfig", options->print,
               "Print the effective configuration and end");
  app.add_option("--explain-config", options->explain, "Explain one key, or `all`, and end");
  return options;
}

}  // namespace

std::function<int()> setup_namesrv(CLI::App& app) {
  auto options = add_common(app);
  // Java's script takes it from everybody, and no name server has a use for it.
  app.add_option("-n,--namesrvAddr", options->name_servers, "Has no effect");
  return runner(options, run_namesrv);
}

std::function<int()> setup_broker(CLI::App& app) {
  auto options = add_common(app);
  app.add_option("-n,--namesrvAddr", options->name_servers,
                 "Name servers, HOST:PORT[;HOST:PORT]; overrides the file and NAMESRV_ADDR");
  return runner(options, run_broker);
}

}  // namespace agena::cmd
