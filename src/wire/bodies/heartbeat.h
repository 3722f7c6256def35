// What clients say of themselves: groups, subscriptions, queue locks.
//
// Over:   base/json_fields.h.  Under: broker/ (clients, locks, views), client/.
// Source: JSON bodies of requests 34, 35, 38, 41, 42, 46, 203 and 204. Some clients write enums as
//         numbers and leave members out; the reader takes both.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json_fields.h"

namespace agena::wire {

enum class ConsumeType { actively, passively, pop };
enum class MessageModel { broadcasting, clustering, lite_selective };
enum class ConsumeFromWhere {
  last_offset,
  last_offset_and_min_when_boot_first,
  min_offset,
  max_offset,
  first_offset,
  timestamp
};

struct SubscriptionData {
  bool class_filter_mode = false;
  std::set<int32_t> codes;
  std::string expression_type = "TAG";
  std::string sub_string;
  int64_t sub_version = 0;
  std::set<std::string> tags;
  std::string topic;
  static constexpr auto fields =
      std::tuple{field("classFilterMode", &SubscriptionData::class_filter_mode),
                 field("codeSet", &SubscriptionData::codes),
                 field("expressionType", &SubscriptionData::expression_type),
                 field("subString", &SubscriptionData::sub_string),
                 field("subVersion", &SubscriptionData::sub_version),
                 field("tagsSet", &SubscriptionData::tags),
                 field("topic", &SubscriptionData::topic)};
  friend bool operator==(const SubscriptionData&, const SubscriptionData&) = default;
};

struct ConsumerData {
  ConsumeFromWhere consume_from_where = ConsumeFromWhere::last_offset;
  ConsumeType consume_type = ConsumeType::passively;
  std::string group_name;
  MessageModel message_model = MessageModel::clustering;
  std::vector<SubscriptionData> subscriptions;
  bool unit_mode = false;
  static constexpr auto fields =
      std::tuple{field("consumeFromWhere", &ConsumerData::consume_from_where),
                 field("consumeType", &ConsumerData::consume_type),
                 required("groupName", &ConsumerData::group_name),
                 field("messageModel", &ConsumerData::message_model),
                 field("subscriptionDataSet", &ConsumerData::subscriptions),
                 field("unitMode", &ConsumerData::unit_mode)};
};

struct ProducerData {
  std::string group_name;
  static constexpr auto fields = std::tuple{required("groupName", &ProducerData::group_name)};
};

struct HeartbeatBody {
  std::string client_id;
  std::vector<ConsumerData> consumers;
  int32_t fingerprint = 0;  // 0: the old form, with all subscriptions each time.
  std::vector<ProducerData> producers;
  bool without_subscriptions = false;
  static constexpr auto fields =
      std::tuple{required("clientID", &HeartbeatBody::client_id),
                 field("consumerDataSet", &HeartbeatBody::consumers),
                 field("heartbeatFingerprint", &HeartbeatBody::fingerprint),
                 field("producerDataSet", &HeartbeatBody::producers),
                 field("withoutSub", &HeartbeatBody::without_subscriptions)};
};

struct CheckClientBody {
  std::string client_id;
  std::string group;
  std::string name_space;
  std::optional<SubscriptionData> subscription;
  static constexpr auto fields = std::tuple{
      field("clientId", &CheckClientBody::client_id), field("group", &CheckClientBody::group),
      field("namespace", &CheckClientBody::name_space),
      field("subscriptionData", &CheckClientBody::subscription)};
};

struct ConsumerIdsBody {
  std::vector<std::string> consumer_ids;
  static constexpr auto fields =
      std::tuple{field("consumerIdList", &ConsumerIdsBody::consumer_ids)};
};

struct MessageQueue {
  std::string broker_name;
  int32_t queue_id = 0;
  std::string topic;
  static constexpr auto fields =
      std::tuple{field("brokerName", &MessageQueue::broker_name),
                 field("queueId", &MessageQueue::queue_id), field("topic", &MessageQueue::topic)};
  friend auto operator<=>(const MessageQueue&, const MessageQueue&) = default;
};

// Requests 41 and 42; the answer of 41 is LockedBody.
struct LockBody {
  std::string client_id;
  std::string consumer_group;
  std::vector<MessageQueue> queues;
  bool only_this_broker = false;
  static constexpr auto fields = std::tuple{
      field("clientId", &LockBody::client_id), field("consumerGroup", &LockBody::consumer_group),
      field("mqSet", &LockBody::queues), field("onlyThisBroker", &LockBody::only_this_broker)};
};
struct LockedBody {
  std::vector<MessageQueue> locked;
  static constexpr auto fields = std::tuple{field("lockOKMQSet", &LockedBody::locked)};
};

}  // namespace agena::wire

namespace agena::json {
template <>
struct EnumNames<wire::ConsumeType> {
  static constexpr std::array<std::string_view, 3> names = {"CONSUME_ACTIVELY", "CONSUME_PASSIVELY",
                                                            "CONSUME_POP"};
};
template <>
struct EnumNames<wire::MessageModel> {
  static constexpr std::array<std::string_view, 3> names = {"BROADCASTING", "CLUSTERING",
                                                            "LITE_SELECTIVE"};
};
template <>
struct EnumNames<wire::ConsumeFromWhere> {
  static constexpr std::array<std::string_view, 6> names = {
      "CONSUME_FROM_LAST_OFFSET",  "CONSUME_FROM_LAST_OFFSET_AND_FROM_MIN_WHEN_BOOT_FIRST",
      "CONSUME_FROM_MIN_OFFSET",   "CONSUME_FROM_MAX_OFFSET",
      "CONSUME_FROM_FIRST_OFFSET", "CONSUME_FROM_TIMESTAMP"};
};
}  // namespace agena::json
