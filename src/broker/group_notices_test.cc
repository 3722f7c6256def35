// Goal: each member of a group learns of a change, and many changes at once make one notice.
// Method: members on connections in memory; the delay ends when the test says so.
#include "broker/group_notices.h"

#include "broker/testing/operator_world.h"

namespace agena::broker::testing {
namespace {

class Notices : public OperatorWorld {
 protected:
  // The groups that a peer was told of since the last time.
  static std::vector<std::string> told(Peer& peer) {
    std::vector<std::string> groups;
    for (Answer& notice : take(peer)) {
      EXPECT_EQ(notice.code, 40);
      EXPECT_FALSE(notice.is_response);
      groups.push_back(notice.ext["consumerGroup"]);
    }
    return groups;
  }
  void change(const std::string& group, int times) {
    for (int i = 0; i < times; ++i) notices.group_changed(group);
    loop.run();
  }

  using Names = std::vector<std::string>;
  GroupNotices notices{{clients, groups, options, loop}};
};

TEST_F(Notices, ManyChangesMakeOneNoticeAMember) {
  std::vector<Peer> members;
  for (uint16_t i = 0; i < 50; ++i) {
    members.push_back(join("g", "t", "c" + std::to_string(i), static_cast<uint16_t>(41'000 + i)));
  }
  Peer other = join("h", "t", "c", 42'000);
  Peer idle = join("i", "t", "c", 42'001);
  change("g", 1'000);
  change("h", 3);
  change("g", 1'000);
  for (Peer& member : members) EXPECT_EQ(told(member), Names{}) << "not before the delay ends";
  loop.fire();
  for (Peer& member : members) EXPECT_EQ(told(member), Names{"g"});
  EXPECT_EQ(told(other), Names{"h"});
  EXPECT_EQ(told(idle), Names{});
  loop.fire();
  EXPECT_EQ(told(members[0]), Names{}) << "told once";
}

TEST_F(Notices, AChangeAfterTheNoticeMakesAnother) {
  Peer member = join("g", "t", "c", 41'000);
  for (int round = 0; round < 3; ++round) {
    change("g", 2);
    loop.fire();
    EXPECT_EQ(told(member), Names{"g"}) << round;
  }
}

TEST_F(Notices, WhoLeftMeanwhileIsNotTold) {
  Peer stays = join("g", "t", "c1", 41'000);
  Peer leaves = join("g", "t", "c2", 41'001);
  change("g", 1);
  ASSERT_TRUE(clients.unregister_consumer("g", "c2", leaves.connection->id()));
  loop.fire();
  EXPECT_EQ(told(stays), Names{"g"});
  EXPECT_EQ(told(leaves), Names{});
}

TEST_F(Notices, BrokerAndGroupCanSwitchThemOff) {
  Peer member = join("g", "t", "c", 41'000);
  Peer quiet = join("quiet", "t", "c", 41'001);
  wire::SubscriptionGroupConfig config;
  config.group_name = "quiet";
  config.notify_consumer_ids_changed_enable = false;
  ASSERT_TRUE(groups.put(config));
  change("g", 1);
  change("quiet", 1);
  loop.fire();
  EXPECT_EQ(told(member), Names{"g"});
  EXPECT_EQ(told(quiet), Names{});
  options.notify_consumer_ids_changed_enable.set(false);
  change("g", 1);
  loop.fire();
  EXPECT_EQ(told(member), Names{});
}

}  // namespace
}  // namespace agena::broker::testing
