// A consumer group's settings, as requests 200, 201, 225 and 352 and config/subscriptionGroup.json
// write them.
//
// Over: base/json_fields.h.  Under: broker/ (group table, handlers).
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json_fields.h"

namespace agena::wire {

struct SimpleSubscriptionData {
  std::string expression;
  std::string expression_type;
  std::string topic;
  int64_t version = 0;
  static constexpr auto fields =
      std::tuple{field("expression", &SimpleSubscriptionData::expression),
                 field("expressionType", &SimpleSubscriptionData::expression_type),
                 field("topic", &SimpleSubscriptionData::topic),
                 field("version", &SimpleSubscriptionData::version)};
};

// The two optional members appear only when the policy is set; they are kept as they came.
struct GroupRetryPolicy {
  std::optional<json::Value> customized;
  std::optional<json::Value> exponential;
  std::string type = "CUSTOMIZED";
  static constexpr auto fields =
      std::tuple{field("customizedRetryPolicy", &GroupRetryPolicy::customized),
                 field("exponentialRetryPolicy", &GroupRetryPolicy::exponential),
                 field("type", &GroupRetryPolicy::type)};
};

struct SubscriptionGroupConfig {
  std::map<std::string, std::string> attributes;
  int64_t broker_id = 0;
  bool consume_broadcast_enable = true;
  bool consume_enable = true;
  bool consume_from_min_enable = true;
  bool consume_message_orderly = false;
  int32_t consume_timeout_minutes = 15;
  std::string group_name;
  GroupRetryPolicy retry_policy;
  int32_t group_sys_flag = 0;
  bool notify_consumer_ids_changed_enable = true;
  int32_t retry_max_times = 16;
  int32_t retry_queue_nums = 1;
  std::optional<std::vector<SimpleSubscriptionData>> subscriptions;
  int64_t which_broker_when_consume_slowly = 1;
  static constexpr auto fields = std::tuple{
      field("attributes", &SubscriptionGroupConfig::attributes),
      field("brokerId", &SubscriptionGroupConfig::broker_id),
      field("consumeBroadcastEnable", &SubscriptionGroupConfig::consume_broadcast_enable),
      field("consumeEnable", &SubscriptionGroupConfig::consume_enable),
      field("consumeFromMinEnable", &SubscriptionGroupConfig::consume_from_min_enable),
      field("consumeMessageOrderly", &SubscriptionGroupConfig::consume_message_orderly),
      field("consumeTimeoutMinute", &SubscriptionGroupConfig::consume_timeout_minutes),
      field("groupName", &SubscriptionGroupConfig::group_name),
      field("groupRetryPolicy", &SubscriptionGroupConfig::retry_policy),
      field("groupSysFlag", &SubscriptionGroupConfig::group_sys_flag),
      field("notifyConsumerIdsChangedEnable",
            &SubscriptionGroupConfig::notify_consumer_ids_changed_enable),
      field("retryMaxTimes", &SubscriptionGroupConfig::retry_max_times),
      field("retryQueueNums", &SubscriptionGroupConfig::retry_queue_nums),
      field("subscriptionDataSet", &SubscriptionGroupConfig::subscriptions),
      field("whichBrokerWhenConsumeSlowly",
            &SubscriptionGroupConfig::which_broker_when_consume_slowly)};
};

// Body of request 225.
struct SubscriptionGroupList {
  std::vector<SubscriptionGroupConfig> groups;
  static constexpr auto fields =
      std::tuple{required("groupConfigList", &SubscriptionGroupList::groups)};
};

}  // namespace agena::wire
