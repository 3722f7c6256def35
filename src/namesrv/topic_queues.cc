#include "namesrv/topic_queues.h"

namespace agena::namesrv {

bool TopicQueues::update(std::string_view topic, wire::QueueData queues) {
  const auto found = topics_.try_emplace(std::string(topic)).first;
  const auto [at, is_new] = found->second.try_emplace(queues.broker_name);
  if (!is_new && at->second == queues) return false;
  at->second = std::move(queues);
  return true;
}

void TopicQueues::update_mapping(std::string_view topic, wire::QueueMapping mapping) {
  if (topics_.find(topic) == topics_.end()) return;
  std::string broker_name = mapping.broker_name;
  mappings_[std::string(topic)].insert_or_assign(std::move(broker_name), std::move(mapping));
}

const TopicQueues::ByBroker* TopicQueues::find(std::string_view topic) const {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? nullptr : &found->second;
}

const TopicQueues::Mappings* TopicQueues::find_mappings(std::string_view topic) const {
  const auto found = mappings_.find(topic);
  return found == mappings_.end() ? nullptr : &found->second;
}

bool TopicQueues::serves(std::string_view topic, std::string_view broker_name) const {
  const ByBroker* brokers = find(topic);
  return brokers != nullptr && brokers->find(broker_name) != brokers->end();
}

TopicQueues::Topics::iterator TopicQueues::erase_if_unserved(Topics::iterator topic) {
  if (!topic->second.empty()) return std::next(topic);
  if (const auto mapped = mappings_.find(topic->first); mapped != mappings_.end()) {
    mappings_.erase(mapped);
  }
  return topics_.erase(topic);
}

void TopicQueues::remove_topic(std::string_view topic) {
  const auto found = topics_.find(topic);
  if (found == topics_.end()) return;
  found->second.clear();
  erase_if_unserved(found);
}

void TopicQueues::remove_topic(std::string_view topic, const std::set<std::string>& broker_names) {
  const auto found = topics_.find(topic);
  if (found == topics_.end()) return;
  for (const std::string& name : broker_names) found->second.erase(name);
  erase_if_unserved(found);
}

void TopicQueues::remove_broker(std::string_view broker_name) {
  remove_others(broker_name, [](const std::string&) { return false; });
}

size_t TopicQueues::remove_others(std::string_view broker_name,
                                  const std::function<bool(const std::string&)>& keep) {
  size_t removed = 0;
  for (auto topic = topics_.begin(); topic != topics_.end();) {
    const auto queues = topic->second.find(broker_name);
    if (queues == topic->second.end() || keep(topic->first)) {
      ++topic;
      continue;
    }
    topic->second.erase(queues);
    topic = erase_if_unserved(topic);
    ++removed;
  }
  return removed;
}

int32_t TopicQueues::change_perm(std::string_view broker_name,
                                 const std::function<int32_t(int32_t)>& change) {
  int32_t count = 0;
  for (auto& [topic, brokers] : topics_) {
    const auto queues = brokers.find(broker_name);
    if (queues == brokers.end()) continue;
    queues->second.perm = change(queues->second.perm);
    ++count;
  }
  return count;
}

std::set<std::string> TopicQueues::names() const {
  std::set<std::string> names;
  for (const auto& [topic, brokers] : topics_) names.insert(names.end(), topic);
  return names;
}

std::set<std::string> TopicQueues::names_of(const std::set<std::string>& broker_names) const {
  std::set<std::string> names;
  for (const auto& [topic, brokers] : topics_) {
    for (const std::string& broker : broker_names) {
      if (brokers.find(broker) == brokers.end()) continue;
      names.insert(names.end(), topic);
      break;
    }
  }
  return names;
}

std::set<std::string> TopicQueues::names_by_flag(const std::function<bool(int32_t)>& fits) const {
  std::set<std::string> names;
  for (const auto& [topic, brokers] : topics_) {
    if (fits(brokers.begin()->second.topic_sys_flag)) names.insert(names.end(), topic);
  }
  return names;
}

}  // namespace agena::namesrv
