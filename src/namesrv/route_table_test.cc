// Goal: brokers come, change and go as the Java name server has it, and nothing stale is left.
// Method: registrations against one table with times of our own; golden vectors 7, 10 and 36 of the
// Java tests, the announced differences one by one.
#include "namesrv/route_table.h"

#include <gtest/gtest.h>

#include "base/log.h"

namespace agena::namesrv {
namespace {

constexpr MonoNanos kNow{1'000 * kNanosPerSecond};

MonoNanos after_ms(int64_t ms) {
  return kNow + ms * kNanosPerMilli;
}

struct Broker {
  std::string name = "a";
  BrokerId id{0};
  std::string address = "10.0.0.1:10911";
  std::string cluster = "c";
  std::optional<bool> acting_master = {};
  uint64_t connection = 1;
  std::optional<int64_t> timeout_ms = {};
};

Registrant registrant(const Broker& from) {
  return {.server = {from.cluster, from.address},
          .broker_name = from.name,
          .broker_id = from.id,
          .ha_address = from.address + "+1",
          .heartbeat_timeout_ms = from.timeout_ms,
          .enable_acting_master = from.acting_master,
          .connection = rpc::ConnectionId(from.connection)};
}

wire::DataVersion version(int64_t counter, int64_t state = 0) {
  return {.counter = counter, .state_version = state, .timestamp = UnixMillis(5)};
}

wire::Registration topics(const std::vector<std::string>& names,
                          wire::DataVersion data_version = version(1)) {
  wire::Registration body;
  body.topics.data_version = data_version;
  for (const std::string& name : names) body.topics.topics[name] = {.name = name};
  return body;
}

class RouteTableTest : public ::testing::Test {
 protected:
  void SetUp() override { set_log_level(LogLevel::error); }

  Registered add(const Broker& from, const wire::Registration& body, MonoNanos now = kNow) {
    auto result = table_.add_broker(registrant(from), body, rules_, now);
    EXPECT_TRUE(result) << describe(result.error());
    return result ? *result : Registered{};
  }
  std::optional<Error> refusal(const Broker& from, const wire::Registration& body) {
    auto result = table_.add_broker(registrant(from), body, rules_, kNow);
    if (result) return std::nullopt;
    return result.error();
  }
  Notices remove(const Broker& from) {
    return table_.remove_broker({from.cluster, from.address}, from.name, rules_);
  }
  std::map<BrokerId, std::string> addresses(const std::string& topic) {
    const auto route = table_.route(topic, rules_);
    return route && route->brokers.size() == 1 ? route->brokers[0].addresses
                                               : std::map<BrokerId, std::string>();
  }
  int32_t perm(const std::string& topic) {
    const auto route = table_.route(topic, rules_);
    return route && route->queues.size() == 1 ? route->queues[0].perm : -1;
  }
  bool is_empty() {
    return table_.clusters() == wire::ClusterInfo{} && table_.all_topics().topics.empty() &&
           table_.system_topics() == wire::TopicList{};
  }

  RouteTable table_;
  RouteRules rules_;
  const Broker master_{};
  const Broker slave_{.id = BrokerId(1), .address = "10.0.0.2:10911", .connection = 2};
};

TEST_F(RouteTableTest, RegisteredTopicsHaveRoutes) {
  EXPECT_FALSE(table_.route("t", rules_));
  auto body = topics({"t", "u"});
  body.topics.topics["t"].read_queues = 3;
  body.topics.topics["t"].sys_flag = 2;
  add(master_, body);
  const auto route = table_.route("t", rules_);
  ASSERT_TRUE(route);
  ASSERT_EQ(route->queues.size(), 1U);
  EXPECT_EQ(route->queues[0], (wire::QueueData{.broker_name = "a",
                                               .perm = 6,
                                               .read_queues = 3,
                                               .topic_sys_flag = 2,
                                               .write_queues = 16}));
  ASSERT_EQ(route->brokers.size(), 1U);
  EXPECT_EQ(route->brokers[0].addresses.at(BrokerId(0)), master_.address);
  EXPECT_EQ(route->brokers[0].cluster, "c");
  EXPECT_EQ(table_.all_topics().topics, (std::set<std::string>{"t", "u"}));
  EXPECT_EQ(table_.clusters().clusters.at("c"), std::set<std::string>{"a"});
  EXPECT_EQ(table_.data_version({"c", master_.address}), version(1));
}

TEST_F(RouteTableTest, LeavesNothingBehind) {
  add(master_, topics({"t", "u"}));
  add(slave_, topics({"t", "u"}));
  add({.name = "b", .address = "10.0.0.3:1", .connection = 3}, topics({"t", "v"}));
  remove(master_);
  remove(slave_);
  EXPECT_EQ(table_.route("t", rules_)->brokers.size(), 1U);
  EXPECT_FALSE(table_.route("u", rules_));
  table_.remove_connection(rpc::ConnectionId(3), rules_);
  EXPECT_TRUE(is_empty());
}

TEST_F(RouteTableTest, SilentServersExpire) {
  add(master_, topics({"t", "u"}));
  add({.name = "b", .address = "10.0.0.3:1", .connection = 3, .timeout_ms = 10'000},
      topics({"t", "v"}));
  EXPECT_TRUE(table_.expire(after_ms(10'000), rules_).connections.empty());
  const auto first = table_.expire(after_ms(10'001), rules_);
  EXPECT_EQ(first.connections, std::vector{rpc::ConnectionId(3)});
  table_.heard_from({"c", master_.address}, after_ms(100'000));
  table_.heard_from({"c", "10.9.9.9:1"}, after_ms(100'000));
  EXPECT_TRUE(table_.expire(after_ms(220'000), rules_).connections.empty());
  EXPECT_EQ(table_.expire(after_ms(220'001), rules_).connections,
            std::vector{rpc::ConnectionId(1)});
  EXPECT_TRUE(is_empty());
}

TEST_F(RouteTableTest, AbsurdTimeOutsAreBounded) {
  add({.timeout_ms = std::numeric_limits<int64_t>::max()}, topics({"t", "u"}));
  EXPECT_TRUE(table_.expire(after_ms(3'600'000), rules_).connections.empty());
  add({.timeout_ms = -1}, topics({"t", "u"}));
  EXPECT_EQ(table_.expire(after_ms(1), rules_).connections.size(), 1U);
}

TEST_F(RouteTableTest, OldConnectionsDoNotTakeTheBrokerAlong) {
  add(master_, topics({"t", "u"}));
  Broker again = master_;
  again.connection = 9;
  add(again, topics({"t", "u"}));
  table_.remove_connection(rpc::ConnectionId(1), rules_);
  EXPECT_TRUE(table_.route("t", rules_));
  table_.remove_connection(rpc::ConnectionId(9), rules_);
  EXPECT_TRUE(is_empty());
}

TEST_F(RouteTableTest, OneConnectionMayCarrySeveralBrokers) {
  add(master_, topics({"t", "u"}));
  add({.name = "b", .address = "10.0.0.3:1", .connection = 1}, topics({"t", "u"}));
  table_.remove_connection(rpc::ConnectionId(1), rules_);
  EXPECT_TRUE(is_empty());
}

// Golden vector 36.
TEST_F(RouteTableTest, SlavesLearnTheirMaster) {
  const Registered none = add(slave_, topics({"t", "u"}));
  EXPECT_FALSE(none.master_address);
  const Registered own = add(master_, topics({"t", "u"}));
  EXPECT_FALSE(own.master_address);
  const Registered result = add(slave_, topics({"t", "u"}));
  EXPECT_EQ(result.master_address, master_.address);
  EXPECT_EQ(result.ha_address, "10.0.0.1:10911+1");
}

TEST_F(RouteTableTest, OnlyTheMasterSpeaksForOldBrokers) {
  add(slave_, topics({"t", "u"}));
  EXPECT_FALSE(table_.route("t", rules_));
  EXPECT_EQ(table_.members("c", "a").addresses.size(), 1U);
}

// Golden vector 36: a lost master leaves READ with acting masters, and R|W without.
TEST_F(RouteTableTest, LostMasterTakesTheWritePermissionAlong) {
  Broker master = master_, slave = slave_;
  master.acting_master = slave.acting_master = true;
  add(master, topics({"t", "u"}));
  add(slave, topics({"t", "u"}));
  EXPECT_EQ(perm("t"), 6);
  remove(master);
  EXPECT_EQ(perm("t"), 4);
  add(master, topics({"t", "u"}));
  EXPECT_EQ(perm("t"), 6);
}

TEST_F(RouteTableTest, LostMasterOfOldModeLeavesThePermission) {
  Broker master = master_, slave = slave_;
  master.acting_master = slave.acting_master = false;
  add(master, topics({"t", "u"}));
  add(slave, topics({"t", "u"}));
  remove(master);
  EXPECT_EQ(perm("t"), 6);
}

TEST_F(RouteTableTest, PrimeSlaveRegistersReadOnly) {
  Broker slave = slave_;
  slave.acting_master = true;
  add(slave, topics({"t", "u"}));
  EXPECT_EQ(perm("t"), 4);
  Broker other = slave;
  other.id = BrokerId(2);
  other.address = "10.0.0.3:1";
  add(other, topics({"t", "v"}));
  EXPECT_FALSE(table_.route("v", rules_));  // It is not the lowest.
}

TEST_F(RouteTableTest, ActingMasterIsShownAsMaster) {
  Broker slave = slave_;
  slave.acting_master = true;
  add(slave, topics({"t", "rmq_sys_SYNC_BROKER_MEMBER_a"}));
  EXPECT_EQ(addresses("t").begin()->first, BrokerId(1));
  rules_.support_acting_master = true;
  EXPECT_EQ(addresses("t").begin()->first, BrokerId(0));
  EXPECT_EQ(addresses("rmq_sys_SYNC_BROKER_MEMBER_a").begin()->first, BrokerId(1));
  table_.add_write_perm("a");
  EXPECT_EQ(addresses("t").begin()->first, BrokerId(1));  // Writable: no master would be a lie.
}

TEST_F(RouteTableTest, SingleTopicsNeedARegisteredBroker) {
  const auto error = refusal(master_, topics({"t"}));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->response_code(), 1);
  EXPECT_EQ(error->text, "register broker failed");
  EXPECT_TRUE(is_empty());
  add(master_, topics({"t", "u"}));
  add(master_, topics({"v"}, version(2)));
  EXPECT_TRUE(table_.route("v", rules_));
  EXPECT_TRUE(table_.route("t", rules_));
}

TEST_F(RouteTableTest, MissingTopicsGoOnlyWhenConfigured) {
  add(master_, topics({"t", "u"}));
  add({.name = "b", .address = "10.0.0.3:1", .connection = 3}, topics({"t", "u"}));
  add(master_, topics({"u", "v"}, version(2)));
  EXPECT_EQ(table_.route("t", rules_)->queues.size(), 2U);
  rules_.delete_topic_with_broker_registration = true;
  add(master_, topics({"u", "v"}, version(3)));
  EXPECT_EQ(table_.route("t", rules_)->queues.size(), 1U);
}

TEST_F(RouteTableTest, UnchangedVersionsKeepWhatOperatorsChanged) {
  add(master_, topics({"t", "u"}));
  EXPECT_EQ(table_.wipe_write_perm("a"), 2);
  add(master_, topics({"t", "u"}));
  EXPECT_EQ(perm("t"), 4);
  table_.remove_topic("u");
  add(master_, topics({"t", "u"}));  // The topic is missing: it comes back.
  EXPECT_EQ(perm("u"), 6);
  add(master_, topics({"t", "u"}, version(2)));
  EXPECT_EQ(perm("t"), 6);
}

TEST_F(RouteTableTest, WritePermissionIsTakenAndGiven) {
  auto body = topics({"t", "u"});
  body.topics.topics["t"].perm = 7;
  add(master_, body);
  EXPECT_EQ(table_.wipe_write_perm("nobody"), 0);
  EXPECT_EQ(table_.wipe_write_perm("a"), 2);
  EXPECT_EQ(perm("t"), 5);
  EXPECT_EQ(table_.add_write_perm("a"), 2);
  EXPECT_EQ(perm("t"), 6);
}

TEST_F(RouteTableTest, OlderStateFromElsewhereIsIgnored) {
  add(master_, topics({"t", "u"}, version(1, 5)));
  const Broker other{.address = "10.0.0.9:1", .connection = 9};
  add(other, topics({"t", "x"}, version(9, 4)));
  EXPECT_EQ(addresses("t").at(BrokerId(0)), master_.address);
  EXPECT_FALSE(table_.route("x", rules_));
  EXPECT_FALSE(table_.data_version({"c", other.address}));
}

TEST_F(RouteTableTest, NewerStateFromElsewhereReplaces) {
  add(master_, topics({"t", "u"}, version(1, 5)));
  const Broker other{.address = "10.0.0.9:1", .connection = 9};
  add(other, topics({"t", "x"}, version(9, 5)));
  EXPECT_EQ(addresses("t").at(BrokerId(0)), other.address);
  EXPECT_FALSE(table_.data_version({"c", master_.address}));
  table_.remove_connection(rpc::ConnectionId(1), rules_);  // The old one's end changes nothing.
  EXPECT_EQ(addresses("t").at(BrokerId(0)), other.address);
  remove(other);
  EXPECT_TRUE(is_empty());
}

// As many lines of the log as hold `text`.
int count_lines(const std::string& log, std::string_view text) {
  int lines = 0;
  for (size_t at = log.find(text); at != log.npos; at = log.find(text, at + 1)) ++lines;
  return lines;
}

TEST_F(RouteTableTest, TwoServersThatWantOneIdAreToldOfOnce) {
  const Broker other{.address = "10.0.0.9:1", .connection = 9};
  const Broker third{.address = "10.0.0.10:1", .connection = 10};
  set_log_level(LogLevel::warn);
  ::testing::internal::CaptureStderr();
  for (int round = 0; round < 10; ++round) {
    add(master_, topics({"t", "u"}));
    EXPECT_EQ(addresses("t"), (std::map<BrokerId, std::string>{{BrokerId(0), master_.address}}));
    add(other, topics({"t", "u"}));
    EXPECT_EQ(addresses("t"), (std::map<BrokerId, std::string>{{BrokerId(0), other.address}}))
        << "as Java: who registers last";
  }
  std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(count_lines(log, "replaced"), 1) << log;
  EXPECT_EQ(count_lines(log, "give one of them another brokerId"), 1) << log;
  EXPECT_EQ(count_lines(log, "\n"), 2) << log;

  ::testing::internal::CaptureStderr();
  add(third, topics({"t", "u"}));
  remove(third);
  add(master_, topics({"t", "u"}));
  add(other, topics({"t", "u"}));
  log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(count_lines(log, "10.0.0.10:1"), 1) << "another pair: " << log;
  EXPECT_EQ(count_lines(log, "replaced"), 2) << "the name was gone meanwhile: " << log;
  remove(other);
  EXPECT_TRUE(is_empty());
}

TEST_F(RouteTableTest, SlaveThatBecameMasterHasOneId) {
  add(slave_, topics({"t", "u"}));
  Broker promoted = slave_;
  promoted.id = BrokerId(0);
  add(promoted, topics({"t", "u"}));
  EXPECT_EQ(addresses("t"), (std::map<BrokerId, std::string>{{BrokerId(0), slave_.address}}));
}

TEST_F(RouteTableTest, PromotedSlaveThatIsOlderLosesItsPlace) {
  add(master_, topics({"t", "u"}, version(1, 5)));
  add(slave_, topics({"t", "u"}, version(1, 5)));
  Broker promoted = slave_;
  promoted.id = BrokerId(0);
  add(promoted, topics({"t", "u"}, version(1, 4)));
  EXPECT_EQ(table_.members("c", "a").addresses,
            (std::map<BrokerId, std::string>{{BrokerId(0), master_.address}}));
  remove(master_);
  EXPECT_TRUE(is_empty());
}

TEST_F(RouteTableTest, BrokerNamesStayInTheirCluster) {
  add(master_, topics({"t", "u"}));
  const auto error = refusal({.address = "10.6.6.6:1", .cluster = "evil"}, topics({"t", "u"}));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->response_code(), 1);
  EXPECT_EQ(table_.clusters().clusters.size(), 1U);
  remove(master_);
  add({.cluster = "evil"}, topics({"t", "u"}));
  EXPECT_EQ(table_.clusters().clusters.count("evil"), 1U);
}

TEST_F(RouteTableTest, RenamedServerLeavesItsOldName) {
  add(master_, topics({"t", "u"}));
  Broker renamed = master_;
  renamed.name = "b";
  add(renamed, topics({"t", "u"}));
  EXPECT_EQ(table_.clusters().brokers.count("a"), 0U);
  remove(renamed);
  EXPECT_TRUE(is_empty());
}

TEST_F(RouteTableTest, GoodbyesOfOthersAreIgnored) {
  add(master_, topics({"t", "u"}));
  remove({.name = "b"});
  remove({.cluster = "d"});
  remove({.address = "10.6.6.6:1"});
  EXPECT_TRUE(table_.route("t", rules_));
}

TEST_F(RouteTableTest, LowestIdChangesAreTold) {
  rules_.notify_min_broker_id_changed = true;
  Broker master = master_, slave = slave_;
  master.acting_master = slave.acting_master = true;
  EXPECT_TRUE(add(slave, topics({"t", "u"})).notices.empty());
  const Notices came = add(master, topics({"t", "u"})).notices;
  ASSERT_EQ(came.size(), 1U);
  EXPECT_EQ(came[0].to, std::vector{slave.address});
  EXPECT_EQ(came[0].min_id, BrokerId(0));
  EXPECT_EQ(came[0].min_address, master.address);
  EXPECT_EQ(came[0].ha_address, master.address + "+1");
  EXPECT_FALSE(came[0].offline_address);

  const Notices left = remove(master);
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].to, std::vector{slave.address});
  EXPECT_EQ(left[0].min_id, BrokerId(1));
  EXPECT_EQ(left[0].offline_address, master.address);
  EXPECT_FALSE(left[0].ha_address);
  EXPECT_TRUE(remove(slave).empty());
}

TEST_F(RouteTableTest, LowestIdChangesAreToldOnlyWhenConfigured) {
  Broker master = master_, slave = slave_;
  master.acting_master = slave.acting_master = true;
  add(slave, topics({"t", "u"}));
  EXPECT_TRUE(add(master, topics({"t", "u"})).notices.empty());
  EXPECT_TRUE(remove(master).empty());
}

TEST_F(RouteTableTest, TopicsByHandNeedKnownBrokers) {
  add(master_, topics({"t", "u"}));
  const wire::QueueData queues{.broker_name = "a", .perm = 6, .read_queues = 2, .write_queues = 2};
  wire::QueueData strange = queues;
  strange.broker_name = "nobody";
  table_.add_topic("x", {queues, strange});
  EXPECT_FALSE(table_.route("x", rules_));
  table_.add_topic("x", {queues});
  EXPECT_EQ(table_.route("x", rules_)->queues[0], queues);
  table_.remove_topic("x", "nowhere");
  EXPECT_TRUE(table_.route("x", rules_));
  table_.remove_topic("x", "c");
  EXPECT_FALSE(table_.route("x", rules_));
}

TEST_F(RouteTableTest, ListsTopics) {
  auto body = topics({"plain", "unit", "sub", "both"});
  body.topics.topics["unit"].sys_flag = 1;
  body.topics.topics["sub"].sys_flag = 2;
  body.topics.topics["both"].sys_flag = 3;
  add(master_, body);
  add({.name = "b", .address = "10.0.0.3:1", .cluster = "d"}, topics({"other", "plain"}));
  EXPECT_EQ(table_.unit_topics().topics, (std::set<std::string>{"both", "unit"}));
  EXPECT_EQ(table_.unit_sub_topics().topics, (std::set<std::string>{"both", "sub"}));
  EXPECT_EQ(table_.unit_sub_ununit_topics().topics, std::set<std::string>{"sub"});
  EXPECT_EQ(table_.topics_of_cluster("d").topics, (std::set<std::string>{"other", "plain"}));
  EXPECT_TRUE(table_.topics_of_cluster("nobody").topics.empty());
  EXPECT_EQ(table_.system_topics().topics, (std::set<std::string>{"a", "b", "c", "d"}));
  EXPECT_EQ(table_.system_topics().broker_addr, master_.address);
}

TEST_F(RouteTableTest, FilterServersComeAndGo) {
  auto body = topics({"t", "u"});
  body.filter_servers = {"10.0.0.1:3000"};
  add(master_, body);
  EXPECT_EQ(table_.route("t", rules_)->filter_servers.at(master_.address), body.filter_servers);
  add(master_, topics({"t", "u"}));
  EXPECT_TRUE(table_.route("t", rules_)->filter_servers.empty());
}

TEST_F(RouteTableTest, QueueMappingsLiveWithTheirTopic) {
  auto body = topics({"t", "u"});
  body.topics.mappings["t"] = {.broker_name = "a", .topic = "t", .total_queues = 4};
  body.topics.mappings["unknown"] = {.broker_name = "a", .topic = "unknown"};
  add(master_, body);
  const auto route = table_.route("t", rules_);
  ASSERT_TRUE(route->mapping_by_broker);
  EXPECT_EQ(route->mapping_by_broker->at("a").total_queues, 4);
  EXPECT_FALSE(table_.route("u", rules_)->mapping_by_broker);
  table_.remove_topic("t");
  add(master_, topics({"t", "u"}));
  EXPECT_FALSE(table_.route("t", rules_)->mapping_by_broker);
}

}  // namespace
}  // namespace agena::namesrv
