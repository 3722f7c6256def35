// `agena bench`: loads for any RocketMQ broker, agena or Java. By itself, a first look for people;
// its subcommands print one line of JSON for programs.
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "bench/delivery_load.h"
#include "bench/send_load.h"
#include "client/producer.h"
#include "cmd/commands.h"
#include "cmd/print.h"
#include "cmd/target.h"

namespace agena::cmd {
namespace {

double micros(const bench::Histogram& latency, double part) {
  return double(latency.quantile_ns(part)) / 1000.0;
}

Status run_send(const bench::SendLoadOptions& options) {
  set_log_level(LogLevel::error);
  auto env = io::make_posix_env(1);
  TRY(report, bench::run_send_load(*env, options));
  print(
      "{{\"answered\":{},\"refused\":{},\"seconds\":{:.3f},\"rate\":{:.0f},\"p50_us\":{:.1f},"
      "\"p99_us\":{:.1f},\"p999_us\":{:.1f},\"max_us\":{:.1f}}}\n",
      report.answered, report.refused, report.seconds, double(report.answered) / report.seconds,
      micros(report.latency, 0.5), micros(report.latency, 0.99), micros(report.latency, 0.999),
      double(report.latency.max_ns()) / 1000.0);
  if (report.answered > 0 && report.refused == 0) return ok();
  return Error{Errc::system_error, "refused: " + report.first_refusal};
}

Status run_delivery(const bench::DeliveryLoadOptions& options) {
  set_log_level(LogLevel::error);
  auto env = io::make_posix_env(1);
  TRY(report, bench::run_delivery_load(*env, options));
  print(
      "{{\"sent\":{},\"delivered\":{},\"p50_us\":{:.1f},\"p99_us\":{:.1f},\"p999_us\":{:.1f},"
      "\"max_us\":{:.1f}}}\n",
      report.sent, report.delivered, micros(report.latency, 0.5), micros(report.latency, 0.99),
      micros(report.latency, 0.999), double(report.latency.max_ns()) / 1000.0);
  if (report.delivered == report.sent && report.first_refusal.empty()) return ok();
  return Error{Errc::system_error, fmt::format("{} of {} delivered; {}", report.delivered,
                                               report.sent, report.first_refusal)};
}

// A broker with the topic, which is made if it is not there.
struct Place {
  std::string address;
  int queues = 0;
};
Result<Place> find_place(const Target& target, const std::string& topic) {
  auto env = io::make_posix_env(1);
  rpc::Client rpc(*env->loops().front(), env->clock());
  client::Routes routes(rpc, client::split_addresses(target.name_servers));
  client::Producer producer(rpc, routes, env->clock(), own_identity(*env));
  client::OutgoingMessage first;
  first.topic = topic;
  first.body = "first";
  TRY_OK(producer.send(first));
  TRY(queues, routes.queues_to_write(topic));
  if (queues.empty()) return Error{Errc::not_found, topic + " has no queue to write to"};
  Place place{queues.front().address, 0};
  for (const auto& queue : queues) place.queues += queue.address == place.address ? 1 : 0;
  return place;
}

constexpr int64_t kLookMs = 2'000;

Status run_look(const Target& target) {
  set_log_level(LogLevel::error);
  const std::string topic = "AgenaBench";
  TRY(place, find_place(target, topic));
  print("{}, topic {}, {} queues, bodies of 1 KiB, {} s each\n", place.address, topic, place.queues,
        kLookMs / 1000);
  for (auto [connections, depth] : {std::pair{8, 16}, std::pair{64, 1}, std::pair{1, 1}}) {
    bench::SendLoadOptions load;
    load.address = place.address;
    load.topic = topic;
    load.queues = place.queues;
    load.connections = connections;
    load.depth = depth;
    load.warm_up_ms = 200;
    load.run_ms = kLookMs;
    auto env = io::make_posix_env(1);
    TRY(report, bench::run_send_load(*env, load));
    if (report.answered == 0) return Error{Errc::system_error, "refused: " + report.first_refusal};
    print(
        "  send, {:2} connections x {:2}   {:9.0f} messages/s   p50 {:7.1f} us   p99 {:7.1f} us\n",
        connections, depth, double(report.answered) / report.seconds, micros(report.latency, 0.5),
        micros(report.latency, 0.99));
  }
  bench::DeliveryLoadOptions load;
  load.address = place.address;
  load.topic = topic;
  load.queues = std::min(place.queues, 4);
  load.rate = 1'000;
  load.run_ms = kLookMs;
  auto env = io::make_posix_env(1);
  TRY(report, bench::run_delivery_load(*env, load));
  if (report.delivered == 0) return Error{Errc::system_error, report.first_refusal};
  print("  send to delivery           {:9} messages/s   p50 {:7.1f} us   p99 {:7.1f} us\n",
        load.rate, micros(report.latency, 0.5), micros(report.latency, 0.99));
  return ok();
}

int finish(const Status& status) {
  return status ? 0 : report(status.error());
}

}  // namespace

std::function<int()> setup_bench(CLI::App& app) {
  app.require_subcommand(0, 1);
  auto target = std::make_shared<Target>();
  add_target(app, *target);
  auto send = std::make_shared<bench::SendLoadOptions>();
  auto delivery = std::make_shared<bench::DeliveryLoadOptions>();
  auto chosen = std::make_shared<std::function<int()>>();
  CLI::App* send_app = app.add_subcommand("send", "Send as fast as the broker answers");
  send_app->add_option("BROKER", send->address, "HOST:PORT of the broker")->required();
  send_app->add_option("--topic", send->topic, "Must exist, with that many queues")
      ->capture_default_str();
  send_app->add_option("--queues", send->queues)->capture_default_str();
  send_app->add_option("--connections", send->connections)->capture_default_str();
  send_app->add_option("--depth", send->depth, "Requests under way on each connection")
      ->capture_default_str();
  send_app->add_option("--body", send->body_bytes, "Bytes")->capture_default_str();
  send_app->add_option("--warm-up", send->warm_up_ms, "Milliseconds")->capture_default_str();
  send_app->add_option("--time", send->run_ms, "Milliseconds")->capture_default_str();
  send_app->callback([send, chosen] { *chosen = [send] { return finish(run_send(*send)); }; });

  CLI::App* delivery_app =
      app.add_subcommand("delivery", "Time from send to delivery at a steady rate");
  delivery_app->add_option("BROKER", delivery->address, "HOST:PORT of the broker")->required();
  delivery_app->add_option("--topic", delivery->topic, "Must exist, with that many queues")
      ->required();
  delivery_app->add_option("--queues", delivery->queues)->capture_default_str();
  delivery_app->add_option("--rate", delivery->rate, "Messages a second")->capture_default_str();
  delivery_app->add_option("--body", delivery->body_bytes, "Bytes, at least 8")
      ->check(CLI::Range(8, 4 << 20))
      ->capture_default_str();
  delivery_app->add_option("--warm-up", delivery->warm_up_ms, "Milliseconds")
      ->capture_default_str();
  delivery_app->add_option("--time", delivery->run_ms, "Milliseconds")->capture_default_str();
  delivery_app->callback(
      [delivery, chosen] { *chosen = [delivery] { return finish(run_delivery(*delivery)); }; });
  return [chosen, target] { return *chosen ? (*chosen)() : finish(run_look(*target)); };
}

}  // namespace agena::cmd
