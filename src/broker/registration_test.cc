// Goal: name servers hear of the broker and its topics when they should: at the start, when a topic
//       or the broker's permission changed, each period, and with forceRegister=false only those
//       that do not know the topics' version yet.
// Method: a name server of two handlers that writes down what it is told; time is moved by hand.
#include "broker/registration.h"

#include <gtest/gtest.h>

#include "base/log.h"
#include "broker/group_notices.h"
#include "io/testing/manual_loop.h"
#include "rpc/router.h"
#include "storage/testing/memory_disk.h"
#include "wire/bodies/registration.h"
#include "wire/requests/clients.h"
#include "wire/requests/namesrv.h"

namespace agena::broker {
namespace {

constexpr int64_t kPeriodMs = 30'000;

class RegistrationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    set_log_level(LogLevel::error);
    options.broker_name = "broker-a";
    ASSERT_TRUE(disk.make_dirs("s/config"));
    ASSERT_TRUE(topics.load());
    router.on<wire::RegisterBroker>([this](rpc::Call& call, const wire::RegisterBroker&) -> Status {
      TRY(body, wire::decode_registration(call.body(), false, call.header().version));
      ++registrations;
      known = std::move(body.topics);
      call.reply_with(wire::RegisterBrokerReply{});
      return ok();
    });
    router.on<wire::QueryDataVersion>(
        [this](rpc::Call& call, const wire::QueryDataVersion&) -> Status {
          ++questions;
          if (is_old) return Errc::request_code_not_supported;
          TRY(version, json::parse_json<wire::DataVersion>(as_text(call.body())));
          call.reply_with(wire::QueryDataVersionReply{.changed = !(version == known.data_version)},
                          as_bytes(json::to_json(known.data_version)));
          return ok();
        });
    auto listening = names_loop.listen(
        "127.0.0.1", 9876, {&names_loop}, [this](io::Loop& on, std::shared_ptr<io::Stream> stream) {
          auto connection = std::make_shared<rpc::Connection>(
              rpc::ConnectionDeps{on, clock, &router, nullptr, {}}, stream);
          connection->start();
        });
    ASSERT_TRUE(listening);
    listener = std::move(*listening);
    topics.on_change([this] { registration.topics_changed(); });
  }
  void TearDown() override {
    bool is_gone = false;
    registration.stop([&] { is_gone = true; });
    net.advance(2'000);
    EXPECT_TRUE(is_gone);
    net.run_ready();
  }
  void start() {
    bool is_told = false;
    registration.start([&] { is_told = true; });
    net.run_ready();
    EXPECT_TRUE(is_told);
    EXPECT_EQ(registrations, 1);
  }

  io::ManualClock clock;
  io::ManualNet net{clock};
  io::ManualLoop names_loop{net}, loop{net}, background{net};
  storage::testing::MemoryDisk disk;
  Options options;
  ConfigFileDeps files{disk, background};
  TopicTable topics{{clock, options, files, "s/config"}};
  rpc::Router router;
  std::unique_ptr<io::Listener> listener;
  int registrations = 0, questions = 0;
  bool is_old = false;
  wire::RegisteredTopics known;
  Registration registration{{loop, clock, topics, options, "127.0.0.1:10911", "127.0.0.1:10912"},
                            {"127.0.0.1:9876"}};
};

TEST_F(RegistrationTest, EachPeriodWithoutAskingFirst) {
  start();
  net.advance(kPeriodMs);
  EXPECT_EQ(registrations, 2);
  EXPECT_EQ(questions, 0);
}

TEST_F(RegistrationTest, WithoutForceOnlyThoseThatDoNotKnow) {
  options.force_register = false;
  start();
  net.advance(kPeriodMs);
  EXPECT_EQ(questions, 1);
  EXPECT_EQ(registrations, 1) << "it knows the version";
  known.data_version.counter += 1;  // As after a restart of the name server.
  net.advance(kPeriodMs);
  EXPECT_EQ(questions, 2);
  EXPECT_EQ(registrations, 2);
  is_old = true;
  net.advance(kPeriodMs);
  EXPECT_EQ(questions, 3);
  EXPECT_EQ(registrations, 3) << "who cannot say is told";
  options.force_register = true;  // Live.
  net.advance(kPeriodMs);
  EXPECT_EQ(questions, 3);
  EXPECT_EQ(registrations, 4);
}

// As an operator has it who lists three name servers, of which one refuses and one does not even
// say no.
class DeadNameServers : public RegistrationTest {
 protected:
  void SetUp() override {
    RegistrationTest::SetUp();
    net.set_silent("127.0.0.1", 9999, true);
  }
  void TearDown() override {
    bool is_gone = false;
    several.stop([&] { is_gone = true; });
    net.advance(2'000);
    EXPECT_TRUE(is_gone) << "they do not hold up a stop for more than a second or so";
    RegistrationTest::TearDown();
  }
  rpc::Router second;  // Its connections end with `several`.
  Registration several{{loop, clock, topics, options, "127.0.0.1:10911", "127.0.0.1:10912"},
                       {"127.0.0.1:9999", "127.0.0.1:9998", "127.0.0.1:9876"}};
};

TEST_F(DeadNameServers, DoNotDelayTheOthers) {
  bool is_round_over = false;
  several.start([&] { is_round_over = true; });
  net.run_ready();
  EXPECT_EQ(registrations, 1) << "the one that lives knows us before the others time out";
  EXPECT_FALSE(is_round_over) << "the silent one has its time";
  net.advance(options.register_broker_timeout_ms + 2'000);
  EXPECT_TRUE(is_round_over);
  net.advance(3 * kPeriodMs);
  EXPECT_EQ(registrations, 4) << "each period, whatever the others do";
}

TEST_F(DeadNameServers, DoNotDelayANewTopic) {
  several.start([] {});
  net.run_ready();
  wire::TopicConfig topic;
  topic.name = "new-one";
  topics.on_change([this] { several.topics_changed(); });
  ASSERT_TRUE(topics.put(topic));
  bool is_told = false;
  several.when_told([&] { is_told = true; });
  net.advance(20);
  EXPECT_EQ(known.topics.count("new-one"), 1u);
  net.advance(1'000);
  EXPECT_TRUE(is_told) << "whoever waits for it waits no longer than a second";
}

TEST_F(DeadNameServers, AreToldOnceTheyLive) {
  several.start([] {});
  net.run_ready();
  EXPECT_EQ(registrations, 1);
  int late = 0;
  second.on<wire::RegisterBroker>([&](rpc::Call& call, const wire::RegisterBroker&) -> Status {
    ++late;
    call.reply_with(wire::RegisterBrokerReply{});
    return ok();
  });
  net.set_silent("127.0.0.1", 9999, false);
  auto risen = names_loop.listen(
      "127.0.0.1", 9999, {&names_loop}, [&](io::Loop& on, std::shared_ptr<io::Stream> stream) {
        auto connection = std::make_shared<rpc::Connection>(
            rpc::ConnectionDeps{on, clock, &second, nullptr, {}}, stream);
        connection->start();
      });
  ASSERT_TRUE(risen);
  net.advance(2 * kPeriodMs);
  EXPECT_GE(late, 1);
}

// A second broker under our name, which found its port taken, must not end the first one.
TEST_F(RegistrationTest, WhoNeverCameDoesNotSayGoodbye) {
  int goodbyes = 0;
  router.on<wire::UnregisterBroker>([&](rpc::Call& call, const wire::UnregisterBroker&) -> Status {
    ++goodbyes;
    call.reply(0, {});
    return ok();
  });
  auto leave = [&](Registration& who) {
    bool is_gone = false;
    who.stop([&] { is_gone = true; });
    net.advance(2'000);
    EXPECT_TRUE(is_gone);
  };
  {
    Registration second{{loop, clock, topics, options, "127.0.0.1:10911", "127.0.0.1:10912"},
                        {"127.0.0.1:9876"}};
    leave(second);
    EXPECT_EQ(goodbyes, 0);
    net.run_ready();
  }
  {
    Registration third{{loop, clock, topics, options, "127.0.0.1:10911", "127.0.0.1:10912"},
                       {"127.0.0.1:9876"}};
    third.start([] {});
    net.run_ready();
    leave(third);
    EXPECT_EQ(goodbyes, 1);
    net.run_ready();
  }
}

TEST_F(RegistrationTest, AChangedTopicIsToldAtOnceWhateverForceSays) {
  options.force_register = false;
  start();
  wire::TopicConfig topic;
  topic.name = "new-one";
  ASSERT_TRUE(topics.put(topic));
  net.advance(100);
  EXPECT_EQ(registrations, 2);
  EXPECT_EQ(known.topics.count("new-one"), 1u);
}

TEST_F(RegistrationTest, ThePermissionOfTheBrokerMasksItsTopics) {
  start();
  EXPECT_EQ(known.topics.at("TBW102").perm, 7);
  EXPECT_EQ(known.topics.at("BenchmarkTest").perm, 6);
  const auto before = known.data_version;
  options.broker_permission = wire::kPermRead;
  topics.touch();
  net.advance(100);
  EXPECT_EQ(registrations, 2);
  EXPECT_EQ(known.topics.at("TBW102").perm, 4) << "Java takes the inherit bit too";
  EXPECT_EQ(known.topics.at("BenchmarkTest").perm, 4);
  EXPECT_FALSE(known.data_version == before) << "or name servers would keep the old routes";
}

class NoticesTest : public RegistrationTest {
 protected:
  int notices_after_a_change() {
    int pushed = 0;
    rpc::Router on_push;
    on_push.on<wire::NotifyConsumerIdsChanged>([&](rpc::Call& call, const auto&) {
      ++pushed;
      call.reply_ok();
      return ok();
    });
    ClientTable clients;
    GroupTable groups{{clock, options, files, "s/config"}};
    GroupNotices notices{{clients, groups, options, loop}};
    std::shared_ptr<rpc::Connection> member, client;
    auto accepted = loop.listen("127.0.0.1", 10911, {&loop},
                                [&](io::Loop& on, std::shared_ptr<io::Stream> stream) {
                                  member = std::make_shared<rpc::Connection>(
                                      rpc::ConnectionDeps{on, clock, nullptr, nullptr, {}}, stream);
                                  member->start();
                                });
    EXPECT_TRUE(accepted);
    names_loop.connect("127.0.0.1", 10911, 1'000, [&](Result<std::shared_ptr<io::Stream>> made) {
      client = std::make_shared<rpc::Connection>(
          rpc::ConnectionDeps{names_loop, clock, &on_push, nullptr, {}}, *made);
      client->start();
    });
    net.run_ready();
    wire::ConsumerData data;
    data.group_name = "g";
    ClientInfo info;
    info.client_id = "c";
    info.connection = member;
    info.connection_id = member->id();
    EXPECT_TRUE(clients.register_consumer(data, info, false));
    notices.group_changed("g");
    net.advance(GroupNotices::kDelayMs);
    client->close({Errc::unreachable, "the test ends"});
    net.run_ready();
    return pushed;
  }
};

TEST_F(NoticesTest, TheWholeBrokerCanBeSilent) {
  EXPECT_EQ(notices_after_a_change(), 1);
  options.notify_consumer_ids_changed_enable = false;
  EXPECT_EQ(notices_after_a_change(), 0);
}

}  // namespace
}  // namespace agena::broker
