// Goal: both forms of the heartbeat leave a group with its members and subscriptions, and the
//       client learns when the short form is not enough.
// Method: frames through a router and a broker in memory.
#include "broker/handlers/clients.h"

#include "broker/testing/operator_world.h"
#include "wire/requests/clients.h"

namespace agena::broker::testing {
namespace {

class Clients : public OperatorWorld {
 protected:
  void SetUp() override {
    OperatorWorld::SetUp();
    add_client_handlers(router, {clients, topics, groups, locks, notices, options});
    make_topic("t");
  }

  static wire::HeartbeatBody body_of(int32_t fingerprint, bool without_subscriptions) {
    wire::HeartbeatBody body;
    body.client_id = "127.0.0.1@1";
    body.fingerprint = fingerprint;
    body.without_subscriptions = without_subscriptions;
    body.producers.push_back({.group_name = "p"});
    wire::ConsumerData& consumer = body.consumers.emplace_back();
    consumer.group_name = "g";
    if (!without_subscriptions) {
      wire::SubscriptionData& subscription = consumer.subscriptions.emplace_back();
      subscription.topic = "t";
      subscription.sub_string = "*";
      subscription.sub_version = 1;
    }
    return body;
  }
  Answer answer_to(const wire::HeartbeatBody& body) {
    send(wire::Heartbeat{}, json::to_json(body));
    run();
    std::vector<Answer> got = take(admin);
    std::erase_if(got, [](const Answer& each) { return !each.is_response; });  // Notices.
    EXPECT_EQ(got.size(), 1u);
    return got.empty() ? Answer{} : got[0];
  }
  // What the client is told: whether it must send everything the next time.
  std::string beat(int32_t fingerprint, bool without_subscriptions) {
    Answer got = answer_to(body_of(fingerprint, without_subscriptions));
    EXPECT_EQ(got.code, 0) << got.remark;
    EXPECT_EQ(got.ext["IS_SUPPORT_HEART_BEAT_V2"], "true");
    return got.ext["IS_SUB_CHANGE"];
  }

  QueueLocks locks;
  GroupNotices notices{{clients, groups, options, loop}};
};

TEST_F(Clients, TheOldFormCarriesEverythingEachTime) {
  EXPECT_EQ(beat(0, false), "true");
  EXPECT_TRUE(clients.subscription("g", "t"));
  EXPECT_EQ(clients.producers("p").size(), 1u);
  EXPECT_NE(topics.find("%RETRY%g"), nullptr);
}

TEST_F(Clients, TheShortFormKeepsWhatTheLongOneSaid) {
  EXPECT_EQ(beat(77, false), "false");
  EXPECT_EQ(beat(77, true), "false");
  EXPECT_TRUE(clients.subscription("g", "t"));
  EXPECT_EQ(clients.consumers("g").size(), 1u);
}

TEST_F(Clients, AnotherFingerprintAsksForEverything) {
  EXPECT_EQ(beat(77, false), "false");
  EXPECT_EQ(beat(78, true), "true");
  EXPECT_EQ(beat(78, false), "false");
}

TEST_F(Clients, AShortFormThatComesFirstAsksForEverything) {
  EXPECT_EQ(beat(77, true), "true") << "as after a restart of the broker";
  EXPECT_EQ(beat(77, false), "false");
  EXPECT_TRUE(clients.subscription("g", "t"));
  for (const std::string& group : clients.on_connection_closed(admin.connection->id())) {
    EXPECT_EQ(group, "g");
  }
  EXPECT_EQ(beat(77, true), "true") << "the group left with its last member";
}

// Seen at Java clients: the heartbeat that should bring a newer subscription is left out, and the
// short ones that follow have the same fingerprint.
TEST_F(Clients, APullWithANewerSubscriptionAsksForEverything) {
  EXPECT_EQ(beat(77, false), "false");
  EXPECT_EQ(beat(77, true), "false");
  clients.note_outdated("g");
  EXPECT_EQ(beat(77, true), "true");
  EXPECT_EQ(beat(77, true), "true") << "until it came";
  EXPECT_EQ(beat(77, false), "false");
  EXPECT_EQ(beat(77, true), "false");
  clients.note_outdated("nobody");
}

// What one client says, all members of its group are told, and each pull looks at.
TEST_F(Clients, WhatOthersWouldHaveToReadIsShort) {
  auto refused = [&](auto change) {
    wire::HeartbeatBody body = body_of(0, false);
    change(body);
    const Answer answer = answer_to(body);
    EXPECT_LT(answer.remark.size(), 200u);
    return answer.code != 0;
  };
  EXPECT_FALSE(refused([](auto& body) { body.client_id.assign(1'024, 'c'); }));
  EXPECT_TRUE(refused([](auto& body) { body.client_id.assign(1'025, 'c'); }));
  EXPECT_TRUE(refused([](auto& body) { body.producers[0].group_name.assign(256, 'p'); }));
  auto long_topic = [](auto& body) { body.consumers[0].subscriptions[0].topic.assign(256, 't'); };
  EXPECT_TRUE(refused(long_topic));
  auto tags = [](size_t bytes) {
    return
        [bytes](auto& body) { body.consumers[0].subscriptions[0].sub_string.assign(bytes, 't'); };
  };
  EXPECT_FALSE(refused(tags(64 << 10)));
  EXPECT_TRUE(refused(tags((64 << 10) + 1)));
}

// A remark that repeats what a client sent must fit into the answer's header.
TEST_F(Clients, ALongAnswerIsCut) {
  const std::string type(3 << 20, '\x01');  // Six bytes each, where JSON writes them.
  const Answer answer = call(wire::CheckClientConfig{},
                             R"({"subscriptionData":{"expressionType":")" + type + R"("}})");
  EXPECT_EQ(answer.code, 1);
  EXPECT_EQ(answer.remark.size(), rpc::kRemarkBytesMax);
}

TEST_F(Clients, WhatIsNoHeartbeatIsRefused) {
  for (std::string_view bad : {"", "{}", "{\"clientID\":\"c\",\"consumerDataSet\":[{}]}", "{]"}) {
    EXPECT_EQ(call(wire::Heartbeat{}, bad).code, 1) << bad;
  }
  EXPECT_TRUE(clients.consumer_groups().empty());
}

}  // namespace
}  // namespace agena::broker::testing
