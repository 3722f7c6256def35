#include "namesrv/handlers/registration.h"

#include "base/log.h"
#include "namesrv/rules.h"
#include "wire/requests/namesrv.h"

namespace agena::namesrv {
namespace {

constexpr std::string_view kZoneName = "__ZONE_NAME";

std::optional<std::string> zone_of(const wire::Header& header) {
  const auto zone = header.find(kZoneName);
  if (!zone) return std::nullopt;
  return std::string(*zone);
}

Registrant registrant_of(rpc::Call& call, const wire::RegisterBroker& request) {
  return {.server = {.cluster = std::string(request.cluster_name),
                     .address = std::string(request.broker_addr)},
          .broker_name = std::string(request.broker_name),
          .broker_id = request.broker_id,
          .ha_address = std::string(request.ha_server_addr),
          .zone_name = zone_of(call.header()),
          .heartbeat_timeout_ms = request.heartbeat_timeout_ms,
          .enable_acting_master = request.enable_acting_master,
          .connection = call.connection().id()};
}

Status register_broker(rpc::Call& call, const wire::RegisterBroker& request,
                       const RegistrationDeps& deps) {
  if (request.body_crc32 != 0 && request.body_crc32 != wire::registration_checksum(call.body())) {
    AGENA_LOG(warn, "namesrv", "registration of {} from {}: the body's checksum does not match",
              request.broker_name, call.connection().peer().text());
    return Error{Errc::system_error, "crc32 not match"};
  }
  TRY(body, wire::decode_registration(call.body(), request.compressed, call.header().version));
  // First, so that a close that follows at once finds the connection.
  deps.connections.add(call.connection());
  TRY(registered, deps.routes.add_broker(registrant_of(call, request), body, rules_of(deps.options),
                                         call.mono()));
  deps.send_notices(registered.notices);

  const wire::RegisterBrokerReply reply{.ha_server_addr = registered.ha_address,
                                        .master_addr = registered.master_address};
  std::string order;
  if (deps.options.return_order_topic_config_to_broker) {
    if (const auto table = deps.kv.list(kOrderNamespace)) order = json::to_json(*table);
  }
  call.reply_with(reply, as_bytes(order));
  return ok();
}

Status unregister_broker(rpc::Call& call, const wire::UnregisterBroker& request,
                         const RegistrationDeps& deps) {
  deps.send_notices(deps.routes.remove_broker(
      {.cluster = std::string(request.cluster_name), .address = std::string(request.broker_addr)},
      request.broker_name, rules_of(deps.options)));
  call.reply_ok();
  return ok();
}

// Says whether the broker has to register again, and counts as a sign of life.
Status query_data_version(rpc::Call& call, const wire::QueryDataVersion& request,
                          const RegistrationDeps& deps) {
  const BrokerServer server{.cluster = std::string(request.cluster_name),
                            .address = std::string(request.broker_addr)};
  std::optional<wire::DataVersion> theirs;
  if (!call.body().empty()) {
    TRY(version, json::parse_json<wire::DataVersion>(as_text(call.body())));
    theirs = version;
  }
  deps.routes.heard_from(server, call.mono());
  const auto ours = deps.routes.data_version(server);
  const bool is_same = ours.has_value() && ours == theirs;
  const std::string body = ours ? json::to_json(*ours) : std::string();
  call.reply_with(wire::QueryDataVersionReply{.changed = !is_same}, as_bytes(body));
  return ok();
}

Status heartbeat(rpc::Call& call, const wire::BrokerHeartbeat& request,
                 const RegistrationDeps& deps) {
  deps.routes.heard_from(
      {.cluster = std::string(request.cluster_name), .address = std::string(request.broker_addr)},
      call.mono());
  call.reply_ok();
  return ok();
}

}  // namespace

void add_registration_handlers(rpc::Router& router, const RegistrationDeps& deps) {
  router.on<wire::RegisterBroker>([deps](rpc::Call& call, const wire::RegisterBroker& request) {
    return register_broker(call, request, deps);
  });
  router.on<wire::UnregisterBroker>([deps](rpc::Call& call, const wire::UnregisterBroker& request) {
    return unregister_broker(call, request, deps);
  });
  router.on<wire::QueryDataVersion>([deps](rpc::Call& call, const wire::QueryDataVersion& request) {
    return query_data_version(call, request, deps);
  });
  router.on<wire::BrokerHeartbeat>([deps](rpc::Call& call, const wire::BrokerHeartbeat& request) {
    return heartbeat(call, request, deps);
  });
}

}  // namespace agena::namesrv
