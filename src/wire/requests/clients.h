// Client life: heartbeats, group membership, queue locks, and what the server pushes to clients.
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

struct Heartbeat {
  static constexpr RequestInfo info{.code = 34, .name = "HEART_BEAT"};
  static constexpr auto fields = std::tuple{};
};

struct HeartbeatReply {
  std::optional<bool> supports_v2;
  std::optional<bool> subscription_changed;
  static constexpr auto fields =
      std::tuple{field("IS_SUPPORT_HEART_BEAT_V2", &HeartbeatReply::supports_v2),
                 field("IS_SUB_CHANGE", &HeartbeatReply::subscription_changed)};
};

struct UnregisterClient {
  static constexpr RequestInfo info{.code = 35, .name = "UNREGISTER_CLIENT"};
  std::string_view client_id;
  std::optional<std::string_view> producer_group;
  std::optional<std::string_view> consumer_group;
  static constexpr auto fields =
      std::tuple{required("clientID", &UnregisterClient::client_id),
                 field("producerGroup", &UnregisterClient::producer_group),
                 field("consumerGroup", &UnregisterClient::consumer_group)};
};

struct GetConsumerListByGroup {
  static constexpr RequestInfo info{.code = 38, .name = "GET_CONSUMER_LIST_BY_GROUP"};
  std::string_view consumer_group;
  static constexpr auto fields =
      std::tuple{required("consumerGroup", &GetConsumerListByGroup::consumer_group)};
};

struct NotifyConsumerIdsChanged {
  static constexpr RequestInfo info{.code = 40, .name = "NOTIFY_CONSUMER_IDS_CHANGED"};
  std::string_view consumer_group;
  static constexpr auto fields =
      std::tuple{required("consumerGroup", &NotifyConsumerIdsChanged::consumer_group)};
};

struct LockBatch {
  static constexpr RequestInfo info{.code = 41, .name = "LOCK_BATCH_MQ"};
  static constexpr auto fields = std::tuple{};
};

struct UnlockBatch {
  static constexpr RequestInfo info{.code = 42, .name = "UNLOCK_BATCH_MQ"};
  static constexpr auto fields = std::tuple{};
};

struct CheckClientConfig {
  static constexpr RequestInfo info{.code = 46, .name = "CHECK_CLIENT_CONFIG"};
  static constexpr auto fields = std::tuple{};
};

struct ResetConsumerClientOffset {
  static constexpr RequestInfo info{.code = 220, .name = "RESET_CONSUMER_CLIENT_OFFSET"};
  std::string_view topic;
  std::string_view group;
  QueueId queue_id{-1};
  std::optional<QueueOffset> offset;
  UnixMillis timestamp;
  bool is_force = false;
  static constexpr auto fields =
      std::tuple{required("topic", &ResetConsumerClientOffset::topic),
                 required("group", &ResetConsumerClientOffset::group),
                 field("queueId", &ResetConsumerClientOffset::queue_id),
                 field("offset", &ResetConsumerClientOffset::offset),
                 required("timestamp", &ResetConsumerClientOffset::timestamp),
                 required("isForce", &ResetConsumerClientOffset::is_force)};
};

struct GetConsumerStatusFromClient {
  static constexpr RequestInfo info{.code = 221, .name = "GET_CONSUMER_STATUS_FROM_CLIENT"};
  std::string_view topic;
  std::string_view group;
  std::optional<std::string_view> client_addr;
  static constexpr auto fields =
      std::tuple{required("topic", &GetConsumerStatusFromClient::topic),
                 required("group", &GetConsumerStatusFromClient::group),
                 field("clientAddr", &GetConsumerStatusFromClient::client_addr)};
};

struct GetConsumerRunningInfo {
  static constexpr RequestInfo info{
      .code = 307, .name = "GET_CONSUMER_RUNNING_INFO", .access = Access::admin};
  std::string_view consumer_group;
  std::string_view client_id;
  bool jstack_enable = false;
  static constexpr auto fields =
      std::tuple{required("consumerGroup", &GetConsumerRunningInfo::consumer_group),
                 required("clientId", &GetConsumerRunningInfo::client_id),
                 field("jstackEnable", &GetConsumerRunningInfo::jstack_enable)};
};

struct ConsumeMessageDirectly {
  static constexpr RequestInfo info{
      .code = 309, .name = "CONSUME_MESSAGE_DIRECTLY", .access = Access::admin};
  std::string_view consumer_group;
  std::optional<std::string_view> client_id;
  std::optional<std::string_view> msg_id;
  std::optional<std::string_view> broker_name;
  std::optional<std::string_view> topic;
  std::optional<int32_t> topic_sys_flag;
  std::optional<int32_t> group_sys_flag;
  static constexpr auto fields =
      std::tuple{required("consumerGroup", &ConsumeMessageDirectly::consumer_group),
                 field("clientId", &ConsumeMessageDirectly::client_id),
                 field("msgId", &ConsumeMessageDirectly::msg_id),
                 field("brokerName", &ConsumeMessageDirectly::broker_name),
                 field("topic", &ConsumeMessageDirectly::topic),
                 field("topicSysFlag", &ConsumeMessageDirectly::topic_sys_flag),
                 field("groupSysFlag", &ConsumeMessageDirectly::group_sys_flag)};
};

struct GetConsumerStatus {
  static constexpr RequestInfo info{
      .code = 223, .name = "INVOKE_BROKER_TO_GET_CONSUMER_STATUS", .access = Access::admin};
  std::string_view topic;
  std::string_view group;
  std::optional<std::string_view> client_addr;
  static constexpr auto fields = std::tuple{required("topic", &GetConsumerStatus::topic),
                                            required("group", &GetConsumerStatus::group),
                                            field("clientAddr", &GetConsumerStatus::client_addr)};
};

}  // namespace agena::wire
