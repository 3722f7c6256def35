// Every live broker and what it serves: the one fact base behind all answers of the name server.
//
// Over:    topic_queues.h, wire/bodies/.  Under: handlers, name_server.h.
// Threads: any; one mutex, held for a look-up or an update, never for I/O. Notices that follow from
//          a change are returned for the caller to send.
// Time:    given as argument, on the monotonic clock.
// Source:  the Java name server's rules, apart from these, on purpose:
//          - a broker name stays with its cluster while one of its servers is alive, so that a
//            stranger cannot pull a name over to another cluster;
//          - a refused registration leaves no traces;
//          - a server that took over another's id, or changed its name, leaves nothing behind.
// Invariant: each address in brokers_ has its entry in live_, and the other way round.
// Memory only: brokers register again after a restart.
#pragma once
#include <compare>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/thread.h"
#include "namesrv/topic_queues.h"
#include "rpc/connection.h"
#include "wire/bodies/cluster.h"
#include "wire/bodies/registration.h"
#include "wire/bodies/topic_list.h"

namespace agena::namesrv {

inline constexpr int64_t kBrokerSilenceMsMax = 120'000;  // Unless the broker asked for another.

// Settings that may change while we run; see options.h for what they mean to operators.
struct RouteRules {
  bool delete_topic_with_broker_registration = false;
  bool support_acting_master = false;
  bool notify_min_broker_id_changed = false;
};

// One server: an address within a cluster.
struct BrokerServer {
  std::string cluster = {};
  std::string address = {};
  friend auto operator<=>(const BrokerServer&, const BrokerServer&) = default;
};

struct Registrant {
  BrokerServer server;
  std::string broker_name = {};
  BrokerId broker_id;
  std::string ha_address = {};
  std::optional<std::string> zone_name = {};
  std::optional<int64_t> heartbeat_timeout_ms = {};
  std::optional<bool> enable_acting_master = {};  // Brokers before 5.0 do not say.
  rpc::ConnectionId connection;
};

// To be told to the brokers at `to`: the lowest id of their broker name is now `min_id`.
struct MinIdNotice {
  std::vector<std::string> to = {};
  BrokerId min_id;
  std::string min_address = {};
  std::optional<std::string> offline_address = {};
  std::optional<std::string> ha_address = {};
};
using Notices = std::vector<MinIdNotice>;

struct Registered {
  std::optional<std::string> master_address = {};  // For slaves whose master is alive.
  std::optional<std::string> ha_address = {};
  Notices notices = {};
};

class RouteTable {
 public:
  // Code 1 when the registrant is refused. A registrant whose state is older than that of the
  // server it would replace is ignored, but told nothing of it, as brokers expect.
  Result<Registered> add_broker(const Registrant& from, const wire::Registration& body,
                                const RouteRules& rules, MonoNanos now) EXCLUDES(mutex_);
  // Ignored when no such server is alive under that name.
  Notices remove_broker(const BrokerServer& server, std::string_view broker_name,
                        const RouteRules& rules) EXCLUDES(mutex_);
  // All servers that registered last through this connection.
  Notices remove_connection(rpc::ConnectionId connection, const RouteRules& rules) EXCLUDES(mutex_);
  struct Expired {
    std::vector<rpc::ConnectionId> connections = {};
    Notices notices = {};
  };
  Expired expire(MonoNanos now, const RouteRules& rules) EXCLUDES(mutex_);
  void heard_from(const BrokerServer& server, MonoNanos now) EXCLUDES(mutex_);

  // Brokers' own knowledge of themselves.
  std::optional<wire::DataVersion> data_version(const BrokerServer& server) const EXCLUDES(mutex_);
  wire::BrokerMemberGroup members(std::string_view cluster, std::string_view broker_name) const
      EXCLUDES(mutex_);
  wire::ClusterInfo clusters() const EXCLUDES(mutex_);

  // Nothing when no live broker serves the topic.
  std::optional<wire::TopicRouteData> route(std::string_view topic, const RouteRules& rules) const
      EXCLUDES(mutex_);
  // Ignored when a broker among `queues` is not known.
  void add_topic(std::string_view topic, const std::vector<wire::QueueData>& queues)
      EXCLUDES(mutex_);
  void remove_topic(std::string_view topic) EXCLUDES(mutex_);
  void remove_topic(std::string_view topic, std::string_view cluster) EXCLUDES(mutex_);
  int32_t wipe_write_perm(std::string_view broker_name) EXCLUDES(mutex_);
  int32_t add_write_perm(std::string_view broker_name) EXCLUDES(mutex_);

  wire::TopicList all_topics() const EXCLUDES(mutex_);
  wire::TopicList topics_of_cluster(std::string_view cluster) const EXCLUDES(mutex_);
  wire::TopicList system_topics() const EXCLUDES(mutex_);
  wire::TopicList unit_topics() const EXCLUDES(mutex_);
  wire::TopicList unit_sub_topics() const EXCLUDES(mutex_);
  wire::TopicList unit_sub_ununit_topics() const EXCLUDES(mutex_);

 private:
  struct Live {
    std::string broker_name = {};
    BrokerId broker_id;
    MonoNanos heard;
    int64_t silence_ms_max = kBrokerSilenceMsMax;
    wire::DataVersion data_version = {};
    rpc::ConnectionId connection;
    std::string ha_address = {};
    std::vector<std::string> filter_servers = {};
  };
  using Brokers = std::map<std::string, wire::BrokerData, std::less<>>;

  Status check_cluster(const Registrant& from) const REQUIRES(mutex_);
  // False when the id is held, elsewhere, by a server of a newer state. Any other holder goes, as
  // a server that moved to another address must find its place at once.
  bool take_id(const Registrant& from, const wire::DataVersion& version,
               const wire::BrokerData& broker) REQUIRES(mutex_);
  // Each pair of servers that wants the same id is told of twice and no more: when it may be a
  // move, and when the id has gone back, which no move does.
  void note_contest(const Registrant& from, const std::string& holder, bool is_taken)
      REQUIRES(mutex_);
  void take_topics(const Registrant& from, const wire::Registration& body, bool is_first,
                   const RouteRules& rules) REQUIRES(mutex_);
  void take_live(const Registrant& from, const wire::Registration& body, MonoNanos now)
      REQUIRES(mutex_);
  void remove_server(BrokerServer server, const RouteRules& rules, Notices& notices)
      REQUIRES(mutex_);
  void forget_name(std::string_view cluster, std::string_view broker_name) REQUIRES(mutex_);
  bool is_known(const BrokerServer& server, const wire::DataVersion& version) const
      REQUIRES(mutex_);
  static void publish_acting_master(wire::TopicRouteData& route);

  mutable Mutex mutex_;
  TopicQueues topics_ GUARDED_BY(mutex_);
  Brokers brokers_ GUARDED_BY(mutex_);  // No entry is without an address while nobody holds mutex_.
  std::map<std::string, std::set<std::string>, std::less<>> clusters_ GUARDED_BY(mutex_);
  std::map<BrokerServer, Live> live_ GUARDED_BY(mutex_);
  struct Contest {
    std::string broker_name = {};
    BrokerId broker_id;
    std::string a = {}, b = {};  // Addresses, in order.
    friend auto operator<=>(const Contest&, const Contest&) = default;
  };
  std::map<Contest, int> contests_ GUARDED_BY(mutex_);  // How often it was seen; bounded.
};

}  // namespace agena::namesrv
