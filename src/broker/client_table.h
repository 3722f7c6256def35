// Who is connected: producers and consumers by group, and what consumers subscribe to.
//
// Over:     wire/bodies/heartbeat.h, rpc/connection.h.  Under: handlers/ (clients, pull, views).
// Threads:  any.
// Life:     a heartbeat makes or refreshes a member; it ends with unregister, with its connection
//           (some clients never say goodbye), or 120 s after its last heartbeat.
// Actions:  methods return the groups whose members changed; the caller tells the others
//           (group_notices.h).
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/string_key.h"
#include "base/thread.h"
#include "message/tag.h"
#include "rpc/connection.h"
#include "wire/bodies/heartbeat.h"

namespace agena::broker {

struct ClientInfo {
  std::string client_id;
  std::weak_ptr<rpc::Connection> connection;
  rpc::ConnectionId connection_id;
  std::string address;  // ip:port of the client.
  wire::Language language = wire::Language::other;
  int32_t version = 0;
  UnixMillis last_heard;  // For views.
  MonoNanos heard_at;     // For expiry: no change of the wall clock makes anybody leave.
};

// What a group takes of a topic, parsed once for all its pulls.
struct Subscription {
  wire::SubscriptionData data;
  Result<message::TagSubscription> tags;
};
using SubscriptionRef = std::shared_ptr<const Subscription>;

struct ConsumerGroup {
  std::string name;
  wire::ConsumeType consume_type = wire::ConsumeType::passively;
  wire::MessageModel message_model = wire::MessageModel::clustering;
  wire::ConsumeFromWhere consume_from_where = wire::ConsumeFromWhere::last_offset;
  std::map<std::string, wire::SubscriptionData> subscriptions;  // By topic.
  std::vector<ClientInfo> members;  // By client id; twice with two connections.
};

class ClientTable {
 public:
  // Groups and ids of one connection, each for producers and consumers: no client has that many,
  // and what is beyond is not registered.
  static constexpr size_t kMembershipsMax = 10'000;

  // True when members or subscriptions of the group changed. `keeps_subscriptions`: the heartbeat
  // came without them (V2), the known ones stand.
  bool register_consumer(const wire::ConsumerData& data, const ClientInfo& client,
                         bool keeps_subscriptions);
  void register_producer(std::string_view group, const ClientInfo& client);
  // True when a consumer left.
  bool unregister_consumer(std::string_view group, std::string_view client_id,
                           rpc::ConnectionId connection);
  void unregister_producer(std::string_view group, std::string_view client_id,
                           rpc::ConnectionId connection);
  // The consumer groups that lost a member.
  std::vector<std::string> on_connection_closed(rpc::ConnectionId connection);
  std::vector<std::string> expire(MonoNanos now, int64_t silence_ms_max);

  // Request 34, V2: whether the group's last fingerprint was another one. Remembers this one.
  bool fingerprint_changed(std::string_view group, int32_t fingerprint);

  // A member pulls with a newer subscription than the group's last full heartbeat brought. Java
  // clients lose that heartbeat now and then, and short ones never bring it.
  void note_outdated(std::string_view group);
  // Whether a short heartbeat is enough: the group's subscriptions are here, and none is outdated.
  bool has_subscriptions(std::string_view group) const;
  std::optional<ConsumerGroup> consumer_group(std::string_view group) const;
  // What each pull asks: how a live group reads, and what it takes of the topic. Its members, who
  // may be many, are left out.
  struct Reading {
    wire::MessageModel message_model;
    SubscriptionRef subscription;  // May be null.
  };
  std::optional<Reading> reading(std::string_view group, std::string_view topic) const;
  std::optional<wire::SubscriptionData> subscription(std::string_view group,
                                                     std::string_view topic) const;
  std::vector<ClientInfo> consumers(std::string_view group) const;
  std::optional<ClientInfo> consumer(std::string_view group, std::string_view client_id) const;
  std::vector<ClientInfo> producers(std::string_view group) const;
  std::map<std::string, std::vector<ClientInfo>> all_producers() const;
  std::vector<std::string> consumer_groups() const;
  std::vector<std::string> groups_subscribed_to(std::string_view topic) const;

 private:
  // Two processes may use one client id, and one may have two connections for a while: the group
  // loses nobody as long as one of them lives.
  struct ClientKey {
    std::string client_id;
    rpc::ConnectionId connection;
    friend auto operator<=>(const ClientKey&, const ClientKey&) = default;
  };
  using Clients = std::map<ClientKey, ClientInfo>;
  struct Group {
    ConsumerGroup facts;  // Without `subscriptions` and `members`, which are below.
    std::map<std::string, SubscriptionRef, std::less<>> subscriptions;  // By topic.
    Clients clients;
    bool is_outdated = false;
  };
  // What a connection has registered, so that its end need not look at everybody.
  struct Membership {
    std::string group;
    std::string client_id;
    friend auto operator<=>(const Membership&, const Membership&) = default;
  };
  struct Memberships {
    std::set<Membership> consumers, producers;
  };
  static Clients::const_iterator first_of(const Clients& clients, std::string_view client_id);
  static bool has(const Clients& clients, std::string_view client_id);
  static bool update_subscriptions(Group& group, const wire::ConsumerData& data);
  // False when the connection has too many already.
  static bool note(std::set<Membership>& of_connection, Membership membership);
  // True when nobody of that id is left in the group.
  bool drop_consumer(std::string_view group, std::string_view client_id,
                     rpc::ConnectionId connection) REQUIRES(mutex_);
  void drop_producer(std::string_view group, std::string_view client_id,
                     rpc::ConnectionId connection) REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::unordered_map<rpc::ConnectionId, Memberships> by_connection_ GUARDED_BY(mutex_);
  std::unordered_map<std::string, Group, StringKeyHash, std::equal_to<>> consumers_
      GUARDED_BY(mutex_);
  std::unordered_map<std::string, Clients, StringKeyHash, std::equal_to<>> producers_
      GUARDED_BY(mutex_);
  std::unordered_map<std::string, int32_t, StringKeyHash, std::equal_to<>> fingerprints_
      GUARDED_BY(mutex_);
};

}  // namespace agena::broker
