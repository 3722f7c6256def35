// Goal: what clients send, pull and commit gets the code that it deserves, and a refusal stores
//       nothing.
// Method: frames through a router and a broker in memory; codes as the Java 5.5.0 broker gives
// them,
//         but where docs/compatibility.md says otherwise.
#include "broker/handlers/clients.h"
#include "broker/handlers/offsets.h"
#include "broker/handlers/pull.h"
#include "broker/handlers/send.h"
#include "broker/testing/operator_world.h"
#include "wire/requests/offsets.h"
#include "wire/requests/pull.h"
#include "wire/requests/send.h"

namespace agena::broker::testing {
namespace {

class Traffic : public OperatorWorld {
 protected:
  void SetUp() override {
    OperatorWorld::SetUp();
    message::Host host{{127, 0, 0, 1}, 4, 10911};
    add_send_handlers(
        router, {*store, topics, groups, locks, stats, options, host, [this] { return ++noise; }});
    add_pull_handlers(router, {*store, topics, groups, clients, offsets, parking, stats, options});
    add_offset_handlers(router, {*store, topics, groups, offsets});
    make_topic("t", 2);
  }

  storage::ArrivalListener* arrivals() override { return &parking; }

  static wire::SendMessageV2 to(std::string_view topic, std::string_view properties = "") {
    wire::SendMessageV2 request;
    request.producer_group = "p";
    request.topic = topic;
    request.default_topic = "TBW102";
    request.default_topic_queue_nums = 4;
    request.properties = properties;
    return request;
  }
  Answer send_body(const wire::SendMessageV2& request, std::string_view body = "b") {
    Answer got = call(request, body);
    store->commit();
    return got;
  }
  int64_t stored() { return store->state().written.value; }

  static wire::PullMessage from(int64_t offset) {
    wire::PullMessage request;
    request.consumer_group = "g";
    request.topic = "t";
    request.queue_offset = QueueOffset(offset);
    request.messages_max = 32;
    request.sys_flag = 4;  // The subscription comes with the request.
    request.subscription = "*";
    return request;
  }

  PullParking parking{100};
  QueueLocks locks;
  uint64_t noise = 0;
};

TEST_F(Traffic, ASendIsAnsweredWithItsPlace) {
  auto got = send_body(to("t"));
  EXPECT_EQ(got.code, 0);
  EXPECT_EQ(got.ext["queueId"], "0");
  EXPECT_EQ(got.ext["queueOffset"], "0");
  EXPECT_EQ(got.ext["msgId"], "7F00000100002A9F0000000000000000");
  EXPECT_EQ(send_body(to("t")).ext["queueOffset"], "1");
  EXPECT_EQ(store->max_offset("t", QueueId(0)).value, 2);
}

TEST_F(Traffic, KindsThatAreNotServedYetAreNotAcknowledged) {
  for (int32_t sys_flag : {0x4, 0x8, 0xC}) {  // Prepared, committed, rolled back.
    auto request = to("t");
    request.sys_flag = sys_flag;
    EXPECT_EQ(send_body(request).code, 13) << sys_flag;
  }
  for (std::string_view properties :
       {"DELAY\0013\002", "TIMER_DELAY_MS\00110\002", "TIMER_DELAY_SEC\0011\002",
        "TIMER_DELIVER_MS\0019999999999999\002", "TRAN_MSG\001true\002", "TRAN_MSG\001TRUE\002"}) {
    EXPECT_EQ(send_body(to("t", properties)).code, 13) << properties;
  }
  EXPECT_EQ(stored(), 0);
}

TEST_F(Traffic, BadSendsAreRefusedAndStoreNothing) {
  EXPECT_EQ(send_body(to("t"), "").code, 13);
  EXPECT_EQ(send_body(to("t"), std::string(5 << 20, 'b')).code, 13);
  EXPECT_EQ(send_body(to("bad topic!")).code, 29);
  EXPECT_EQ(send_body(to("rmq_sys_wheel_timer")).code, 16);
  EXPECT_EQ(send_body(to("SCHEDULE_TOPIC_XXXX")).code, 16);
  auto far = to("t");
  far.queue_id = QueueId(99);
  EXPECT_EQ(send_body(far).code, 29);
  auto orphan = to("new-one");
  orphan.default_topic = "no-such-example";
  EXPECT_EQ(send_body(orphan).code, 17);
  EXPECT_EQ(stored(), 0);
}

TEST_F(Traffic, PullsSayWhyThereIsNothing) {
  ASSERT_EQ(send_body(to("t", "TAGS\001a\002")).code, 0);
  EXPECT_EQ(call(from(0)).code, 0);
  EXPECT_EQ(call(from(1)).code, 19) << "nothing yet";
  auto beyond = call(from(7));
  EXPECT_EQ(beyond.code, 21) << "the offset is corrected";
  EXPECT_EQ(beyond.ext["nextBeginOffset"], "1");
  auto other_tag = from(0);
  other_tag.subscription = "b";
  auto none = call(other_tag);
  EXPECT_EQ(none.code, 20);
  EXPECT_EQ(none.ext["nextBeginOffset"], "1");
  auto far = from(0);
  far.queue_id = QueueId(2);
  EXPECT_EQ(call(far).code, 29);
  auto unknown = from(0);
  unknown.topic = "nowhere";
  EXPECT_EQ(call(unknown).code, 17);
}

// A broker that is to be emptied: Java, too, keeps clients away by the route, and refuses those
// that come all the same only for ordered topics.
TEST_F(Traffic, AReadOnlyBrokerRefusesSendsToOrderedTopics) {
  auto ordered = topic_request("ordered", 2);
  ordered.is_order = true;
  ASSERT_EQ(call(ordered).code, 0);
  ASSERT_EQ(send_body(to("ordered")).code, 0);
  const int64_t before = stored();
  options.broker_permission = wire::kPermRead;
  auto refused = send_body(to("ordered"));
  EXPECT_EQ(refused.code, 16);
  EXPECT_EQ(refused.remark, "the broker[127.0.0.1] sending message is forbidden");
  EXPECT_EQ(stored(), before);
  EXPECT_EQ(send_body(to("t")).code, 0);
  auto pull = from(0);
  pull.topic = "ordered";
  EXPECT_EQ(call(pull).code, 0) << "what is there can be read";
  options.broker_permission = wire::kPermWrite;
  EXPECT_EQ(send_body(to("ordered")).code, 0);
  EXPECT_EQ(call(pull).code, 16);
}

// A consumer's last try, as Java clients send it: with the delay of the next one.
TEST_F(Traffic, WhatFailedTooOftenIsADeadLetter) {
  auto request = to("%RETRY%g", "DELAY\00119\002k\001v\002");
  request.reconsume_times = 17;
  request.max_reconsume_times = 16;
  auto got = send_body(request);
  EXPECT_EQ(got.code, 0) << got.remark;
  run();
  auto pull = from(0);
  pull.topic = "%DLQ%g";
  got = call(pull);
  ASSERT_EQ(got.code, 0) << got.remark;
  EXPECT_NE(got.body.find("k\001v\002"), std::string::npos);
  EXPECT_NE(got.body.find("DELAY\001-1\002"), std::string::npos) << "as Java marks it";
  EXPECT_EQ(got.body.find("DELAY\00119"), std::string::npos);
  request.reconsume_times = 16;
  EXPECT_EQ(send_body(request).code, 13) << "a try that is due later is not served yet";
}

// What the filter passes over is looked at in pieces: a piece without a match is not the end.
TEST_F(Traffic, AWaitingReaderGoesOnBehindManyOthersMessages) {
  auto waiting = from(0);
  waiting.subscription = "A";
  waiting.sys_flag |= 2;
  waiting.suspend_timeout_ms = 20'000;
  send(waiting);
  run();
  ASSERT_EQ(parking.parked(), 1u);
  for (int i = 0; i < 1'000; ++i) send(to("t", "TAGS\001B\002"), "b");
  send(to("t", "TAGS\001A\002"), "a");
  store->commit();
  run();
  EXPECT_EQ(parking.parked(), 0u);
  std::vector<Answer> got = take(admin);
  std::erase_if(got, [](const Answer& each) { return each.ext.contains("msgId"); });
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].code, 20) << "come again at once";
  waiting.queue_offset = QueueOffset(std::stoll(got[0].ext["nextBeginOffset"]));
  EXPECT_GT(waiting.queue_offset, QueueOffset(0));
  EXPECT_EQ(call(waiting).code, 0);
}

TEST_F(Traffic, AWokenReaderWhoseConnectionIsFullComesAgain) {
  auto waiting = from(0);
  waiting.sys_flag |= 2;
  waiting.suspend_timeout_ms = 20'000;
  send(waiting);
  run();
  ASSERT_EQ(parking.parked(), 1u);
  Peer producer = std::exchange(admin, {});
  EXPECT_EQ(send_body(to("t")).code, 0);
  std::swap(producer, admin);
  EXPECT_EQ(parking.parked(), 0u) << "room for it";
  EXPECT_EQ(take(admin).at(0).code, 0);

  waiting.queue_offset = QueueOffset(1);
  send(waiting);
  run();
  ASSERT_EQ(parking.parked(), 1u);
  admin.stream->unsent_bytes = rpc::Limits{}.unsent_pause_bytes;
  std::swap(producer, admin);
  EXPECT_EQ(send_body(to("t")).code, 0);
  std::swap(producer, admin);
  EXPECT_EQ(parking.parked(), 0u);
  admin.stream->unsent_bytes = 0;
  admin.connection->on_drained();
  auto got = take(admin);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].code, 20);
  EXPECT_EQ(got[0].ext["nextBeginOffset"], "1") << "from the same place";
  EXPECT_TRUE(got[0].body.empty());
  EXPECT_EQ(call(waiting).code, 0);
}

TEST_F(Traffic, WhoIsGoneDoesNotWait) {
  auto waiting = from(0);
  waiting.sys_flag |= 2;
  waiting.suspend_timeout_ms = 20'000;
  send(waiting);
  run();
  ASSERT_EQ(parking.parked(), 1u);
  admin.connection->close({Errc::unreachable, "as its machine went"});
  run();
  parking.sweep(clock.mono());
  EXPECT_EQ(parking.parked(), 0u);
  admin = {};
}

TEST_F(Traffic, AStopAnswersThoseWhoWait) {
  ASSERT_EQ(send_body(to("t")).code, 0);
  auto waiting = from(1);
  waiting.sys_flag |= 2;  // It may wait.
  waiting.suspend_timeout_ms = 20'000;
  send(waiting);
  run();
  EXPECT_EQ(parking.parked(), 1u);
  EXPECT_TRUE(take(admin).empty()) << "it waits";
  parking.close();
  run();
  auto got = take(admin);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].code, 19);
  EXPECT_EQ(got[0].ext["nextBeginOffset"], "1") << "its client goes on from there elsewhere";
  EXPECT_EQ(call(waiting).code, 19) << "whoever comes later does not wait any more";
  EXPECT_EQ(parking.parked(), 0u);
}

TEST_F(Traffic, PullsWithoutASubscriptionNeedALiveGroup) {
  ASSERT_EQ(send_body(to("t")).code, 0);
  auto request = from(0);
  request.sys_flag = 0;
  request.subscription = std::nullopt;
  EXPECT_EQ(call(request).code, 24) << "nobody of the group is here";
  join("g", "t", "c1", 41000);  // With version 7 of its subscription.
  request.sub_version = 7;
  EXPECT_EQ(call(request).code, 0);
  request.sub_version = 8;
  EXPECT_EQ(call(request).code, 25) << "the heartbeat is older than the pull";
  request.topic = "TBW102";
  EXPECT_EQ(call(request).code, 24) << "the group takes nothing of that topic";
}

TEST_F(Traffic, CommittedOffsetsAreAnswered) {
  ASSERT_EQ(send_body(to("t")).code, 0);
  ASSERT_EQ(call(from(0)).code, 0);  // The group exists from its first pull on.
  wire::UpdateConsumerOffset commit;
  commit.consumer_group = "g";
  commit.topic = "t";
  commit.commit_offset = QueueOffset(1);
  EXPECT_EQ(call(commit).code, 0);
  wire::QueryConsumerOffset query;
  query.consumer_group = "g";
  query.topic = "t";
  EXPECT_EQ(call(query).ext["offset"], "1");
  EXPECT_EQ(call(wire::GetMaxOffset{.topic = "t", .queue_id = QueueId(0)}).ext["offset"], "1");
  EXPECT_EQ(call(wire::GetMinOffset{.topic = "t", .queue_id = QueueId(0)}).ext["offset"], "0");
}

// A crash right after the answer finds the topic in the file, and so the message in the topic.
TEST_F(Traffic, TheFirstMessageOfATopicWaitsForTheTopic) {
  send(to("new"), "b");
  send(to("new"), "b");
  send(to("t"), "b");
  store->commit();
  loop.run();  // The background, where files are saved, does not come on.
  auto got = take(admin);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].opaque, opaque) << "only who sent to an old one is answered";
  background.run();
  loop.run();
  EXPECT_NE(io::read_text(disk, "s/config/topics.json")->find("\"new\""), std::string::npos);
  got = take(admin);
  ASSERT_EQ(got.size(), 2u);
  for (const Answer& each : got) EXPECT_EQ(each.code, 0) << each.remark;
  send(to("new"), "b");
  EXPECT_EQ(take(admin).size(), 1u) << "from now on at once";
}

TEST_F(Traffic, ATopicThatCannotBeSavedIsSaidSo) {
  disk.fault = [](storage::testing::MemoryDisk::Call, const std::string& path) -> Status {
    if (path.find("topics.json") != path.npos) return Error{Errc::io_error, "no"};
    return ok();
  };
  auto got = send_body(to("new"));
  disk.fault = nullptr;
  EXPECT_EQ(got.code, 1);
  EXPECT_EQ(got.remark, "in force, but not saved: no");
  EXPECT_EQ(send_body(to("new")).code, 0) << "saved by the next try";
}

class SyncTraffic : public Traffic {
 protected:
  SyncTraffic() { options.store.flush_mode = storage::FlushMode::sync; }
};

TEST_F(SyncTraffic, AStuckDiskIsAnsweredInTime) {
  send(to("t"), "b");
  store->commit();
  loop.run();  // The background, where flushes run, does not come on.
  EXPECT_TRUE(take(admin).empty()) << "nobody is told before the disk has it";
  loop.fire();
  auto late = take(admin);
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(late[0].code, 10);
  EXPECT_EQ(late[0].remark, errc_info(Errc::flush_disk_timeout).remark);
  EXPECT_EQ(late[0].ext["msgId"], "7F00000100002A9F0000000000000000") << "stored all the same";
  EXPECT_EQ(late[0].ext["queueOffset"], "0");
  EXPECT_EQ(call(from(0)).code, 19) << "nobody reads what the disk may lose";
  run();
  EXPECT_EQ(call(from(0)).code, 0) << "readable once the disk goes on";
  EXPECT_TRUE(take(admin).empty()) << "one request has one answer";
}

TEST_F(SyncTraffic, WhoDoesNotWaitIsAnsweredAtOnce) {
  send(to("t", "WAIT\001false\002"), "b");
  store->commit();
  loop.run();
  auto got = take(admin);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].code, 0);
}

}  // namespace
}  // namespace agena::broker::testing
