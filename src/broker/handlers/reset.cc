#include "broker/handlers/reset.h"

#include <fmt/core.h>

#include <limits>

#include "base/log.h"
#include "broker/handlers/saved.h"
#include "wire/bodies/reset_offset.h"
#include "wire/requests/clients.h"
#include "wire/requests/offsets.h"

namespace agena::broker {
namespace {

constexpr int64_t kNoOffset = -1;

wire::QueueOffsets body_of(const std::string& topic, const std::map<int32_t, int64_t>& offsets,
                           const ResetDeps& deps) {
  wire::QueueOffsets body;
  for (auto [queue, offset] : offsets) {
    body.offsets.emplace(
        wire::MessageQueue{
            .broker_name = deps.options.broker_name, .queue_id = queue, .topic = topic},
        offset);
  }
  return body;
}

int64_t offset_at(std::string_view topic, QueueId queue, UnixMillis time, const ResetDeps& deps) {
  auto offset = time < UnixMillis(0)
                    ? deps.store.max_offset(topic, queue)
                    : deps.store.offset_by_time(topic, queue, time, storage::Boundary::lower);
  return offset.value;
}

Result<std::map<int32_t, int64_t>> wanted_offsets(const wire::ResetOffset& request,
                                                  const wire::TopicConfig& topic,
                                                  const ResetDeps& deps) {
  std::map<int32_t, int64_t> out;
  if (request.queue_id.value < 0) {
    for (int32_t i = 0; i < topic.read_queues; ++i) {
      out[i] = offset_at(topic.name, QueueId(i), request.timestamp, deps);
    }
    if (out.empty()) return Error{Errc::system_error, "No queues to reset."};
    return out;
  }
  int64_t& offset = out[request.queue_id.value];
  if (!request.offset || request.offset->value == kNoOffset) {
    offset = offset_at(topic.name, request.queue_id, request.timestamp, deps);
    return out;
  }
  offset = request.offset->value;
  int64_t min = deps.store.min_offset(topic.name, request.queue_id).value;
  int64_t max = deps.store.max_offset(topic.name, request.queue_id).value;
  if (offset < min || offset > max + 1) {
    return Error{
        Errc::system_error,
        fmt::format("Target offset {} not in consume queue range [{}-{}]", offset, min, max)};
  }
  return out;
}

Status reset_here(rpc::Call& call, const wire::ResetOffset& request, const ResetDeps& deps) {
  TopicRef topic = deps.topics.find(request.topic);
  if (!topic) {
    return Error{Errc::topic_not_exist, fmt::format("Topic {} does not exist", request.topic)};
  }
  if (!deps.groups.find(request.group)) {
    return Error{Errc::subscription_group_not_exist,
                 fmt::format("Group {} does not exist", request.group)};
  }
  TRY(offsets, wanted_offsets(request, *topic, deps));
  for (auto [queue, offset] : offsets) {
    deps.offsets.set_reset({request.group, request.topic, QueueId(queue)}, QueueOffset(offset));
  }
  answer_when_saved(call, {&deps.offsets.file()},
                    json::to_json(body_of(topic->name, offsets, deps)));
  return ok();
}

// What the group's clients shall go on from. Not forced, a queue only ever goes back.
Result<std::map<int32_t, int64_t>> offsets_for_clients(const wire::ResetOffset& request,
                                                       const wire::TopicConfig& topic,
                                                       const ResetDeps& deps) {
  std::map<int32_t, int64_t> out;
  for (int32_t i = 0; i < topic.write_queues; ++i) {
    auto consumed = deps.offsets.query({request.group, topic.name, QueueId(i)});
    if (!consumed) {
      return Error{Errc::system_error,
                   fmt::format("THe consumer group <{}> not exist", request.group)};
    }
    int64_t offset = offset_at(topic.name, QueueId(i), request.timestamp, deps);
    out[i] = request.is_force ? offset : std::min(offset, consumed->value);
  }
  return out;
}

std::string listed(const wire::QueueOffsets& body) {
  wire::ListedQueueOffsets out;
  for (const auto& [queue, offset] : body.offsets) {
    out.offsets.push_back({.broker_name = queue.broker_name,
                           .offset = offset,
                           .queue_id = queue.queue_id,
                           .topic = queue.topic});
  }
  return json::to_json(out);
}

Status reset_by_clients(rpc::Call& call, const wire::ResetOffset& request, const ResetDeps& deps) {
  TopicRef topic = deps.topics.find(request.topic);
  if (!topic) {
    return Error{
        Errc::topic_not_exist,
        fmt::format("[reset-offset] reset offset failed, no topic in this broker. topic={}",
                    request.topic)};
  }
  TRY(offsets, offsets_for_clients(request, *topic, deps));
  auto members = deps.clients.consumers(request.group);
  if (members.empty()) {
    return Error{Errc::consumer_not_online,
                 fmt::format("Consumer not online, so can not reset offset, Group: {} Topic: {} "
                             "Timestamp: {}",
                             request.group, request.topic, request.timestamp.value)};
  }
  auto body = body_of(topic->name, offsets, deps);
  std::string text = json::to_json(body);
  // The asker's language decides, as in Java: a C++ tool speaks for C++ consumers.
  std::string told = call.header().language == wire::Language::cpp ? listed(body) : text;
  wire::ResetConsumerClientOffset push{
      .topic = request.topic, .group = request.group, .offset = {}, .timestamp = request.timestamp};
  for (const auto& member : members) {
    auto connection = member.connection.lock();
    if (connection) connection->send_oneway(push, as_bytes(told));
  }
  call.reply_body(text);
  return ok();
}

Status reset(rpc::Call& call, const wire::ResetOffset& request, const ResetDeps& deps) {
  AGENA_LOG(info, "broker", "{} resets group {} in topic {} to time {}",
            call.connection().peer().text(), request.group, request.topic, request.timestamp.value);
  if (deps.options.use_server_side_reset_offset) return reset_here(call, request, deps);
  return reset_by_clients(call, request, deps);
}

Status clone(rpc::Call& call, const wire::CloneGroupOffset& request, const ResetDeps& deps) {
  std::set<std::string> topics;
  if (request.topic && !request.topic->empty()) {
    topics.emplace(*request.topic);
  } else {
    topics = deps.offsets.topics_of(request.src_group);
  }
  auto live = deps.clients.consumer_group(request.src_group);
  for (const auto& topic : topics) {
    if (!deps.topics.find(topic)) continue;
    bool is_dropped = !request.offline && live && !live->subscriptions.empty() &&
                      !live->subscriptions.contains(topic);
    if (is_dropped) continue;
    AGENA_LOG(info, "broker", "{} gives group {} the offsets of {} in topic {}",
              call.connection().peer().text(), request.dest_group, request.src_group, topic);
    deps.offsets.copy_group(request.src_group, request.dest_group, topic);
  }
  answer_when_saved(call, {&deps.offsets.file()});
  return ok();
}

std::set<std::string, std::less<>> split_names(std::string_view text) {
  std::set<std::string, std::less<>> out;
  while (!text.empty()) {
    size_t comma = text.find(',');
    out.emplace(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return out;
}

// For each queue the smallest offset of all groups; a queue in which the compared group is behind
// that gets the largest number there is.
Status correction(rpc::Call& call, const wire::QueryCorrectionOffset& request,
                  const ResetDeps& deps) {
  wire::CorrectionOffsets body;
  auto left_out = split_names(request.filter_groups.value_or(""));
  for (const auto& group : deps.offsets.groups_of(request.topic)) {
    if (left_out.contains(group)) continue;
    for (auto [queue, offset] : deps.offsets.offsets_of(group, request.topic)) {
      if (offset < deps.store.min_offset(request.topic, QueueId(queue)).value) continue;
      auto [smallest, is_new] = body.offsets.try_emplace(queue, offset);
      if (!is_new) smallest->second = std::min(smallest->second, offset);
    }
  }
  for (auto [queue, offset] : deps.offsets.offsets_of(request.compare_group, request.topic)) {
    auto smallest = body.offsets.find(queue);
    if (smallest != body.offsets.end() && smallest->second > offset) {
      smallest->second = std::numeric_limits<int64_t>::max();
    }
  }
  call.reply_body(json::to_json(body));
  return ok();
}

}  // namespace

void add_reset_handlers(rpc::Router& router, const ResetDeps& deps) {
  router.on<wire::ResetOffset>(
      [deps](rpc::Call& call, const auto& request) { return reset(call, request, deps); });
  router.on<wire::CloneGroupOffset>(
      [deps](rpc::Call& call, const auto& request) { return clone(call, request, deps); });
  router.on<wire::QueryCorrectionOffset>(
      [deps](rpc::Call& call, const auto& request) { return correction(call, request, deps); });
}

}  // namespace agena::broker
