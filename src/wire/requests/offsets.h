// Committed offsets and the ends of queues.
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

struct QueryConsumerOffset {
  static constexpr RequestInfo info{.code = 14, .name = "QUERY_CONSUMER_OFFSET"};
  std::string_view consumer_group;
  std::string_view topic;
  QueueId queue_id;
  std::optional<bool> set_zero_if_not_found;
  static constexpr auto fields =
      std::tuple{required("consumerGroup", &QueryConsumerOffset::consumer_group),
                 required("topic", &QueryConsumerOffset::topic),
                 required("queueId", &QueryConsumerOffset::queue_id),
                 field("setZeroIfNotFound", &QueryConsumerOffset::set_zero_if_not_found)};
};

struct UpdateConsumerOffset {
  static constexpr RequestInfo info{.code = 15, .name = "UPDATE_CONSUMER_OFFSET"};
  std::string_view consumer_group;
  std::string_view topic;
  QueueId queue_id;
  QueueOffset commit_offset;
  static constexpr auto fields =
      std::tuple{required("consumerGroup", &UpdateConsumerOffset::consumer_group),
                 required("topic", &UpdateConsumerOffset::topic),
                 required("queueId", &UpdateConsumerOffset::queue_id),
                 required("commitOffset", &UpdateConsumerOffset::commit_offset)};
};

struct SearchOffsetByTimestamp {
  static constexpr RequestInfo info{.code = 29, .name = "SEARCH_OFFSET_BY_TIMESTAMP"};
  std::string_view topic;
  std::optional<std::string_view> lite_topic;
  QueueId queue_id;
  UnixMillis timestamp;
  std::optional<std::string_view> boundary_type;
  static constexpr auto fields =
      std::tuple{required("topic", &SearchOffsetByTimestamp::topic),
                 field("liteTopic", &SearchOffsetByTimestamp::lite_topic),
                 required("queueId", &SearchOffsetByTimestamp::queue_id),
                 required("timestamp", &SearchOffsetByTimestamp::timestamp),
                 field("boundaryType", &SearchOffsetByTimestamp::boundary_type)};
};

struct GetMaxOffset {
  static constexpr RequestInfo info{.code = 30, .name = "GET_MAX_OFFSET"};
  std::string_view topic;
  QueueId queue_id;
  bool committed = true;
  static constexpr auto fields = std::tuple{required("topic", &GetMaxOffset::topic),
                                            required("queueId", &GetMaxOffset::queue_id),
                                            field("committed", &GetMaxOffset::committed)};
};

struct GetMinOffset {
  static constexpr RequestInfo info{.code = 31, .name = "GET_MIN_OFFSET"};
  std::string_view topic;
  QueueId queue_id;
  static constexpr auto fields = std::tuple{required("topic", &GetMinOffset::topic),
                                            required("queueId", &GetMinOffset::queue_id)};
};

struct OffsetReply {
  QueueOffset offset;
  static constexpr auto fields = std::tuple{required("offset", &OffsetReply::offset)};
};

struct GetEarliestMessageStoreTime {
  static constexpr RequestInfo info{.code = 32, .name = "GET_EARLIEST_MSG_STORETIME"};
  std::string_view topic;
  QueueId queue_id;
  static constexpr auto fields =
      std::tuple{required("topic", &GetEarliestMessageStoreTime::topic),
                 required("queueId", &GetEarliestMessageStoreTime::queue_id)};
};

struct StoreTimeReply {
  UnixMillis timestamp;
  static constexpr auto fields = std::tuple{required("timestamp", &StoreTimeReply::timestamp)};
};

struct GetAllConsumerOffset {
  static constexpr RequestInfo info{.code = 43, .name = "GET_ALL_CONSUMER_OFFSET"};
  static constexpr auto fields = std::tuple{};
};

struct GetAllDelayOffset {
  static constexpr RequestInfo info{.code = 45, .name = "GET_ALL_DELAY_OFFSET"};
  static constexpr auto fields = std::tuple{};
};

struct CloneGroupOffset {
  static constexpr RequestInfo info{
      .code = 314, .name = "CLONE_GROUP_OFFSET", .access = Access::admin};
  std::string_view src_group;
  std::string_view dest_group;
  std::optional<std::string_view> topic;
  bool offline = false;
  static constexpr auto fields = std::tuple{required("srcGroup", &CloneGroupOffset::src_group),
                                            required("destGroup", &CloneGroupOffset::dest_group),
                                            field("topic", &CloneGroupOffset::topic),
                                            field("offline", &CloneGroupOffset::offline)};
};

struct ResetOffset {
  static constexpr RequestInfo info{
      .code = 222, .name = "INVOKE_BROKER_TO_RESET_OFFSET", .access = Access::admin};
  std::string_view group;
  std::string_view topic;
  QueueId queue_id{-1};
  std::optional<QueueOffset> offset;
  UnixMillis timestamp;
  bool is_force = false;
  static constexpr auto fields = std::tuple{
      required("group", &ResetOffset::group),         required("topic", &ResetOffset::topic),
      field("queueId", &ResetOffset::queue_id),       field("offset", &ResetOffset::offset),
      required("timestamp", &ResetOffset::timestamp), required("isForce", &ResetOffset::is_force)};
};

struct QueryCorrectionOffset {
  static constexpr RequestInfo info{.code = 308, .name = "QUERY_CORRECTION_OFFSET"};
  std::optional<std::string_view> filter_groups;
  std::string_view compare_group;
  std::string_view topic;
  static constexpr auto fields =
      std::tuple{field("filterGroups", &QueryCorrectionOffset::filter_groups),
                 required("compareGroup", &QueryCorrectionOffset::compare_group),
                 required("topic", &QueryCorrectionOffset::topic)};
};

}  // namespace agena::wire
