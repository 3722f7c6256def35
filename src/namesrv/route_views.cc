// The parts of RouteTable that operators and their tools use: lists, topics by hand, permissions.
#include <algorithm>

#include "base/log.h"
#include "namesrv/route_table.h"

namespace agena::namesrv {

wire::BrokerMemberGroup RouteTable::members(std::string_view cluster,
                                            std::string_view broker_name) const {
  MutexLock lock(mutex_);
  wire::BrokerMemberGroup group{.broker_name = std::string(broker_name),
                                .cluster = std::string(cluster)};
  if (const auto broker = brokers_.find(broker_name); broker != brokers_.end()) {
    group.addresses = broker->second.addresses;
  }
  return group;
}

wire::ClusterInfo RouteTable::clusters() const {
  MutexLock lock(mutex_);
  return {.brokers = {brokers_.begin(), brokers_.end()},
          .clusters = {clusters_.begin(), clusters_.end()}};
}

void RouteTable::add_topic(std::string_view topic, const std::vector<wire::QueueData>& queues) {
  MutexLock lock(mutex_);
  for (const wire::QueueData& data : queues) {
    if (brokers_.find(data.broker_name) != brokers_.end()) continue;
    AGENA_LOG(warn, "namesrv", "topic {} was to be registered for {}, which is not alive", topic,
              data.broker_name);
    return;
  }
  for (const wire::QueueData& data : queues) topics_.update(topic, data);
}

void RouteTable::remove_topic(std::string_view topic) {
  MutexLock lock(mutex_);
  topics_.remove_topic(topic);
}

void RouteTable::remove_topic(std::string_view topic, std::string_view cluster) {
  MutexLock lock(mutex_);
  if (const auto names = clusters_.find(cluster); names != clusters_.end()) {
    topics_.remove_topic(topic, names->second);
  }
}

int32_t RouteTable::wipe_write_perm(std::string_view broker_name) {
  MutexLock lock(mutex_);
  return topics_.change_perm(broker_name, [](int32_t perm) { return perm & ~wire::kPermWrite; });
}

// Topics come back readable and writable, whatever they were before.
int32_t RouteTable::add_write_perm(std::string_view broker_name) {
  MutexLock lock(mutex_);
  return topics_.change_perm(broker_name,
                             [](int32_t) { return wire::kPermRead | wire::kPermWrite; });
}

wire::TopicList RouteTable::all_topics() const {
  MutexLock lock(mutex_);
  return {.topics = topics_.names()};
}

wire::TopicList RouteTable::topics_of_cluster(std::string_view cluster) const {
  MutexLock lock(mutex_);
  const auto names = clusters_.find(cluster);
  if (names == clusters_.end()) return {};
  return {.topics = topics_.names_of(names->second)};
}

// Clusters and brokers have topics named like themselves.
wire::TopicList RouteTable::system_topics() const {
  MutexLock lock(mutex_);
  wire::TopicList list;
  for (const auto& [cluster, names] : clusters_) {
    list.topics.insert(cluster);
    list.topics.insert(names.begin(), names.end());
  }
  if (!brokers_.empty()) list.broker_addr = brokers_.begin()->second.addresses.begin()->second;
  return list;
}

wire::TopicList RouteTable::unit_topics() const {
  MutexLock lock(mutex_);
  return {.topics = topics_.names_by_flag(
              [](int32_t flag) { return (flag & wire::kTopicFlagUnit) != 0; })};
}

wire::TopicList RouteTable::unit_sub_topics() const {
  MutexLock lock(mutex_);
  return {.topics = topics_.names_by_flag(
              [](int32_t flag) { return (flag & wire::kTopicFlagUnitSub) != 0; })};
}

wire::TopicList RouteTable::unit_sub_ununit_topics() const {
  MutexLock lock(mutex_);
  constexpr int32_t kBoth = wire::kTopicFlagUnit | wire::kTopicFlagUnitSub;
  return {.topics = topics_.names_by_flag(
              [](int32_t flag) { return (flag & kBoth) == wire::kTopicFlagUnitSub; })};
}

}  // namespace agena::namesrv
