#include "namesrv/handlers/routes.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "namesrv/rules.h"
#include "wire/requests/namesrv.h"

namespace agena::namesrv {
namespace {

constexpr std::string_view kZoneMode = "__ZONE_MODE";
constexpr std::string_view kZoneName = "__ZONE_NAME";

// Brokers of other zones go, unless their master is down: then any slave will do.
void keep_zone(wire::TopicRouteData& route, std::string_view zone) {
  std::vector<wire::BrokerData> kept;
  for (wire::BrokerData& broker : route.brokers) {
    const bool has_master = broker.addresses.count(BrokerId(0)) > 0;
    if (!has_master || (broker.zone_name && text::equal_ignoring_case(*broker.zone_name, zone))) {
      kept.push_back(std::move(broker));
      continue;
    }
    std::erase_if(route.queues, [&](const wire::QueueData& queues) {
      return queues.broker_name == broker.broker_name;
    });
    for (const auto& [id, address] : broker.addresses) route.filter_servers.erase(address);
  }
  route.brokers = std::move(kept);
}

bool is_warming_up(const rpc::Call& call, const RouteDeps& deps) {
  const int64_t wait = int64_t{deps.options.wait_seconds_for_service.get()} * kNanosPerSecond;
  return deps.options.need_wait_for_service && call.mono() - deps.started < wait;
}

Status get_route(rpc::Call& call, const wire::GetRouteInfoByTopic& request, const RouteDeps& deps) {
  if (is_warming_up(call, deps)) return Error{Errc::system_error, "name server not ready"};
  auto route = deps.routes.route(request.topic, rules_of(deps.options));
  if (!route) {
    return Error{Errc::topic_not_exist,
                 "No topic route info in name server for the topic: " + std::string(request.topic) +
                     "\nSee https://rocketmq.apache.org/docs/bestPractice/06FAQ for further "
                     "details."};
  }
  if (deps.options.order_message_enable) {
    route->order_topic_conf = deps.kv.get(kOrderNamespace, request.topic);
  }
  const auto& header = call.header();
  const auto zone = header.find(kZoneName);
  if (zone && !zone->empty() &&
      text::equal_ignoring_case(header.find(kZoneMode).value_or(""), "true")) {
    keep_zone(*route, *zone);
  }
  const bool is_strict =
      header.version >= wire::kVersion4_9_4 || request.accept_standard_json_only.value_or(false);
  call.reply_body(json::to_json(*route, {.is_strict = is_strict}));
  return ok();
}

Status register_topic(rpc::Call& call, const wire::RegisterTopicInNamesrv& request,
                      const RouteDeps& deps) {
  if (!call.body().empty()) {
    TRY(route, json::parse_json<wire::TopicRouteData>(as_text(call.body())));
    deps.routes.add_topic(request.topic, route.queues);
  }
  call.reply_ok();
  return ok();
}

Status delete_topic(rpc::Call& call, const wire::DeleteTopicInNamesrv& request,
                    const RouteDeps& deps) {
  const std::string_view cluster = request.cluster_name.value_or("");
  AGENA_LOG(info, "namesrv", "{} deletes the route of {} in {}", call.connection().peer().text(),
            request.topic, cluster.empty() ? "every cluster" : cluster);
  if (cluster.empty()) {
    deps.routes.remove_topic(request.topic);
  } else {
    deps.routes.remove_topic(request.topic, cluster);
  }
  call.reply_ok();
  return ok();
}

Status wipe_write_perm(rpc::Call& call, const wire::WipeWritePermOfBroker& request,
                       const RouteDeps& deps) {
  const int32_t count = deps.routes.wipe_write_perm(request.broker_name);
  AGENA_LOG(info, "namesrv", "{} takes the write permission from {} topics of {}",
            call.connection().peer().text(), count, request.broker_name);
  call.reply_with(wire::WipeWritePermReply{.wipe_topic_count = count});
  return ok();
}

Status add_write_perm(rpc::Call& call, const wire::AddWritePermOfBroker& request,
                      const RouteDeps& deps) {
  const int32_t count = deps.routes.add_write_perm(request.broker_name);
  AGENA_LOG(info, "namesrv", "{} gives the write permission to {} topics of {}",
            call.connection().peer().text(), count, request.broker_name);
  call.reply_with(wire::AddWritePermReply{.add_topic_count = count});
  return ok();
}

Status get_clusters(rpc::Call& call, const RouteDeps& deps) {
  call.reply_body(json::to_json(deps.routes.clusters()));
  return ok();
}

Status get_members(rpc::Call& call, const wire::GetBrokerMemberGroup& request,
                   const RouteDeps& deps) {
  call.reply_body(json::to_json(wire::BrokerMemberGroupBody{
      .group = deps.routes.members(request.cluster_name, request.broker_name)}));
  return ok();
}

}  // namespace

void add_route_handlers(rpc::Router& router, const RouteDeps& deps) {
  router.on<wire::GetRouteInfoByTopic>(
      [deps](rpc::Call& call, const auto& request) { return get_route(call, request, deps); });
  router.on<wire::GetBrokerClusterInfo>(
      [deps](rpc::Call& call, const auto&) { return get_clusters(call, deps); });
  router.on<wire::GetBrokerMemberGroup>(
      [deps](rpc::Call& call, const auto& request) { return get_members(call, request, deps); });
  router.on<wire::RegisterTopicInNamesrv>(
      [deps](rpc::Call& call, const auto& request) { return register_topic(call, request, deps); });
  router.on<wire::DeleteTopicInNamesrv>(
      [deps](rpc::Call& call, const auto& request) { return delete_topic(call, request, deps); });
  router.on<wire::WipeWritePermOfBroker>([deps](rpc::Call& call, const auto& request) {
    return wipe_write_perm(call, request, deps);
  });
  router.on<wire::AddWritePermOfBroker>(
      [deps](rpc::Call& call, const auto& request) { return add_write_perm(call, request, deps); });
}

}  // namespace agena::namesrv
