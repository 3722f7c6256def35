// The name server: registration, routes, key-value configuration.
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

struct PutKvConfig {
  static constexpr RequestInfo info{.code = 100, .name = "PUT_KV_CONFIG", .access = Access::admin};
  std::string_view name_space;
  std::string_view key;
  std::string_view value;
  static constexpr auto fields =
      std::tuple{required("namespace", &PutKvConfig::name_space),
                 required("key", &PutKvConfig::key), required("value", &PutKvConfig::value)};
};

struct GetKvConfig {
  static constexpr RequestInfo info{.code = 101, .name = "GET_KV_CONFIG"};
  std::string_view name_space;
  std::string_view key;
  static constexpr auto fields = std::tuple{required("namespace", &GetKvConfig::name_space),
                                            required("key", &GetKvConfig::key)};
};

struct GetKvConfigReply {
  std::optional<std::string_view> value;
  static constexpr auto fields = std::tuple{field("value", &GetKvConfigReply::value)};
};

struct DeleteKvConfig {
  static constexpr RequestInfo info{
      .code = 102, .name = "DELETE_KV_CONFIG", .access = Access::admin};
  std::string_view name_space;
  std::string_view key;
  static constexpr auto fields = std::tuple{required("namespace", &DeleteKvConfig::name_space),
                                            required("key", &DeleteKvConfig::key)};
};

struct RegisterBroker {
  static constexpr RequestInfo info{
      .code = 103, .name = "REGISTER_BROKER", .access = Access::broker};
  std::string_view broker_name;
  std::string_view broker_addr;
  std::string_view cluster_name;
  std::string_view ha_server_addr;
  BrokerId broker_id;
  std::optional<int64_t> heartbeat_timeout_ms;
  std::optional<bool> enable_acting_master;
  bool compressed = false;
  int32_t body_crc32 = 0;
  static constexpr auto fields =
      std::tuple{required("brokerName", &RegisterBroker::broker_name),
                 required("brokerAddr", &RegisterBroker::broker_addr),
                 required("clusterName", &RegisterBroker::cluster_name),
                 required("haServerAddr", &RegisterBroker::ha_server_addr),
                 required("brokerId", &RegisterBroker::broker_id),
                 field("heartbeatTimeoutMillis", &RegisterBroker::heartbeat_timeout_ms),
                 field("enableActingMaster", &RegisterBroker::enable_acting_master),
                 field("compressed", &RegisterBroker::compressed),
                 field("bodyCrc32", &RegisterBroker::body_crc32)};
};

struct RegisterBrokerReply {
  std::optional<std::string_view> ha_server_addr;
  std::optional<std::string_view> master_addr;
  static constexpr auto fields =
      std::tuple{field("haServerAddr", &RegisterBrokerReply::ha_server_addr),
                 field("masterAddr", &RegisterBrokerReply::master_addr)};
};

struct UnregisterBroker {
  static constexpr RequestInfo info{
      .code = 104, .name = "UNREGISTER_BROKER", .access = Access::broker};
  std::string_view broker_name;
  std::string_view broker_addr;
  std::string_view cluster_name;
  BrokerId broker_id;
  static constexpr auto fields =
      std::tuple{required("brokerName", &UnregisterBroker::broker_name),
                 required("brokerAddr", &UnregisterBroker::broker_addr),
                 required("clusterName", &UnregisterBroker::cluster_name),
                 required("brokerId", &UnregisterBroker::broker_id)};
};

struct GetRouteInfoByTopic {
  static constexpr RequestInfo info{.code = 105, .name = "GET_ROUTEINFO_BY_TOPIC"};
  std::string_view topic;
  std::optional<bool> accept_standard_json_only;
  static constexpr auto fields =
      std::tuple{required("topic", &GetRouteInfoByTopic::topic),
                 field("acceptStandardJsonOnly", &GetRouteInfoByTopic::accept_standard_json_only)};
};

struct GetBrokerClusterInfo {
  static constexpr RequestInfo info{.code = 106, .name = "GET_BROKER_CLUSTER_INFO"};
  static constexpr auto fields = std::tuple{};
};

struct WipeWritePermOfBroker {
  static constexpr RequestInfo info{
      .code = 205, .name = "WIPE_WRITE_PERM_OF_BROKER", .access = Access::admin};
  std::string_view broker_name;
  static constexpr auto fields =
      std::tuple{required("brokerName", &WipeWritePermOfBroker::broker_name)};
};

struct WipeWritePermReply {
  int32_t wipe_topic_count = 0;
  static constexpr auto fields =
      std::tuple{required("wipeTopicCount", &WipeWritePermReply::wipe_topic_count)};
};

struct AddWritePermOfBroker {
  static constexpr RequestInfo info{
      .code = 327, .name = "ADD_WRITE_PERM_OF_BROKER", .access = Access::admin};
  std::string_view broker_name;
  static constexpr auto fields =
      std::tuple{required("brokerName", &AddWritePermOfBroker::broker_name)};
};

struct AddWritePermReply {
  int32_t add_topic_count = 0;
  static constexpr auto fields =
      std::tuple{required("addTopicCount", &AddWritePermReply::add_topic_count)};
};

struct GetAllTopicListFromNamesrv {
  static constexpr RequestInfo info{.code = 206, .name = "GET_ALL_TOPIC_LIST_FROM_NAMESERVER"};
  static constexpr auto fields = std::tuple{};
};

struct DeleteTopicInNamesrv {
  static constexpr RequestInfo info{
      .code = 216, .name = "DELETE_TOPIC_IN_NAMESRV", .access = Access::admin};
  std::string_view topic;
  std::optional<std::string_view> cluster_name;
  static constexpr auto fields =
      std::tuple{required("topic", &DeleteTopicInNamesrv::topic),
                 field("clusterName", &DeleteTopicInNamesrv::cluster_name)};
};

struct RegisterTopicInNamesrv {
  // Brokers send it for each topic that they make, when enableSingleTopicRegister is on.
  static constexpr RequestInfo info{
      .code = 217, .name = "REGISTER_TOPIC_IN_NAMESRV", .access = Access::broker};
  std::string_view topic;
  static constexpr auto fields = std::tuple{required("topic", &RegisterTopicInNamesrv::topic)};
};

struct GetKvListByNamespace {
  static constexpr RequestInfo info{.code = 219, .name = "GET_KVLIST_BY_NAMESPACE"};
  std::string_view name_space;
  static constexpr auto fields =
      std::tuple{required("namespace", &GetKvListByNamespace::name_space)};
};

struct GetTopicsByCluster {
  static constexpr RequestInfo info{.code = 224, .name = "GET_TOPICS_BY_CLUSTER"};
  std::string_view cluster;
  static constexpr auto fields = std::tuple{required("cluster", &GetTopicsByCluster::cluster)};
};

struct GetSystemTopicListFromNamesrv {
  static constexpr RequestInfo info{.code = 304, .name = "GET_SYSTEM_TOPIC_LIST_FROM_NS"};
  static constexpr auto fields = std::tuple{};
};

struct GetUnitTopicList {
  static constexpr RequestInfo info{.code = 311, .name = "GET_UNIT_TOPIC_LIST"};
  static constexpr auto fields = std::tuple{};
};

struct GetHasUnitSubTopicList {
  static constexpr RequestInfo info{.code = 312, .name = "GET_HAS_UNIT_SUB_TOPIC_LIST"};
  static constexpr auto fields = std::tuple{};
};

struct GetHasUnitSubUnunitTopicList {
  static constexpr RequestInfo info{.code = 313, .name = "GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST"};
  static constexpr auto fields = std::tuple{};
};

struct UpdateNamesrvConfig {
  static constexpr RequestInfo info{
      .code = 318, .name = "UPDATE_NAMESRV_CONFIG", .access = Access::admin};
  static constexpr auto fields = std::tuple{};
};

struct GetNamesrvConfig {
  static constexpr RequestInfo info{
      .code = 319, .name = "GET_NAMESRV_CONFIG", .access = Access::admin};
  static constexpr auto fields = std::tuple{};
};

struct QueryDataVersion {
  static constexpr RequestInfo info{
      .code = 322, .name = "QUERY_DATA_VERSION", .access = Access::broker};
  std::string_view broker_name;
  std::string_view broker_addr;
  std::string_view cluster_name;
  BrokerId broker_id;
  static constexpr auto fields =
      std::tuple{required("brokerName", &QueryDataVersion::broker_name),
                 required("brokerAddr", &QueryDataVersion::broker_addr),
                 required("clusterName", &QueryDataVersion::cluster_name),
                 required("brokerId", &QueryDataVersion::broker_id)};
};

struct QueryDataVersionReply {
  bool changed = false;
  static constexpr auto fields = std::tuple{required("changed", &QueryDataVersionReply::changed)};
};

struct GetBrokerMemberGroup {
  static constexpr RequestInfo info{.code = 901, .name = "GET_BROKER_MEMBER_GROUP"};
  std::string_view cluster_name;
  std::string_view broker_name;
  static constexpr auto fields =
      std::tuple{required("clusterName", &GetBrokerMemberGroup::cluster_name),
                 required("brokerName", &GetBrokerMemberGroup::broker_name)};
};

struct BrokerHeartbeat {
  static constexpr RequestInfo info{
      .code = 904, .name = "BROKER_HEARTBEAT", .access = Access::broker};
  std::string_view cluster_name;
  std::string_view broker_addr;
  std::string_view broker_name;
  std::optional<BrokerId> broker_id;
  std::optional<int32_t> epoch;
  std::optional<int64_t> max_offset;
  std::optional<int64_t> confirm_offset;
  std::optional<int64_t> heartbeat_timeout_ms;
  std::optional<int32_t> election_priority;
  static constexpr auto fields =
      std::tuple{required("clusterName", &BrokerHeartbeat::cluster_name),
                 required("brokerAddr", &BrokerHeartbeat::broker_addr),
                 required("brokerName", &BrokerHeartbeat::broker_name),
                 field("brokerId", &BrokerHeartbeat::broker_id),
                 field("epoch", &BrokerHeartbeat::epoch),
                 field("maxOffset", &BrokerHeartbeat::max_offset),
                 field("confirmOffset", &BrokerHeartbeat::confirm_offset),
                 field("heartbeatTimeoutMills", &BrokerHeartbeat::heartbeat_timeout_ms),
                 field("electionPriority", &BrokerHeartbeat::election_priority)};
};

struct NotifyMinBrokerIdChange {
  static constexpr RequestInfo info{.code = 905, .name = "NOTIFY_MIN_BROKER_ID_CHANGE"};
  std::optional<BrokerId> min_broker_id;
  std::optional<std::string_view> broker_name;
  std::optional<std::string_view> min_broker_addr;
  std::optional<std::string_view> offline_broker_addr;
  std::optional<std::string_view> ha_broker_addr;
  static constexpr auto fields =
      std::tuple{field("minBrokerId", &NotifyMinBrokerIdChange::min_broker_id),
                 field("brokerName", &NotifyMinBrokerIdChange::broker_name),
                 field("minBrokerAddr", &NotifyMinBrokerIdChange::min_broker_addr),
                 field("offlineBrokerAddr", &NotifyMinBrokerIdChange::offline_broker_addr),
                 field("haBrokerAddr", &NotifyMinBrokerIdChange::ha_broker_addr)};
};

}  // namespace agena::wire
