// Which broker serves how many queues of each topic, and with which permissions.
//
// Over:    wire/bodies/route.h.  Under: route_table.h, which owns the one there is and locks it.
// Threads: none of its own.
// Source:  brokers' registrations. A topic that no broker serves any more is forgotten, together
//          with its queue mappings.
#pragma once
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "wire/bodies/route.h"

namespace agena::namesrv {

class TopicQueues {
 public:
  using ByBroker = std::map<std::string, wire::QueueData, std::less<>>;
  using Mappings = std::map<std::string, wire::QueueMapping>;  // By broker name.

  // True when something changed. `queues.broker_name` says whose they are.
  bool update(std::string_view topic, wire::QueueData queues);
  void update_mapping(std::string_view topic, wire::QueueMapping mapping);

  const ByBroker* find(std::string_view topic) const;
  const Mappings* find_mappings(std::string_view topic) const;
  bool serves(std::string_view topic, std::string_view broker_name) const;
  size_t size() const { return topics_.size(); }

  void remove_topic(std::string_view topic);
  void remove_topic(std::string_view topic, const std::set<std::string>& broker_names);
  void remove_broker(std::string_view broker_name);
  // Of the broker's topics, those that `keep` does not name.
  size_t remove_others(std::string_view broker_name,
                       const std::function<bool(const std::string& topic)>& keep);

  // Replaces each permission of the broker's topics; returns how many topics those are.
  int32_t change_perm(std::string_view broker_name, const std::function<int32_t(int32_t)>& change);

  std::set<std::string> names() const;
  std::set<std::string> names_of(const std::set<std::string>& broker_names) const;
  // By the flags that the topic has on its first broker.
  std::set<std::string> names_by_flag(const std::function<bool(int32_t sys_flag)>& fits) const;

 private:
  using Topics = std::map<std::string, ByBroker, std::less<>>;
  Topics::iterator erase_if_unserved(Topics::iterator topic);

  Topics topics_;  // No entry is empty.
  std::map<std::string, Mappings, std::less<>> mappings_;
};

}  // namespace agena::namesrv
