#include "broker/handlers/offsets.h"

#include <fmt/core.h>

#include "wire/requests/offsets.h"

namespace agena::broker {
namespace {

Status query_offset(rpc::Call& call, const wire::QueryConsumerOffset& request,
                    const OffsetDeps& deps) {
  GroupQueue at{request.consumer_group, request.topic, request.queue_id};
  const auto offset = deps.offsets.query(at);
  if (offset && *offset >= QueueOffset(0)) {
    call.reply_with(wire::OffsetReply{.offset = *offset});
    return ok();
  }
  if (request.set_zero_if_not_found && !*request.set_zero_if_not_found) {
    return Error{Errc::query_not_found,
                 "Not found, do not set to zero, maybe this group boot first"};
  }
  // A group that starts on a queue whose first message is still at hand starts with that one.
  QueueOffset first(0);
  if (deps.store.min_offset(request.topic, request.queue_id) <= first &&
      deps.store.in_memory(request.topic, request.queue_id, first)) {
    call.reply_with(wire::OffsetReply{.offset = first});
    return ok();
  }
  return Error{Errc::query_not_found,
               "Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first"};
}

Status update_offset(rpc::Call& call, const wire::UpdateConsumerOffset& request,
                     const OffsetDeps& deps) {
  if (!deps.groups.find(request.consumer_group)) {
    return Error{Errc::subscription_group_not_exist,
                 fmt::format("Group {} not exist!", request.consumer_group)};
  }
  if (!deps.topics.find(request.topic)) {
    return Error{Errc::topic_not_exist, fmt::format("Topic {} not exist!", request.topic)};
  }
  bool taken = deps.offsets.commit({request.consumer_group, request.topic, request.queue_id},
                                   request.commit_offset);
  call.reply(0, taken ? "" : "Offset has been previously reset");
  return ok();
}

Status search_offset(rpc::Call& call, const wire::SearchOffsetByTimestamp& request,
                     const OffsetDeps& deps) {
  auto wanted = request.boundary_type.value_or("LOWER");
  bool upper = wanted == "UPPER" || wanted == "upper";
  auto offset =
      deps.store.offset_by_time(request.topic, request.queue_id, request.timestamp,
                                upper ? storage::Boundary::upper : storage::Boundary::lower);
  call.reply_with(wire::OffsetReply{.offset = offset});
  return ok();
}

Status earliest_store_time(rpc::Call& call, const wire::GetEarliestMessageStoreTime& request,
                           const OffsetDeps& deps) {
  auto first = deps.store.min_offset(request.topic, request.queue_id);
  auto time = deps.store.store_time(request.topic, request.queue_id, first);
  call.reply_with(wire::StoreTimeReply{.timestamp = time.value_or(UnixMillis(-1))});
  return ok();
}

}  // namespace

void add_offset_handlers(rpc::Router& router, const OffsetDeps& deps) {
  router.on<wire::QueryConsumerOffset>(
      [deps](rpc::Call& call, const auto& request) { return query_offset(call, request, deps); });
  router.on<wire::UpdateConsumerOffset>(
      [deps](rpc::Call& call, const auto& request) { return update_offset(call, request, deps); });
  router.on<wire::SearchOffsetByTimestamp>(
      [deps](rpc::Call& call, const auto& request) { return search_offset(call, request, deps); });
  router.on<wire::GetEarliestMessageStoreTime>([deps](rpc::Call& call, const auto& request) {
    return earliest_store_time(call, request, deps);
  });
  router.on<wire::GetMaxOffset>([deps](rpc::Call& call, const wire::GetMaxOffset& request) {
    call.reply_with(
        wire::OffsetReply{.offset = deps.store.max_offset(request.topic, request.queue_id)});
    return ok();
  });
  router.on<wire::GetMinOffset>([deps](rpc::Call& call, const wire::GetMinOffset& request) {
    call.reply_with(
        wire::OffsetReply{.offset = deps.store.min_offset(request.topic, request.queue_id)});
    return ok();
  });
  router.on<wire::GetAllConsumerOffset>([deps](rpc::Call& call, const auto&) {
    call.reply_body(json::to_json(deps.offsets.snapshot()));
    return ok();
  });
}

}  // namespace agena::broker
