#include "namesrv/namesrv.h"

#include "base/assert.h"
#include "base/log.h"
#include "io/run_on.h"
#include "namesrv/broker_connections.h"
#include "namesrv/handlers/registration.h"
#include "namesrv/handlers/routes.h"
#include "namesrv/handlers/settings.h"
#include "namesrv/handlers/topics.h"
#include "namesrv/rules.h"
#include "rpc/client.h"
#include "wire/requests/namesrv.h"

namespace agena::namesrv {
struct NameServer::State : std::enable_shared_from_this<NameServer::State> {
  explicit State(const NameServerDeps& d)
      : deps(d),
        started(d.clock.mono()),
        kv(d.files, d.options.kv_config_path),
        client(d.loop, d.clock) {}

  NameServerDeps deps;
  const MonoNanos started;
  RouteTable routes;
  KvConfig kv;
  BrokerConnections connections;
  rpc::Client client;
  std::unique_ptr<io::Timer> scan;  // Made and ended on deps.loop.

  void send_notices(const Notices& notices) {
    for (const MinIdNotice& notice : notices) {
      AGENA_LOG(info, "namesrv", "the lowest id is now {} at {}: telling {} brokers",
                notice.min_id.value, notice.min_address, notice.to.size());
      const wire::NotifyMinBrokerIdChange request{.min_broker_id = notice.min_id,
                                                  .broker_name = {},
                                                  .min_broker_addr = notice.min_address,
                                                  .offline_broker_addr = notice.offline_address,
                                                  .ha_broker_addr = notice.ha_address};
      for (const std::string& address : notice.to) client.send_oneway(address, request);
    }
  }

  void expire() {
    const auto expired = routes.expire(deps.clock.mono(), rules_of(deps.options));
    for (const rpc::ConnectionId id : expired.connections) {
      connections.close(id, {Errc::timed_out, "the broker has been silent for too long"});
    }
    send_notices(expired.notices);
  }

  void begin_scan() {
    ASSERT(deps.loop.on_this_thread() && !scan, "one scan, on the loop");
    scan =
        deps.loop.every(deps.options.scan_not_active_broker_interval_ms, [weak = weak_from_this()] {
          if (const auto self = weak.lock()) self->expire();
        });
  }
};

Result<std::unique_ptr<NameServer>> NameServer::open(const NameServerDeps& deps) {
  auto state = std::make_shared<State>(deps);
  TRY_OK(state->kv.load());
  return std::unique_ptr<NameServer>(new NameServer(std::move(state)));
}

NameServer::NameServer(std::shared_ptr<State> state) : state_(std::move(state)) {}

NameServer::~NameServer() {
  stop();
}

void NameServer::add_handlers(rpc::Router& router) {
  State& state = *state_;
  const Options& options = state.deps.options;
  auto send = [weak = state.weak_from_this()](const Notices& notices) {
    if (const auto self = weak.lock()) self->send_notices(notices);
  };
  add_registration_handlers(router, {.routes = state.routes,
                                     .kv = state.kv,
                                     .connections = state.connections,
                                     .options = options,
                                     .send_notices = std::move(send)});
  add_route_handlers(
      router,
      {.routes = state.routes, .kv = state.kv, .options = options, .started = state.started});
  add_topic_handlers(router, {.routes = state.routes, .options = options});
  add_setting_handlers(router, {.kv = state.kv,
                                .options = state.deps.options,
                                .files = state.deps.files,
                                .background = state.deps.background});
}

void NameServer::start() {
  state_->deps.loop.post([state = state_] { state->begin_scan(); });
}

void NameServer::stop() {
  if (std::exchange(is_stopped_, true)) return;
  io::run_on(state_->deps.loop, [this] { state_->scan.reset(); });
  io::run_on(state_->deps.background, [] {});  // Saves that are under way use what we own.
  state_->client.close();
}

void NameServer::on_connection_closed(rpc::Connection& connection) {
  if (!state_->connections.remove(connection.id())) return;
  state_->send_notices(
      state_->routes.remove_connection(connection.id(), rules_of(state_->deps.options)));
}

}  // namespace agena::namesrv
