#include "broker/handlers/views.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/local_time.h"
#include "wire/bodies/consume_stats.h"
#include "wire/bodies/group_list.h"
#include "wire/bodies/stats_data.h"
#include "wire/bodies/topic_list.h"
#include "wire/bodies/topic_stats.h"
#include "wire/requests/admin.h"

namespace agena::broker {
namespace {

constexpr int64_t kNoTime = -1;

wire::MessageQueue queue_of(const std::string& topic, int32_t queue, const ViewDeps& deps) {
  return {.broker_name = deps.options.broker_name, .queue_id = queue, .topic = topic};
}

std::string broker_address(const ViewDeps& deps) {
  return fmt::format("{}:{}", deps.options.broker_ip1, deps.options.listen.listen_port);
}

Error no_topic(std::string_view topic) {
  return {Errc::topic_not_exist, fmt::format("topic[{}] not exist", topic)};
}

int64_t store_time(const std::string& topic, QueueId queue, int64_t at, const ViewDeps& deps) {
  if (at < 0) return kNoTime;
  auto time = deps.store.store_time(topic, queue, QueueOffset(at));
  return time ? time->value : kNoTime;
}

double rate_of(std::string_view name, std::string_view key, const ViewDeps& deps) {
  Windows windows;
  return deps.stats.windows(name, key, windows) ? windows.minute.per_second : 0.0;
}

Status topic_stats(rpc::Call& call, const wire::GetTopicStatsInfo& request, const ViewDeps& deps) {
  TopicRef topic = deps.topics.find(request.topic);
  if (!topic) return no_topic(request.topic);
  wire::TopicStats body;
  int32_t queues = std::max(topic->read_queues, topic->write_queues);
  for (int32_t i = 0; i < queues; ++i) {
    wire::TopicOffset& row = body.offsets[queue_of(topic->name, i, deps)];
    row.min_offset = deps.store.min_offset(topic->name, QueueId(i)).value;
    row.max_offset = deps.store.max_offset(topic->name, QueueId(i)).value;
    if (row.max_offset > 0) {
      row.last_update_timestamp = store_time(topic->name, QueueId(i), row.max_offset - 1, deps);
    }
  }
  body.topic_put_tps = rate_of("TOPIC_PUT_NUMS", topic->name, deps);
  call.reply_body(json::to_json(body));
  return ok();
}

// A group that is online is only asked about what it subscribes to: offsets of earlier
// subscriptions are no lag.
bool is_dropped(std::string_view group, std::string_view topic, const ViewDeps& deps) {
  auto live = deps.clients.consumer_group(group);
  return live && !live->subscriptions.empty() && !live->subscriptions.contains(std::string(topic));
}

wire::QueueProgress progress_of(std::string_view group, const std::string& topic, QueueId queue,
                                const ViewDeps& deps) {
  GroupQueue at{group, topic, queue};
  wire::QueueProgress row;
  row.broker_offset = std::max<int64_t>(0, deps.store.max_offset(topic, queue).value);
  row.consumer_offset = std::max<int64_t>(0, deps.offsets.query(at).value_or(QueueOffset(0)).value);
  if (row.consumer_offset > 0) {
    row.last_timestamp =
        std::max<int64_t>(0, store_time(topic, queue, row.consumer_offset - 1, deps));
  }
  return row;
}

std::set<std::string> topics_wanted(const wire::GetConsumeStats& request, const ViewDeps& deps) {
  std::set<std::string> out;
  std::string_view list = request.topic_list.value_or("");
  while (!list.empty()) {
    size_t end = list.find(';');
    std::string_view item = list.substr(0, end);
    list = end == std::string_view::npos ? std::string_view() : list.substr(end + 1);
    if (!item.empty()) out.emplace(item);
  }
  if (!out.empty()) return out;
  if (request.topic && !request.topic->empty()) {
    out.emplace(*request.topic);
  } else {
    out = deps.offsets.topics_of(request.consumer_group);
  }
  std::erase_if(out,
                [&](const auto& topic) { return is_dropped(request.consumer_group, topic, deps); });
  return out;
}

std::string group_key(std::string_view topic, std::string_view group) {
  return fmt::format("{}@{}", topic, group);
}

Status consume_stats(rpc::Call& call, const wire::GetConsumeStats& request, const ViewDeps& deps) {
  wire::ConsumeStats body;
  for (const auto& name : topics_wanted(request, deps)) {
    TopicRef topic = deps.topics.find(name);
    if (!topic) continue;
    for (int32_t i = 0; i < topic->read_queues; ++i) {
      auto row = progress_of(request.consumer_group, name, QueueId(i), deps);
      auto pulled = deps.offsets.pulled({request.consumer_group, name, QueueId(i)});
      row.pull_offset = std::max(row.consumer_offset, pulled.value_or(QueueOffset(-1)).value);
      body.offsets.emplace(queue_of(name, i, deps), row);
    }
    body.consume_tps += rate_of("GROUP_GET_NUMS", group_key(name, request.consumer_group), deps);
  }
  call.reply_body(json::to_json(body));
  return ok();
}

// One topic of one group, for the table of all groups: as Java's, without the pull offsets.
wire::ConsumeStats stats_without_pulls(std::string_view group, const wire::TopicConfig& topic,
                                       const ViewDeps& deps) {
  wire::ConsumeStats out;
  for (int32_t i = 0; i < topic.write_queues; ++i) {
    out.offsets.emplace(queue_of(topic.name, i, deps),
                        progress_of(group, topic.name, QueueId(i), deps));
  }
  out.consume_tps = rate_of("GROUP_GET_NUMS", group_key(topic.name, group), deps);
  return out;
}

Status all_consume_stats(rpc::Call& call, const wire::GetBrokerConsumeStats& request,
                         const ViewDeps& deps) {
  wire::ConsumeStatsList body;
  body.broker_addr = broker_address(deps);
  for (const auto& group : deps.groups.all()) {
    std::vector<wire::ConsumeStats> rows;
    for (const auto& name : deps.offsets.topics_of(group->group_name)) {
      TopicRef topic = deps.topics.find(name);
      if (!topic || (request.is_order && !topic->is_order)) continue;
      if (is_dropped(group->group_name, name, deps)) continue;
      rows.push_back(stats_without_pulls(group->group_name, *topic, deps));
      for (const auto& [queue, row] : rows.back().offsets) {
        body.total_diff += row.broker_offset - row.consumer_offset;
        body.total_inflight_diff += row.pull_offset - row.consumer_offset;
      }
    }
    wire::ConsumeStatsList::ByGroup entry;
    entry.emplace(group->group_name, std::move(rows));
    body.groups.push_back(std::move(entry));
  }
  call.reply_body(json::to_json(body));
  return ok();
}

std::string time_text(int64_t time_ms) {
  auto t = local_time(UnixMillis(time_ms));
  return fmt::format("{:04}-{:02}-{:02}#{:02}:{:02}:{:02}:{:03}", t.year, t.month, t.day, t.hour,
                     t.minute, t.second, t.millis);
}

wire::QueueTimeSpan time_span(std::string_view group, const std::string& topic, int32_t queue_id,
                              UnixMillis now, const ViewDeps& deps) {
  QueueId queue(queue_id);
  int64_t min = deps.store.min_offset(topic, queue).value;
  int64_t max = deps.store.max_offset(topic, queue).value;
  int64_t consumed = deps.offsets.query({group, topic, queue}).value_or(QueueOffset(-1)).value;
  wire::QueueTimeSpan out;
  out.queue = queue_of(topic, queue_id, deps);
  out.min_timestamp = store_time(topic, queue, min, deps);
  out.max_timestamp = store_time(topic, queue, max - 1, deps);
  out.consume_timestamp =
      consumed > 0 ? store_time(topic, queue, consumed - 1, deps) : out.min_timestamp;
  if (consumed < max) {
    int64_t next = store_time(topic, queue, std::max(consumed, min), deps);
    out.delay_ms = next == kNoTime ? 0 : now.value - next;
  }
  out.min_timestamp_text = time_text(out.min_timestamp);
  out.max_timestamp_text = time_text(out.max_timestamp);
  out.consume_timestamp_text = time_text(out.consume_timestamp);
  return out;
}

Status time_spans(rpc::Call& call, const wire::QueryConsumeTimeSpan& request,
                  const ViewDeps& deps) {
  TopicRef topic = deps.topics.find(request.topic);
  if (!topic) return no_topic(request.topic);
  wire::ConsumeTimeSpans body;
  for (int32_t i = 0; i < topic->write_queues; ++i) {
    body.spans.push_back(time_span(request.group, topic->name, i, call.now(), deps));
  }
  call.reply_body(json::to_json(body));
  return ok();
}

Status groups_of_topic(rpc::Call& call, const wire::QueryTopicConsumeByWho& request,
                       const ViewDeps& deps) {
  wire::GroupList body;
  body.groups = deps.offsets.groups_of(request.topic);
  for (auto& group : deps.clients.groups_subscribed_to(request.topic)) {
    body.groups.insert(std::move(group));
  }
  call.reply_body(json::to_json(body));
  return ok();
}

Status topics_of_group(rpc::Call& call, const wire::QueryTopicsByConsumer& request,
                       const ViewDeps& deps) {
  wire::TopicList body;
  body.broker_addr = broker_address(deps);
  body.topics = deps.offsets.topics_of(request.group);
  call.reply_body(json::to_json(body));
  return ok();
}

Status subscription(rpc::Call& call, const wire::QuerySubscriptionByConsumer& request,
                    const ViewDeps& deps) {
  wire::GroupSubscription body;
  body.group = request.group;
  if (request.topic) {
    body.topic = std::string(*request.topic);
    body.subscription = deps.clients.subscription(request.group, *request.topic);
  }
  call.reply_body(json::to_json(body));
  return ok();
}

wire::StatsItem item_of(const Window& window) {
  return {.per_call = window.per_call, .sum = window.sum, .per_second = window.per_second};
}

Status stats_data(rpc::Call& call, const wire::ViewBrokerStatsData& request, const ViewDeps& deps) {
  bool of_broker =
      request.stats_name == "BROKER_PUT_NUMS" || request.stats_name == "BROKER_GET_NUMS";
  bool is_own = of_broker && request.stats_key == deps.options.broker_cluster_name;
  Windows windows;
  if (!deps.stats.windows(request.stats_name, is_own ? Stats::kWholeBroker : request.stats_key,
                          windows)) {
    return Error{Errc::system_error, fmt::format("The stats <{}> <{}> not exist",
                                                 request.stats_name, request.stats_key)};
  }
  wire::StatsData body{.day = item_of(windows.day),
                       .hour = item_of(windows.hour),
                       .minute = item_of(windows.minute)};
  call.reply_body(json::to_json(body));
  return ok();
}

}  // namespace

void add_view_handlers(rpc::Router& router, const ViewDeps& deps) {
  router.on<wire::GetTopicStatsInfo>(
      [deps](rpc::Call& call, const auto& request) { return topic_stats(call, request, deps); });
  router.on<wire::GetConsumeStats>(
      [deps](rpc::Call& call, const auto& request) { return consume_stats(call, request, deps); });
  router.on<wire::GetBrokerConsumeStats>([deps](rpc::Call& call, const auto& request) {
    return all_consume_stats(call, request, deps);
  });
  router.on<wire::QueryConsumeTimeSpan>(
      [deps](rpc::Call& call, const auto& request) { return time_spans(call, request, deps); });
  router.on<wire::QueryTopicConsumeByWho>([deps](rpc::Call& call, const auto& request) {
    return groups_of_topic(call, request, deps);
  });
  router.on<wire::QueryTopicsByConsumer>([deps](rpc::Call& call, const auto& request) {
    return topics_of_group(call, request, deps);
  });
  router.on<wire::QuerySubscriptionByConsumer>(
      [deps](rpc::Call& call, const auto& request) { return subscription(call, request, deps); });
  router.on<wire::ViewBrokerStatsData>(
      [deps](rpc::Call& call, const auto& request) { return stats_data(call, request, deps); });
}

}  // namespace agena::broker
