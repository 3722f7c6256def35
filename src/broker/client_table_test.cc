// Goal: the end of a connection ends what it registered, and nothing else.
// Method: members without sockets, by the ids of their connections.
#include "broker/client_table.h"

#include <gtest/gtest.h>

#include "base/log.h"

namespace agena::broker {
namespace {

class ClientTableTest : public ::testing::Test {
 protected:
  void SetUp() override { set_log_level(LogLevel::error); }

  static ClientInfo client(const std::string& id, uint64_t connection) {
    ClientInfo info;
    info.client_id = id;
    info.connection_id = rpc::ConnectionId(connection);
    info.heard_at = MonoNanos(1'000 * kNanosPerMilli);
    return info;
  }
  bool join(const std::string& group, const std::string& id, uint64_t connection) {
    wire::ConsumerData data;
    data.group_name = group;
    return table.register_consumer(data, client(id, connection), false);
  }
  std::vector<std::string> close(uint64_t connection) {
    return table.on_connection_closed(rpc::ConnectionId(connection));
  }
  using Names = std::vector<std::string>;
  ClientTable table;
};

TEST_F(ClientTableTest, AConnectionTakesItsMembersWithIt) {
  join("g", "c1", 1);
  join("h", "c1", 1);
  join("g", "c2", 2);
  table.register_producer("p", client("c1", 1));
  table.register_producer("p", client("c2", 2));
  EXPECT_EQ(close(1), (Names{"g", "h"}));
  EXPECT_EQ(table.consumers("g").size(), 1u);
  EXPECT_EQ(table.consumer_groups(), Names{"g"});
  EXPECT_EQ(table.producers("p").size(), 1u);
  EXPECT_EQ(close(1), Names{}) << "it is over";
  EXPECT_EQ(close(2), Names{"g"});
  EXPECT_TRUE(table.consumer_groups().empty());
  EXPECT_TRUE(table.all_producers().empty());
}

TEST_F(ClientTableTest, SeveralMembersOfOneGroupMakeOneChange) {
  join("g", "c1", 1);
  join("g", "c2", 1);
  EXPECT_EQ(close(1), Names{"g"});
}

// Two processes under one client id, or one that connects anew before its old connection is gone.
TEST_F(ClientTableTest, AClientStaysAsLongAsOneOfItsConnections) {
  EXPECT_TRUE(join("g", "c1", 1));
  EXPECT_FALSE(join("g", "c1", 2)) << "nothing that the others must learn of";
  EXPECT_EQ(table.consumers("g").size(), 2u);
  EXPECT_EQ(table.consumer("g", "c1")->connection_id, rpc::ConnectionId(2)) << "the newest";
  EXPECT_EQ(close(2), Names{});
  ASSERT_TRUE(table.consumer("g", "c1"));
  EXPECT_EQ(table.consumer("g", "c1")->connection_id, rpc::ConnectionId(1));
  EXPECT_FALSE(join("g", "c1", 3));
  EXPECT_FALSE(table.unregister_consumer("g", "c1", rpc::ConnectionId(3)));
  EXPECT_EQ(close(1), Names{"g"});
  EXPECT_FALSE(table.consumer("g", "c1"));
}

TEST_F(ClientTableTest, WhoLeftIsNotMissedTwice) {
  join("g", "c1", 1);
  EXPECT_TRUE(table.unregister_consumer("g", "c1", rpc::ConnectionId(1)));
  EXPECT_EQ(close(1), Names{});
  join("g", "c1", 3);
  EXPECT_EQ(table.expire(MonoNanos(120'000 * kNanosPerMilli), 120'000), Names{});
  EXPECT_EQ(table.expire(MonoNanos(200'000 * kNanosPerMilli), 120'000), Names{"g"});
  EXPECT_EQ(close(3), Names{});
}

TEST_F(ClientTableTest, AConnectionHasNoEndOfMembers) {
  const size_t most = ClientTable::kMembershipsMax;
  for (size_t i = 0; i < most; ++i) EXPECT_TRUE(join("g", "c" + std::to_string(i), 1));
  EXPECT_FALSE(join("g", "one more", 1));
  EXPECT_FALSE(table.consumer("g", "one more"));
  EXPECT_FALSE(join("g", "c0", 1)) << "known";
  EXPECT_TRUE(join("g", "another", 2)) << "of another connection";
  EXPECT_TRUE(table.unregister_consumer("g", "c0", rpc::ConnectionId(1)));
  EXPECT_TRUE(join("g", "one more", 1)) << "there is room again";
  for (size_t i = 0; i <= most; ++i)
    table.register_producer("p" + std::to_string(i), client("c", 3));
  EXPECT_EQ(table.all_producers().size(), most);
}

TEST_F(ClientTableTest, SubscriptionsOfAGroupAreTheNewest) {
  wire::ConsumerData data;
  data.group_name = "g";
  auto subscribe = [&](int64_t version, std::string_view tags) {
    data.subscriptions.assign(1, {});
    data.subscriptions[0].topic = "t";
    data.subscriptions[0].sub_version = version;
    data.subscriptions[0].sub_string = tags;
    return table.register_consumer(data, client("c1", 1), false);
  };
  EXPECT_TRUE(subscribe(5, "A || B"));
  const SubscriptionRef seen = table.reading("g", "t")->subscription;
  EXPECT_EQ(seen->tags->tags, (Names{"A", "B"}));
  EXPECT_FALSE(subscribe(4, "C")) << "older";
  EXPECT_EQ(table.reading("g", "t")->subscription, seen);
  EXPECT_TRUE(subscribe(6, "C"));
  EXPECT_EQ(table.subscription("g", "t")->sub_string, "C");
  EXPECT_EQ(seen->tags->tags, (Names{"A", "B"})) << "whoever reads goes on with what it has";
  EXPECT_EQ(table.reading("g", "u")->subscription, nullptr);
  data.subscriptions.clear();
  EXPECT_TRUE(table.register_consumer(data, client("c1", 1), false));
  EXPECT_FALSE(table.subscription("g", "t"));
}

}  // namespace
}  // namespace agena::broker
