// Where a topic lives: the answer to request 105, and the body of request 217.
//
// Over:   base/json_fields.h.  Under: namesrv/ (route table), broker/, client/ (route cache).
// Source: the name server's JSON. In the old style the keys of brokerAddrs and currIdMap are bare
//         integers; json::Style::is_strict quotes them, and readers take both.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/json_fields.h"

namespace agena::wire {

// One broker's share of a topic.
struct QueueData {
  std::string broker_name = {};
  int32_t perm = 0;  // kPermRead and so on, topic_config.h.
  int32_t read_queues = 0;
  int32_t topic_sys_flag = 0;
  int32_t write_queues = 0;
  static constexpr auto fields =
      std::tuple{field("brokerName", &QueueData::broker_name), field("perm", &QueueData::perm),
                 field("readQueueNums", &QueueData::read_queues),
                 field("topicSysFlag", &QueueData::topic_sys_flag),
                 field("writeQueueNums", &QueueData::write_queues)};
  friend bool operator==(const QueueData&, const QueueData&) = default;
};

// All servers of one broker name: the master has id 0.
struct BrokerData {
  std::map<BrokerId, std::string> addresses = {};
  std::string broker_name = {};
  std::string cluster = {};
  bool enable_acting_master = false;
  std::optional<std::string> zone_name = {};
  static constexpr auto fields = std::tuple{
      field("brokerAddrs", &BrokerData::addresses), field("brokerName", &BrokerData::broker_name),
      field("cluster", &BrokerData::cluster),
      field("enableActingMaster", &BrokerData::enable_acting_master),
      field("zoneName", &BrokerData::zone_name)};
  friend bool operator==(const BrokerData&, const BrokerData&) = default;
};

// Which physical queues stand behind the logical ones of a static topic.
struct QueueMapping {
  std::string broker_name = {};
  std::map<int32_t, int32_t> current_ids = {};  // Logical to physical.
  bool is_dirty = false;
  int64_t epoch = 0;
  std::string scope = "__global__";
  std::string topic = {};
  int32_t total_queues = 0;
  static constexpr auto fields = std::tuple{field("bname", &QueueMapping::broker_name),
                                            field("currIdMap", &QueueMapping::current_ids),
                                            field("dirty", &QueueMapping::is_dirty),
                                            field("epoch", &QueueMapping::epoch),
                                            field("scope", &QueueMapping::scope),
                                            field("topic", &QueueMapping::topic),
                                            field("totalQueues", &QueueMapping::total_queues)};
  friend bool operator==(const QueueMapping&, const QueueMapping&) = default;
};

struct TopicRouteData {
  std::vector<BrokerData> brokers = {};
  std::map<std::string, std::vector<std::string>> filter_servers = {};  // By broker address.
  std::optional<std::string> order_topic_conf = {};
  std::vector<QueueData> queues = {};
  std::optional<std::map<std::string, QueueMapping>> mapping_by_broker = {};
  static constexpr auto fields =
      std::tuple{field("brokerDatas", &TopicRouteData::brokers),
                 field("filterServerTable", &TopicRouteData::filter_servers),
                 field("orderTopicConf", &TopicRouteData::order_topic_conf),
                 field("queueDatas", &TopicRouteData::queues),
                 field("topicQueueMappingByBroker", &TopicRouteData::mapping_by_broker)};
  friend bool operator==(const TopicRouteData&, const TopicRouteData&) = default;
};

}  // namespace agena::wire
