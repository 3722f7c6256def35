// Topic and group settings.
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

struct UpdateAndCreateTopic {
  static constexpr RequestInfo info{
      .code = 17, .name = "UPDATE_AND_CREATE_TOPIC", .access = Access::admin};
  std::string_view topic;
  std::string_view default_topic;
  int32_t read_queue_nums = 0;
  int32_t write_queue_nums = 0;
  int32_t perm = 0;
  std::string_view topic_filter_type;
  std::optional<int32_t> topic_sys_flag;
  bool is_order = false;
  std::optional<std::string_view> attributes;
  std::optional<bool> force;
  static constexpr auto fields =
      std::tuple{required("topic", &UpdateAndCreateTopic::topic),
                 required("defaultTopic", &UpdateAndCreateTopic::default_topic),
                 required("readQueueNums", &UpdateAndCreateTopic::read_queue_nums),
                 required("writeQueueNums", &UpdateAndCreateTopic::write_queue_nums),
                 required("perm", &UpdateAndCreateTopic::perm),
                 required("topicFilterType", &UpdateAndCreateTopic::topic_filter_type),
                 field("topicSysFlag", &UpdateAndCreateTopic::topic_sys_flag),
                 required("order", &UpdateAndCreateTopic::is_order),
                 field("attributes", &UpdateAndCreateTopic::attributes),
                 field("force", &UpdateAndCreateTopic::force)};
};

struct UpdateAndCreateTopicList {
  static constexpr RequestInfo info{
      .code = 18, .name = "UPDATE_AND_CREATE_TOPIC_LIST", .access = Access::admin};
  static constexpr auto fields = std::tuple{};
};

struct GetAllTopicConfig {
  static constexpr RequestInfo info{.code = 21, .name = "GET_ALL_TOPIC_CONFIG"};
  std::optional<int32_t> topic_seq;
  std::optional<std::string_view> data_version;
  std::optional<int32_t> max_topic_num;
  static constexpr auto fields =
      std::tuple{field("topicSeq", &GetAllTopicConfig::topic_seq),
                 field("dataVersion", &GetAllTopicConfig::data_version),
                 field("maxTopicNum", &GetAllTopicConfig::max_topic_num)};
};

struct GetAllTopicConfigReply {
  std::optional<int32_t> total_topic_num;
  static constexpr auto fields =
      std::tuple{field("totalTopicNum", &GetAllTopicConfigReply::total_topic_num)};
};

struct DeleteTopicInBroker {
  static constexpr RequestInfo info{
      .code = 215, .name = "DELETE_TOPIC_IN_BROKER", .access = Access::admin};
  std::string_view topic;
  static constexpr auto fields = std::tuple{field("topic", &DeleteTopicInBroker::topic)};
};

struct GetTopicConfig {
  static constexpr RequestInfo info{.code = 351, .name = "GET_TOPIC_CONFIG"};
  std::string_view topic;
  static constexpr auto fields = std::tuple{required("topic", &GetTopicConfig::topic)};
};

struct UpdateAndCreateSubscriptionGroup {
  static constexpr RequestInfo info{
      .code = 200, .name = "UPDATE_AND_CREATE_SUBSCRIPTIONGROUP", .access = Access::admin};
  static constexpr auto fields = std::tuple{};
};

struct UpdateAndCreateSubscriptionGroupList {
  static constexpr RequestInfo info{
      .code = 225, .name = "UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST", .access = Access::admin};
  static constexpr auto fields = std::tuple{};
};

struct GetAllSubscriptionGroup {
  static constexpr RequestInfo info{.code = 201, .name = "GET_ALL_SUBSCRIPTIONGROUP_CONFIG"};
  std::optional<int32_t> group_seq;
  std::optional<std::string_view> data_version;
  std::optional<int32_t> max_group_num;
  static constexpr auto fields =
      std::tuple{field("groupSeq", &GetAllSubscriptionGroup::group_seq),
                 field("dataVersion", &GetAllSubscriptionGroup::data_version),
                 field("maxGroupNum", &GetAllSubscriptionGroup::max_group_num)};
};

struct GetAllSubscriptionGroupReply {
  std::optional<int32_t> total_group_num;
  static constexpr auto fields =
      std::tuple{field("totalGroupNum", &GetAllSubscriptionGroupReply::total_group_num)};
};

struct DeleteSubscriptionGroup {
  static constexpr RequestInfo info{
      .code = 207, .name = "DELETE_SUBSCRIPTIONGROUP", .access = Access::admin};
  std::string_view group_name;
  bool clean_offset = false;
  static constexpr auto fields =
      std::tuple{required("groupName", &DeleteSubscriptionGroup::group_name),
                 field("cleanOffset", &DeleteSubscriptionGroup::clean_offset)};
};

struct GetSubscriptionGroupConfig {
  static constexpr RequestInfo info{.code = 352, .name = "GET_SUBSCRIPTIONGROUP_CONFIG"};
  std::string_view group;
  static constexpr auto fields = std::tuple{required("group", &GetSubscriptionGroupConfig::group)};
};

struct UpdateGroupForbidden {
  static constexpr RequestInfo info{
      .code = 353, .name = "UPDATE_AND_GET_GROUP_FORBIDDEN", .access = Access::admin};
  std::string_view group;
  std::string_view topic;
  std::optional<bool> readable;
  static constexpr auto fields = std::tuple{required("group", &UpdateGroupForbidden::group),
                                            required("topic", &UpdateGroupForbidden::topic),
                                            field("readable", &UpdateGroupForbidden::readable)};
};

struct GetSystemTopicListFromBroker {
  static constexpr RequestInfo info{.code = 305, .name = "GET_SYSTEM_TOPIC_LIST_FROM_BROKER"};
  static constexpr auto fields = std::tuple{};
};

}  // namespace agena::wire
