#include "namesrv/route_table.h"

#include <algorithm>

#include "base/assert.h"
#include "base/log.h"

namespace agena::namesrv {
namespace {

constexpr BrokerId kMaster{0};
constexpr int64_t kSilenceMsLimit = 24 * 3600 * 1000;
constexpr std::string_view kSyncMemberPrefix = "rmq_sys_SYNC_BROKER_MEMBER_";

wire::QueueData queues_of(const std::string& broker_name, const wire::TopicConfig& topic,
                          bool may_write) {
  return {.broker_name = broker_name,
          .perm = may_write ? topic.perm : topic.perm & ~wire::kPermWrite,
          .read_queues = topic.read_queues,
          .topic_sys_flag = topic.sys_flag,
          .write_queues = topic.write_queues};
}

// When a server left, everybody else hears of it; when a new lowest id came, those that it passed.
MinIdNotice make_notice(const wire::BrokerData& broker, std::optional<std::string> offline_address,
                        std::optional<std::string> ha_address) {
  ASSERT(!broker.addresses.empty());
  const auto& [min_id, min_address] = *broker.addresses.begin();
  MinIdNotice notice{.min_id = min_id,
                     .min_address = min_address,
                     .offline_address = std::move(offline_address),
                     .ha_address = std::move(ha_address)};
  const bool to_all = notice.offline_address.has_value() || broker.addresses.size() == 1;
  for (const auto& [id, address] : broker.addresses) {
    if (to_all || id != min_id) notice.to.push_back(address);
  }
  return notice;
}

}  // namespace

Status RouteTable::check_cluster(const Registrant& from) const {
  const auto broker = brokers_.find(from.broker_name);
  if (broker == brokers_.end() || broker->second.cluster == from.server.cluster) return ok();
  AGENA_LOG(warn, "namesrv", "refused {} at {}: it says cluster {}, but {} is alive in cluster {}",
            from.broker_name, from.server.address, from.server.cluster, from.broker_name,
            broker->second.cluster);
  return Error{Errc::system_error, "broker name " + from.broker_name + " is in use by cluster " +
                                       broker->second.cluster +
                                       ", until its servers there are gone"};
}

bool RouteTable::take_id(const Registrant& from, const wire::DataVersion& version,
                         const wire::BrokerData& broker) {
  const auto holder = broker.addresses.find(from.broker_id);
  if (holder == broker.addresses.end() || holder->second == from.server.address) return true;
  const auto live = live_.find({from.server.cluster, holder->second});
  ASSERT(live != live_.end());
  const bool is_older = live->second.data_version.state_version > version.state_version;
  note_contest(from, holder->second, !is_older);
  if (!is_older) live_.erase(live);
  return !is_older;
}

void RouteTable::note_contest(const Registrant& from, const std::string& holder, bool is_taken) {
  constexpr size_t kContestsMax = 1'000;
  const auto [low, high] = std::minmax(holder, from.server.address);
  if (contests_.size() >= kContestsMax) contests_.clear();
  int& times = contests_[{from.broker_name, from.broker_id, low, high}];
  if (times >= 2) return;
  if (times++ == 0) {
    AGENA_LOG(warn, "namesrv", "{} id {} is alive at {} while {} registers for it: {}",
              from.broker_name, from.broker_id.value, holder, from.server.address,
              is_taken ? "replaced" : "ignored, its state is older");
    return;
  }
  AGENA_LOG(error, "namesrv",
            "{} and {} both want to be {} id {}, again and again; clients reach the one that {}: "
            "give one of them another brokerId or brokerName (this is not said again)",
            low, high, from.broker_name, from.broker_id.value,
            is_taken ? "registered last" : "has the newer state");
}

bool RouteTable::is_known(const BrokerServer& server, const wire::DataVersion& version) const {
  const auto live = live_.find(server);
  return live != live_.end() && live->second.data_version == version;
}

Result<Registered> RouteTable::add_broker(const Registrant& from, const wire::Registration& body,
                                          const RouteRules& rules, MonoNanos now) {
  MutexLock lock(mutex_);
  TRY_OK(check_cluster(from));
  const auto known = brokers_.find(from.broker_name);
  const bool has_id = known != brokers_.end() && known->second.addresses.count(from.broker_id) > 0;
  // Single topics are registered only after the broker itself.
  if (!has_id && body.topics.topics.size() == 1) {
    return Error{Errc::system_error, "register broker failed"};
  }

  Registered result;
  if (const auto live = live_.find(from.server);
      live != live_.end() && live->second.broker_name != from.broker_name) {
    remove_server(from.server, rules, result.notices);
  }
  auto& broker = brokers_[from.broker_name];
  ASSERT(broker.broker_name.empty() || broker.broker_name == from.broker_name);
  broker.broker_name = from.broker_name;
  broker.cluster = from.server.cluster;
  const bool had_servers = !broker.addresses.empty();
  const BrokerId min_before = had_servers ? broker.addresses.begin()->first : kMaster;
  // A slave that became master registers under a new id: its old id goes.
  std::erase_if(broker.addresses, [&](const auto& entry) {
    return entry.second == from.server.address && entry.first != from.broker_id;
  });
  if (!take_id(from, body.topics.data_version, broker)) {
    live_.erase(from.server);
    return result;
  }
  broker.enable_acting_master = from.enable_acting_master.value_or(false);
  broker.zone_name = from.zone_name;
  clusters_[from.server.cluster].insert(from.broker_name);
  const bool is_first =
      broker.addresses.insert_or_assign(from.broker_id, from.server.address).second;

  ASSERT(broker.addresses.contains(from.broker_id));
  take_topics(from, body, is_first, rules);
  take_live(from, body, now);

  if (from.broker_id < min_before && rules.notify_min_broker_id_changed) {
    result.notices.push_back(make_notice(broker, {}, from.ha_address));
  }
  const auto master = broker.addresses.find(kMaster);
  if (from.broker_id == kMaster || master == broker.addresses.end()) return result;
  if (const auto live = live_.find({from.server.cluster, master->second}); live != live_.end()) {
    result.master_address = master->second;
    result.ha_address = live->second.ha_address;
  }
  return result;
}

// The master speaks for its broker name. While there is none, the slave with the lowest id does,
// if it is new enough to know of acting masters.
void RouteTable::take_topics(const Registrant& from, const wire::Registration& body, bool is_first,
                             const RouteRules& rules) {
  const wire::BrokerData& broker = brokers_.find(from.broker_name)->second;
  const bool is_master = from.broker_id == kMaster;
  const bool is_prime_slave = !is_master && from.enable_acting_master.has_value() &&
                              from.broker_id == broker.addresses.begin()->first;
  if (!is_master && !is_prime_slave) return;
  const auto& topics = body.topics.topics;
  if (rules.delete_topic_with_broker_registration && body.topics.mappings.empty()) {
    const size_t removed = topics_.remove_others(
        from.broker_name, [&](const std::string& topic) { return topics.count(topic) > 0; });
    if (removed > 0) {
      AGENA_LOG(info, "namesrv", "{} no longer has {} topics", from.broker_name, removed);
    }
  }
  const bool is_changed = is_first || !is_known(from.server, body.topics.data_version);
  const bool may_write = !(is_prime_slave && broker.enable_acting_master);
  size_t updated = 0;
  for (const auto& [name, topic] : topics) {
    if (!is_changed && topics_.serves(topic.name, from.broker_name)) continue;
    updated += topics_.update(topic.name, queues_of(from.broker_name, topic, may_write)) ? 1 : 0;
  }
  for (const auto& [topic, mapping] : body.topics.mappings) topics_.update_mapping(topic, mapping);
  if (updated > 0) {
    AGENA_LOG(info, "namesrv", "{} registered {} new or changed topics of {}", from.broker_name,
              updated, topics.size());
  }
}

void RouteTable::take_live(const Registrant& from, const wire::Registration& body, MonoNanos now) {
  const auto [live, is_new] = live_.try_emplace(from.server);
  live->second = {.broker_name = from.broker_name,
                  .broker_id = from.broker_id,
                  .heard = now,
                  .silence_ms_max = std::clamp<int64_t>(
                      from.heartbeat_timeout_ms.value_or(kBrokerSilenceMsMax), 0, kSilenceMsLimit),
                  .data_version = body.topics.data_version,
                  .connection = from.connection,
                  .ha_address = from.ha_address,
                  .filter_servers = body.filter_servers};
  if (is_new) {
    AGENA_LOG(info, "namesrv", "broker {} id {} of {} registered from {}", from.broker_name,
              from.broker_id.value, from.server.cluster, from.server.address);
  }
}

Notices RouteTable::remove_broker(const BrokerServer& server, std::string_view broker_name,
                                  const RouteRules& rules) {
  MutexLock lock(mutex_);
  Notices notices;
  const auto live = live_.find(server);
  if (live != live_.end() && live->second.broker_name == broker_name) {
    remove_server(server, rules, notices);
  }
  return notices;
}

Notices RouteTable::remove_connection(rpc::ConnectionId connection, const RouteRules& rules) {
  MutexLock lock(mutex_);
  std::vector<BrokerServer> gone;
  for (const auto& [server, live] : live_) {
    if (live.connection == connection) gone.push_back(server);
  }
  Notices notices;
  for (BrokerServer& server : gone) remove_server(std::move(server), rules, notices);
  return notices;
}

RouteTable::Expired RouteTable::expire(MonoNanos now, const RouteRules& rules) {
  MutexLock lock(mutex_);
  std::vector<BrokerServer> gone;
  Expired expired;
  for (const auto& [server, live] : live_) {
    if (now - live.heard <= live.silence_ms_max * kNanosPerMilli) continue;
    AGENA_LOG(warn, "namesrv", "{} at {} has been silent for more than {} ms", live.broker_name,
              server.address, live.silence_ms_max);
    gone.push_back(server);
    expired.connections.push_back(live.connection);
  }
  for (BrokerServer& server : gone) remove_server(std::move(server), rules, expired.notices);
  return expired;
}

void RouteTable::remove_server(BrokerServer server, const RouteRules& rules, Notices& notices) {
  const auto live = live_.find(server);
  ASSERT(live != live_.end());
  const std::string broker_name = std::move(live->second.broker_name);
  live_.erase(live);
  const auto found = brokers_.find(broker_name);
  ASSERT(found != brokers_.end(), "every live server has its broker name");
  wire::BrokerData& broker = found->second;
  ASSERT(!broker.addresses.empty(), "a name is forgotten with its last server");
  const BrokerId min_before = broker.addresses.begin()->first;
  const size_t removed = std::erase_if(
      broker.addresses, [&](const auto& entry) { return entry.second == server.address; });
  ASSERT(removed == 1, "a server has one id");
  AGENA_LOG(info, "namesrv", "a server of broker {} left: {}", broker_name, server.address);
  if (broker.addresses.empty()) {
    forget_name(server.cluster, broker_name);
    return;
  }
  if (!broker.enable_acting_master) return;
  const BrokerId min_now = broker.addresses.begin()->first;
  if (min_now != kMaster) {
    topics_.change_perm(broker_name, [](int32_t perm) { return perm & ~wire::kPermWrite; });
  }
  if (min_now != min_before && rules.notify_min_broker_id_changed) {
    notices.push_back(make_notice(broker, std::move(server.address), {}));
  }
}

void RouteTable::forget_name(std::string_view cluster, std::string_view broker_name) {
  topics_.remove_broker(broker_name);
  std::erase_if(contests_, [&](const auto& each) { return each.first.broker_name == broker_name; });
  const auto broker = brokers_.find(broker_name);
  ASSERT(broker != brokers_.end() && broker->second.addresses.empty(), "the last server left");
  brokers_.erase(broker);
  const auto names = clusters_.find(cluster);
  if (names == clusters_.end()) return;
  names->second.erase(std::string(broker_name));
  if (names->second.empty()) clusters_.erase(names);
}

void RouteTable::heard_from(const BrokerServer& server, MonoNanos now) {
  MutexLock lock(mutex_);
  if (const auto live = live_.find(server); live != live_.end()) live->second.heard = now;
}

std::optional<wire::DataVersion> RouteTable::data_version(const BrokerServer& server) const {
  MutexLock lock(mutex_);
  const auto live = live_.find(server);
  if (live == live_.end()) return std::nullopt;
  return live->second.data_version;
}

std::optional<wire::TopicRouteData> RouteTable::route(std::string_view topic,
                                                      const RouteRules& rules) const {
  wire::TopicRouteData route;
  {
    MutexLock lock(mutex_);
    const TopicQueues::ByBroker* served = topics_.find(topic);
    if (served == nullptr) return std::nullopt;
    for (const auto& [name, queues] : *served) {
      route.queues.push_back(queues);
      const auto broker = brokers_.find(name);
      if (broker == brokers_.end()) continue;
      route.brokers.push_back(broker->second);
      for (const auto& [id, address] : broker->second.addresses) {
        const auto live = live_.find({broker->second.cluster, address});
        if (live == live_.end() || live->second.filter_servers.empty()) continue;
        route.filter_servers[address] = live->second.filter_servers;
      }
    }
    if (const auto* mappings = topics_.find_mappings(topic)) route.mapping_by_broker = *mappings;
  }
  if (route.brokers.empty()) return std::nullopt;
  if (rules.support_acting_master && !topic.starts_with(kSyncMemberPrefix)) {
    publish_acting_master(route);
  }
  return route;
}

// Where the master is gone and nothing can be written, the slave with the lowest id is shown in its
// place, so that clients go on reading, locking and asking for offsets.
void RouteTable::publish_acting_master(wire::TopicRouteData& route) {
  for (wire::BrokerData& broker : route.brokers) {
    auto& addresses = broker.addresses;
    if (addresses.empty() || addresses.count(kMaster) > 0 || !broker.enable_acting_master) continue;
    const auto queues = std::find_if(
        route.queues.begin(), route.queues.end(),
        [&](const wire::QueueData& data) { return data.broker_name == broker.broker_name; });
    if (queues == route.queues.end() || (queues->perm & wire::kPermWrite) != 0) continue;
    auto lowest = addresses.extract(addresses.begin());
    lowest.key() = kMaster;
    addresses.insert(std::move(lowest));
  }
}

}  // namespace agena::namesrv
