// Views and switches that operators use on a broker.
//
// Over:     wire/request.h.  Under: dispatch of the servers, clients, docs/wire.md.
// Source:   the Java server's header classes of the same codes; names are the wire's.
// Lifetime: texts view the frame that was decoded.
#pragma once
#include <optional>
#include <string_view>
#include <tuple>

#include "base/ids.h"
#include "wire/request.h"

namespace agena::wire {

struct UpdateBrokerConfig {
  static constexpr RequestInfo info{
      .code = 25, .name = "UPDATE_BROKER_CONFIG", .access = Access::admin};
  static constexpr auto fields = std::tuple{};
};

struct GetBrokerConfig {
  static constexpr RequestInfo info{
      .code = 26, .name = "GET_BROKER_CONFIG", .access = Access::admin};
  static constexpr auto fields = std::tuple{};
};

struct GetBrokerConfigReply {
  std::string_view version;
  static constexpr auto fields = std::tuple{required("version", &GetBrokerConfigReply::version)};
};

struct GetBrokerRuntimeInfo {
  static constexpr RequestInfo info{.code = 28, .name = "GET_BROKER_RUNTIME_INFO"};
  static constexpr auto fields = std::tuple{};
};

struct GetTopicStatsInfo {
  static constexpr RequestInfo info{.code = 202, .name = "GET_TOPIC_STATS_INFO"};
  std::string_view topic;
  static constexpr auto fields = std::tuple{required("topic", &GetTopicStatsInfo::topic)};
};

struct GetConsumerConnectionList {
  static constexpr RequestInfo info{.code = 203, .name = "GET_CONSUMER_CONNECTION_LIST"};
  std::string_view consumer_group;
  static constexpr auto fields =
      std::tuple{required("consumerGroup", &GetConsumerConnectionList::consumer_group)};
};

struct GetProducerConnectionList {
  static constexpr RequestInfo info{.code = 204, .name = "GET_PRODUCER_CONNECTION_LIST"};
  std::string_view producer_group;
  static constexpr auto fields =
      std::tuple{required("producerGroup", &GetProducerConnectionList::producer_group)};
};

struct GetConsumeStats {
  static constexpr RequestInfo info{.code = 208, .name = "GET_CONSUME_STATS"};
  std::string_view consumer_group;
  std::optional<std::string_view> topic;
  std::optional<std::string_view> topic_list;
  static constexpr auto fields = std::tuple{
      required("consumerGroup", &GetConsumeStats::consumer_group),
      field("topic", &GetConsumeStats::topic), field("topicList", &GetConsumeStats::topic_list)};
};

struct QueryTopicConsumeByWho {
  static constexpr RequestInfo info{.code = 300, .name = "QUERY_TOPIC_CONSUME_BY_WHO"};
  std::string_view topic;
  static constexpr auto fields = std::tuple{required("topic", &QueryTopicConsumeByWho::topic)};
};

struct QueryConsumeTimeSpan {
  static constexpr RequestInfo info{.code = 303, .name = "QUERY_CONSUME_TIME_SPAN"};
  std::string_view topic;
  std::string_view group;
  static constexpr auto fields = std::tuple{required("topic", &QueryConsumeTimeSpan::topic),
                                            required("group", &QueryConsumeTimeSpan::group)};
};

struct CleanExpiredConsumeQueue {
  static constexpr RequestInfo info{
      .code = 306, .name = "CLEAN_EXPIRED_CONSUMEQUEUE", .access = Access::admin};
  static constexpr auto fields = std::tuple{};
};

struct ViewBrokerStatsData {
  static constexpr RequestInfo info{.code = 315, .name = "VIEW_BROKER_STATS_DATA"};
  std::string_view stats_name;
  std::string_view stats_key;
  static constexpr auto fields = std::tuple{required("statsName", &ViewBrokerStatsData::stats_name),
                                            required("statsKey", &ViewBrokerStatsData::stats_key)};
};

struct CleanUnusedTopic {
  static constexpr RequestInfo info{
      .code = 316, .name = "CLEAN_UNUSED_TOPIC", .access = Access::admin};
  static constexpr auto fields = std::tuple{};
};

struct GetBrokerConsumeStats {
  static constexpr RequestInfo info{.code = 317, .name = "GET_BROKER_CONSUME_STATS"};
  bool is_order = false;
  static constexpr auto fields = std::tuple{required("isOrder", &GetBrokerConsumeStats::is_order)};
};

struct QueryConsumeQueue {
  static constexpr RequestInfo info{.code = 321, .name = "QUERY_CONSUME_QUEUE"};
  std::optional<std::string_view> topic;
  QueueId queue_id;
  int64_t index = 0;
  int32_t count = 0;
  std::optional<std::string_view> consumer_group;
  static constexpr auto fields = std::tuple{
      field("topic", &QueryConsumeQueue::topic), field("queueId", &QueryConsumeQueue::queue_id),
      field("index", &QueryConsumeQueue::index), field("count", &QueryConsumeQueue::count),
      field("consumerGroup", &QueryConsumeQueue::consumer_group)};
};

struct GetAllProducerInfo {
  static constexpr RequestInfo info{.code = 328, .name = "GET_ALL_PRODUCER_INFO"};
  static constexpr auto fields = std::tuple{};
};

struct DeleteExpiredCommitLog {
  static constexpr RequestInfo info{
      .code = 329, .name = "DELETE_EXPIRED_COMMITLOG", .access = Access::admin};
  static constexpr auto fields = std::tuple{};
};

struct QueryTopicsByConsumer {
  static constexpr RequestInfo info{.code = 343, .name = "QUERY_TOPICS_BY_CONSUMER"};
  std::string_view group;
  static constexpr auto fields = std::tuple{required("group", &QueryTopicsByConsumer::group)};
};

struct QuerySubscriptionByConsumer {
  static constexpr RequestInfo info{.code = 345, .name = "QUERY_SUBSCRIPTION_BY_CONSUMER"};
  std::string_view group;
  std::optional<std::string_view> topic;
  static constexpr auto fields = std::tuple{required("group", &QuerySubscriptionByConsumer::group),
                                            field("topic", &QuerySubscriptionByConsumer::topic)};
};

struct GetAllMessageRequestMode {
  static constexpr RequestInfo info{.code = 402, .name = "GET_ALL_MESSAGE_REQUEST_MODE"};
  static constexpr auto fields = std::tuple{};
};

}  // namespace agena::wire
