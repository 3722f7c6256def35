#include "broker/client_table.h"

#include <algorithm>

#include "base/assert.h"
#include "base/log.h"

namespace agena::broker {

// A newer version of a subscription replaces the older; topics no longer named are dropped.
bool ClientTable::update_subscriptions(Group& group, const wire::ConsumerData& data) {
  bool changed = false;
  std::set<std::string_view> topics;
  for (const auto& wanted : data.subscriptions) {
    topics.insert(wanted.topic);
    SubscriptionRef& known = group.subscriptions[wanted.topic];
    if (known && wanted.sub_version <= known->data.sub_version) continue;
    // A pull consumer renews its version at each heartbeat; only other words are news.
    changed |= !known || (data.consume_type == wire::ConsumeType::passively &&
                          (wanted.sub_string != known->data.sub_string ||
                           wanted.expression_type != known->data.expression_type));
    known = std::make_shared<const Subscription>(
        Subscription{wanted, message::parse_tag_subscription(wanted.sub_string)});
  }
  changed |= std::erase_if(group.subscriptions,
                           [&](const auto& entry) { return !topics.contains(entry.first); }) > 0;
  return changed;
}

bool ClientTable::note(std::set<Membership>& of_connection, Membership membership) {
  if (of_connection.size() >= kMembershipsMax && !of_connection.contains(membership)) {
    AGENA_LOG(warn, "broker",
              "client {} is not registered in group {}: its connection has {} already",
              membership.client_id, membership.group, of_connection.size());
    return false;
  }
  of_connection.insert(std::move(membership));
  return true;
}

ClientTable::Clients::const_iterator ClientTable::first_of(const Clients& clients,
                                                           std::string_view client_id) {
  return clients.lower_bound(ClientKey{std::string(client_id), {}});
}

bool ClientTable::has(const Clients& clients, std::string_view client_id) {
  auto at = first_of(clients, client_id);
  return at != clients.end() && at->first.client_id == client_id;
}

bool ClientTable::register_consumer(const wire::ConsumerData& data, const ClientInfo& client,
                                    bool keeps_subscriptions) {
  MutexLock lock(mutex_);
  auto& theirs = by_connection_[client.connection_id].consumers;
  if (!note(theirs, {data.group_name, client.client_id})) return false;
  Group& group = consumers_.try_emplace(data.group_name).first->second;
  group.facts.name = data.group_name;
  group.facts.consume_type = data.consume_type;
  group.facts.message_model = data.message_model;
  group.facts.consume_from_where = data.consume_from_where;
  const bool is_new = !has(group.clients, client.client_id);
  group.clients[{client.client_id, client.connection_id}] = client;
  bool subscriptions_changed = !keeps_subscriptions && update_subscriptions(group, data);
  if (!keeps_subscriptions) group.is_outdated = false;
  if (is_new) {
    AGENA_LOG(info, "broker", "consumer {} joined group {} from {}", client.client_id,
              data.group_name, client.address);
  }
  return is_new || subscriptions_changed;
}

void ClientTable::register_producer(std::string_view group, const ClientInfo& client) {
  MutexLock lock(mutex_);
  auto& theirs = by_connection_[client.connection_id].producers;
  if (!note(theirs, {std::string(group), client.client_id})) return;
  Clients& clients = producers_.try_emplace(std::string(group)).first->second;
  clients[{client.client_id, client.connection_id}] = client;
}

bool ClientTable::unregister_consumer(std::string_view group, std::string_view client_id,
                                      rpc::ConnectionId connection) {
  MutexLock lock(mutex_);
  if (auto theirs = by_connection_.find(connection); theirs != by_connection_.end()) {
    theirs->second.consumers.erase({std::string(group), std::string(client_id)});
  }
  return drop_consumer(group, client_id, connection);
}

bool ClientTable::drop_consumer(std::string_view group, std::string_view client_id,
                                rpc::ConnectionId connection) {
  auto at = consumers_.find(group);
  if (at == consumers_.end()) return false;
  Clients& clients = at->second.clients;
  if (clients.erase({std::string(client_id), connection}) == 0) return false;
  const bool left = !has(clients, client_id);
  if (left) AGENA_LOG(info, "broker", "consumer {} left group {}", client_id, group);
  if (clients.empty()) consumers_.erase(at);
  return left;
}

void ClientTable::unregister_producer(std::string_view group, std::string_view client_id,
                                      rpc::ConnectionId connection) {
  MutexLock lock(mutex_);
  if (auto theirs = by_connection_.find(connection); theirs != by_connection_.end()) {
    theirs->second.producers.erase({std::string(group), std::string(client_id)});
  }
  drop_producer(group, client_id, connection);
}

void ClientTable::drop_producer(std::string_view group, std::string_view client_id,
                                rpc::ConnectionId connection) {
  auto at = producers_.find(group);
  if (at == producers_.end()) return;
  at->second.erase({std::string(client_id), connection});
  if (at->second.empty()) producers_.erase(at);
}

std::vector<std::string> ClientTable::on_connection_closed(rpc::ConnectionId connection) {
  std::vector<std::string> changed;
  MutexLock lock(mutex_);
  auto theirs = by_connection_.extract(connection);
  if (theirs.empty()) return changed;
  for (const auto& [group, client_id] : theirs.mapped().consumers) {
    if (!drop_consumer(group, client_id, connection)) continue;
    if (changed.empty() || changed.back() != group) changed.push_back(group);
  }
  for (const auto& [group, client_id] : theirs.mapped().producers) {
    drop_producer(group, client_id, connection);
  }
  return changed;
}

std::vector<std::string> ClientTable::expire(MonoNanos now, int64_t silence_ms_max) {
  std::vector<std::string> changed;
  auto silent = [&](const auto& entry) {
    return now - entry.second.heard_at > silence_ms_max * kNanosPerMilli;
  };
  MutexLock lock(mutex_);
  for (auto at = consumers_.begin(); at != consumers_.end();) {
    if (std::erase_if(at->second.clients, silent) > 0) changed.push_back(at->first);
    at = at->second.clients.empty() ? consumers_.erase(at) : std::next(at);
  }
  for (auto at = producers_.begin(); at != producers_.end();) {
    std::erase_if(at->second, silent);
    at = at->second.empty() ? producers_.erase(at) : std::next(at);
  }
  return changed;
}

bool ClientTable::fingerprint_changed(std::string_view group, int32_t fingerprint) {
  MutexLock lock(mutex_);
  auto [at, is_new] = fingerprints_.try_emplace(std::string(group), fingerprint);
  bool changed = !is_new && at->second != fingerprint;
  at->second = fingerprint;
  return changed;
}

void ClientTable::note_outdated(std::string_view group) {
  MutexLock lock(mutex_);
  auto at = consumers_.find(group);
  if (at != consumers_.end()) at->second.is_outdated = true;
}

bool ClientTable::has_subscriptions(std::string_view group) const {
  MutexLock lock(mutex_);
  auto at = consumers_.find(group);
  return at != consumers_.end() && !at->second.subscriptions.empty() && !at->second.is_outdated;
}

std::optional<ConsumerGroup> ClientTable::consumer_group(std::string_view group) const {
  MutexLock lock(mutex_);
  auto at = consumers_.find(group);
  if (at == consumers_.end()) return std::nullopt;
  ASSERT(!at->second.clients.empty(), "a group goes with its last member");
  ConsumerGroup out = at->second.facts;
  ASSERT(out.members.empty() && out.subscriptions.empty(), "they are kept beside");
  for (const auto& [topic, one] : at->second.subscriptions) out.subscriptions[topic] = one->data;
  for (const auto& [id, client] : at->second.clients) out.members.push_back(client);
  return out;
}

std::optional<ClientTable::Reading> ClientTable::reading(std::string_view group,
                                                         std::string_view topic) const {
  MutexLock lock(mutex_);
  auto at = consumers_.find(group);
  if (at == consumers_.end()) return std::nullopt;
  Reading out{at->second.facts.message_model, {}};
  auto found = at->second.subscriptions.find(topic);
  if (found != at->second.subscriptions.end()) out.subscription = found->second;
  return out;
}

std::optional<wire::SubscriptionData> ClientTable::subscription(std::string_view group,
                                                                std::string_view topic) const {
  auto live = reading(group, topic);
  if (!live || !live->subscription) return std::nullopt;
  return live->subscription->data;
}

std::vector<ClientInfo> ClientTable::consumers(std::string_view group) const {
  std::vector<ClientInfo> out;
  MutexLock lock(mutex_);
  auto at = consumers_.find(group);
  if (at == consumers_.end()) return out;
  for (const auto& [id, client] : at->second.clients) out.push_back(client);
  return out;
}

std::optional<ClientInfo> ClientTable::consumer(std::string_view group,
                                                std::string_view client_id) const {
  MutexLock lock(mutex_);
  auto at = consumers_.find(group);
  if (at == consumers_.end()) return std::nullopt;
  std::optional<ClientInfo> newest;
  const Clients& clients = at->second.clients;
  for (auto each = first_of(clients, client_id);
       each != clients.end() && each->first.client_id == client_id; ++each) {
    if (!newest || newest->heard_at <= each->second.heard_at) newest = each->second;
  }
  return newest;
}

std::vector<ClientInfo> ClientTable::producers(std::string_view group) const {
  std::vector<ClientInfo> out;
  MutexLock lock(mutex_);
  auto at = producers_.find(group);
  if (at == producers_.end()) return out;
  ASSERT(!at->second.empty(), "a group goes with its last member");
  for (const auto& [id, client] : at->second) out.push_back(client);
  return out;
}

std::map<std::string, std::vector<ClientInfo>> ClientTable::all_producers() const {
  std::map<std::string, std::vector<ClientInfo>> out;
  MutexLock lock(mutex_);
  for (const auto& [group, clients] : producers_) {
    for (const auto& [id, client] : clients) out[group].push_back(client);
  }
  return out;
}

std::vector<std::string> ClientTable::consumer_groups() const {
  std::vector<std::string> out;
  MutexLock lock(mutex_);
  for (const auto& [name, group] : consumers_) out.push_back(name);
  return out;
}

std::vector<std::string> ClientTable::groups_subscribed_to(std::string_view topic) const {
  std::vector<std::string> out;
  MutexLock lock(mutex_);
  for (const auto& [name, group] : consumers_) {
    if (group.subscriptions.contains(topic)) out.push_back(name);
  }
  return out;
}

}  // namespace agena::broker
