// Goal: what the store promises while it runs: places, order, reading, statuses, batches, times.
// Method: a store on a disk in memory, every answer compared with what was sent.
#include "storage/file_store.h"

#include <gtest/gtest.h>

#include "message/tag.h"
#include "storage/testing/store_world.h"

namespace agena::storage {
namespace {

using testing::StoreWorld;

class FileStoreTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(world.open()); }
  StoreWorld world;
  Store& store() { return *world.store; }
};

TEST_F(FileStoreTest, GivesPlacesInOrderAndReadsBack) {
  Appended first = world.send("T", 0, "one");
  Appended second = world.send("T", 0, "two");
  EXPECT_EQ(first.at.value, 0);
  EXPECT_EQ(first.queue_offset.value, 0);
  EXPECT_EQ(second.at, first.end());
  EXPECT_EQ(second.queue_offset.value, 1);
  EXPECT_EQ(world.bodies("T", 0), (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(store().max_offset("T", QueueId(0)).value, 2);
  EXPECT_EQ(store().state().written, second.end());
}

TEST_F(FileStoreTest, NothingIsReadableBeforeCommit) {
  ASSERT_TRUE(store().append(world.draft("T", 0, "one")));
  EXPECT_EQ(store().max_offset("T", QueueId(0)).value, 0);
  store().commit();
  EXPECT_EQ(store().max_offset("T", QueueId(0)).value, 1);
  ASSERT_EQ(world.arrivals.size(), 1u);
  EXPECT_EQ(world.arrivals[0].topic, "T");
  EXPECT_EQ(world.arrivals[0].next_offset.value, 1);
}

TEST_F(FileStoreTest, ArrivalsAreToldOncePerQueueAndCommit) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(store().append(world.draft("T", i % 2, "x")));
  store().commit();
  ASSERT_EQ(world.arrivals.size(), 2u);
  EXPECT_EQ(world.arrivals[0].next_offset.value, 5);
  EXPECT_EQ(world.arrivals[1].next_offset.value, 5);
  store().commit();
  EXPECT_EQ(world.arrivals.size(), 2u);
}

TEST_F(FileStoreTest, RollsToTheNextFileAndSurvivesACleanRestart) {
  std::vector<std::string> sent;
  for (int i = 0; i < 500; ++i) {
    sent.push_back(std::string(900, 'a' + i % 26) + std::to_string(i));
    world.send("T", i % 3, sent.back());
    if (i % 50 == 0) world.pass_time();
  }
  EXPECT_GT(store().state().written.value, 6 * world.options.log_file_bytes);
  auto check = [&] {
    for (int q = 0; q < 3; ++q) {
      std::vector<std::string> wanted;
      for (int i = q; i < 500; i += 3) wanted.push_back(sent[static_cast<size_t>(i)]);
      EXPECT_EQ(world.bodies("T", q), wanted);
    }
  };
  check();
  ASSERT_TRUE(store().close());
  EXPECT_FALSE(world.disk->exists("s/abort"));
  ASSERT_TRUE(world.open());
  check();
  EXPECT_EQ(world.send("T", 0, "next").queue_offset.value, 167);
}

TEST_F(FileStoreTest, StatusesAndNextOffsetsAreJavas) {
  Buffer out;
  auto read = [&](int64_t from) {
    return store().read("T", QueueId(0), QueueOffset(from), {}, {}, out);
  };
  EXPECT_EQ(read(0).status, ReadStatus::no_message_in_queue);
  for (int i = 0; i < 5; ++i) world.send("T", 0, "x");
  ReadResult r = read(5);
  EXPECT_EQ(r.status, ReadStatus::offset_overflow_one);
  EXPECT_EQ(r.next.value, 5);
  r = read(9);
  EXPECT_EQ(r.status, ReadStatus::offset_overflow_badly);
  EXPECT_EQ(r.next.value, 5);
  r = read(-1);
  EXPECT_EQ(r.status, ReadStatus::offset_too_small);
  EXPECT_EQ(r.next.value, 0);
  r = read(2);
  EXPECT_EQ(r.status, ReadStatus::found);
  EXPECT_EQ(r.messages, 3);
  EXPECT_EQ(r.next.value, 5);
  EXPECT_EQ(r.min.value, 0);
  EXPECT_EQ(r.max.value, 5);
  EXPECT_EQ(r.bytes, static_cast<int64_t>(out.size()));
}

TEST_F(FileStoreTest, LimitsCountBytesAndMessagesButOneAlwaysGoes) {
  for (int i = 0; i < 40; ++i) world.send("T", 0, std::string(1000, 'x'));
  Buffer out;
  ReadResult r = store().read("T", QueueId(0), QueueOffset(0), {10, 1 << 20}, {}, out);
  EXPECT_EQ(r.messages, 10);
  r = store().read("T", QueueId(0), QueueOffset(0), {32, 200}, {}, out);
  EXPECT_EQ(r.messages, 1);
  r = store().read("T", QueueId(0), QueueOffset(0), {32, 2'500}, {}, out);
  EXPECT_EQ(r.messages, 2);
  r = store().read("T", QueueId(0), QueueOffset(0), {40, 1 << 20}, {}, out);
  EXPECT_EQ(r.messages, 32) << "maxTransferCountOnMessageInMemory";
}

TEST_F(FileStoreTest, TagFilterScansOnAndSaysWhereToGoOn) {
  for (int i = 0; i < 30; ++i)
    world.send("T", 0, std::to_string(i),
               i % 10 == 0 ? "TAGS\x01"
                             "A\x02"
                           : "TAGS\x01"
                             "B\x02");
  Buffer out;
  TagCodes wanted{message::tag_code("A")};
  ReadResult r = store().read("T", QueueId(0), QueueOffset(1), {32, 1 << 20}, wanted, out);
  EXPECT_EQ(r.status, ReadStatus::found);
  EXPECT_EQ(r.messages, 2);
  EXPECT_EQ(r.next.value, 30);
  r = store().read("T", QueueId(0), QueueOffset(21), {32, 1 << 20}, wanted, out);
  EXPECT_EQ(r.status, ReadStatus::no_matched_message);
  EXPECT_EQ(r.next.value, 30);
  EXPECT_EQ(world.arrivals.back().tag_code, message::tag_code("B"));
}

TEST_F(FileStoreTest, ABatchLandsInOneFileOrNotAtAll) {
  std::string body;
  for (int i = 0; i < 20; ++i) {
    std::string text = "item" + std::to_string(i);
    ASSERT_TRUE(message::append_batch_item(body, {i, as_bytes(text), "K\x01v\x02"}));
  }
  message::Draft draft = world.draft("T", 1, body,
                                     "TAGS\x01"
                                     "A\x02");
  auto done = store().append_batch(draft);
  ASSERT_TRUE(done);
  store().commit();
  EXPECT_EQ(done->batch.size(), 20u);
  EXPECT_EQ(done->queue_offset.value, 0);
  EXPECT_EQ(store().max_offset("T", QueueId(1)).value, 20);
  EXPECT_EQ(world.bodies("T", 1).front(), "item0");
  EXPECT_EQ(world.arrivals.back().tag_code, message::tag_code("A"));

  std::string large;
  for (int i = 0; i < 70; ++i)
    ASSERT_TRUE(message::append_batch_item(large, {i, as_bytes(std::string(1000, 'x')), {}}));
  auto refused = store().append_batch(world.draft("T", 1, large));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::message_illegal);
  ASSERT_FALSE(store().append_batch(world.draft("T", 1, "not a batch")));
  EXPECT_EQ(store().max_offset("T", QueueId(1)).value, 20);
}

// The ids of all its messages stand in one answer.
TEST_F(FileStoreTest, ABatchHoldsNoEndOfMessages) {
  std::string body;
  for (size_t i = 0; i <= message::kBatchItemsMax; ++i)
    ASSERT_TRUE(message::append_batch_item(body, {0, {}, {}}));
  world.options.message_bytes_max = 16 << 20;
  world.kill();
  ASSERT_TRUE(world.open());
  auto refused = store().append_batch(world.draft("T", 1, body));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::message_illegal);
  EXPECT_EQ(store().max_offset("T", QueueId(1)).value, 0);
}

// Java measures a batch as it came: with the head and the properties of each item.
TEST_F(FileStoreTest, ABatchIsMeasuredAsItWasSent) {
  std::string body;
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(message::append_batch_item(body, {i, as_bytes("xx"), "K\x01v\x02"}));
  world.options.message_bytes_max = static_cast<int32_t>(body.size()) - 1;
  world.kill();
  ASSERT_TRUE(world.open());
  auto refused = store().append_batch(world.draft("T", 1, body));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::message_illegal);
  world.options.message_bytes_max = static_cast<int32_t>(body.size());
  world.kill();
  ASSERT_TRUE(world.open());
  EXPECT_TRUE(store().append_batch(world.draft("T", 1, body)));
}

TEST_F(FileStoreTest, TheLongestWriteIsMeasured) {
  EXPECT_EQ(store().state().append_time_max_us, 0);
  int64_t write_ms = 7;
  world.disk->fault = [&](testing::MemoryDisk::Call call, const std::string& path) {
    const bool is_log = path.find("/commitlog/") != std::string::npos;
    if (call == testing::MemoryDisk::Call::write && is_log) world.clock.advance_ms(write_ms);
    return ok();
  };
  world.send("T", 0, "x");
  write_ms = 2;
  world.send("T", 0, "x");
  EXPECT_EQ(store().state().append_time_max_us, 7'000);
  world.disk->fault = {};
}

TEST_F(FileStoreTest, RefusesWhatCannotBeStored) {
  EXPECT_EQ(store().append(world.draft("T", 0, std::string(70'000, 'x'))).error().code,
            Errc::message_illegal);
  EXPECT_EQ(store().append(world.draft("../T", 0, "x")).error().code, Errc::message_illegal);
  EXPECT_EQ(store().append(world.draft("T", -1, "x")).error().code, Errc::message_illegal);
  EXPECT_EQ(store().append(world.draft("", 0, "x")).error().code, Errc::message_illegal);
  EXPECT_TRUE(store().topics().empty());
}

TEST_F(FileStoreTest, OffsetsByTime) {
  // Times 1000 1000 1000 3000 3000 (relative), as in Java's own example.
  const UnixMillis base = world.clock.wall();
  for (int i = 0; i < 5; ++i) {
    world.clock.set_wall(base + (i < 3 ? 1000 : 3000));
    world.send("T", 0, "x");
  }
  auto at = [&](int64_t ms, Boundary b) {
    return store().offset_by_time("T", QueueId(0), base + ms, b).value;
  };
  EXPECT_EQ(at(1000, Boundary::lower), 0);
  EXPECT_EQ(at(1000, Boundary::upper), 2);
  EXPECT_EQ(at(2000, Boundary::lower), 3);
  EXPECT_EQ(at(2000, Boundary::upper), 2);
  EXPECT_EQ(at(3000, Boundary::lower), 3);
  EXPECT_EQ(at(3000, Boundary::upper), 4);
  EXPECT_EQ(at(9000, Boundary::lower), 5) << "past the end is the maximum";
  EXPECT_EQ(at(9000, Boundary::upper), 4) << "past the end is the last entry";
  EXPECT_EQ(at(0, Boundary::lower), 0);
  EXPECT_EQ(at(0, Boundary::upper), 0);
  EXPECT_EQ(store().store_time("T", QueueId(0), QueueOffset(3)), base + 3000);
  EXPECT_FALSE(store().store_time("T", QueueId(0), QueueOffset(5)));
  EXPECT_EQ(store().offset_by_time("none", QueueId(0), base, Boundary::lower).value, 0);
}

TEST_F(FileStoreTest, ReadsRecordsByPositionAndRefusesOthers) {
  Appended sent = world.send("T", 0, "hello");
  Buffer out;
  auto size = store().read_record(sent.at, out);
  ASSERT_TRUE(size);
  EXPECT_EQ(*size, sent.size_bytes);
  EXPECT_EQ(as_text(message::decode(out.view(), message::Verify::crc)->body), "hello");
  EXPECT_FALSE(store().read_record(sent.at + 1, out));
  EXPECT_FALSE(store().read_record(PhysicalOffset(1 << 30), out));
  EXPECT_FALSE(store().read_record(PhysicalOffset(-5), out));
  EXPECT_EQ(static_cast<int64_t>(out.size()), sent.size_bytes);
}

TEST_F(FileStoreTest, ABodyThatLooksLikeARecordHeadCostsNothing) {
  const Appended first = world.send("T", 0, "first");
  // What anybody may send: the head of a record of 1 GB, that says it stands where it will stand.
  const size_t before = static_cast<size_t>(first.size_bytes) - 9;  // Up to the body.
  std::string head(message::kRecordHeadSize, '\0');
  const int64_t at = first.end().value + static_cast<int64_t>(before);
  store_be<int32_t>(head.data(), 1'000'000'000);
  store_be<int32_t>(head.data() + 4, message::kMagicV1);
  store_be<int64_t>(head.data() + 28, at);
  const Appended planted = world.send("T", 0, head);
  ASSERT_EQ(planted.at, first.end());
  std::byte there[8];
  Buffer out;
  ASSERT_TRUE(store().read_record(planted.at, out));
  const auto found = as_text(out.view()).find(head);
  ASSERT_EQ(planted.at.value + static_cast<int64_t>(found), at);
  std::copy_n(out.data() + found, sizeof there, there);
  EXPECT_EQ(load_be<int32_t>(there), 1'000'000'000);
  out.release();
  const auto refused = store().read_record(PhysicalOffset(at), out);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::not_found);
  EXPECT_EQ(out.capacity(), 0u);
}

TEST_F(FileStoreTest, FindsMessagesByKeyUniqueKeyAndTag) {
  for (int i = 0; i < 10; ++i) {
    std::string key = "k" + std::to_string(i % 3);
    std::string properties = "KEYS\x01" + key + "\x02UNIQ_KEY\x01U" + std::to_string(i) + "\x02";
    world.send("T", 0, std::to_string(i), properties);
    world.clock.advance_ms(10);
  }
  KeyQuery query{.topic = "T", .key = "k1", .begin = UnixMillis(0), .end = world.clock.wall()};
  Buffer out;
  EXPECT_EQ(store().query(query, out).messages, 3);
  EXPECT_EQ(as_text(message::decode(out.view(), message::Verify::crc)->body), "1");
  query.bytes_max = 1;
  Buffer newest;
  EXPECT_EQ(store().query(query, newest).messages, 1) << "one at least";
  query.bytes_max = static_cast<int64_t>(out.size()) - 1;
  Buffer two;
  EXPECT_EQ(store().query(query, two).messages, 2);
  EXPECT_TRUE(as_text(two.view()).ends_with(as_text(newest.view()))) << "the newest";
  query.bytes_max = static_cast<int64_t>(out.size());
  EXPECT_EQ(store().query(query, two).messages, 3);
  query.key = "U4";
  query.type = 'U';
  out.clear();
  EXPECT_EQ(store().query(query, out).messages, 1);
  query.key = "none";
  EXPECT_EQ(store().query(query, out).messages, 0);
}

TEST_F(FileStoreTest, DeletedTopicsStartAgainAtZero) {
  for (int i = 0; i < 250; ++i) world.send("T", 0, "old");
  world.pass_time();
  ASSERT_TRUE(store().delete_topic("T"));
  EXPECT_EQ(store().max_offset("T", QueueId(0)).value, 0);
  EXPECT_TRUE(store().topics().empty());
  EXPECT_EQ(world.send("T", 0, "new").queue_offset.value, 0);
  world.pass_time();
  world.pass_time();
  EXPECT_EQ(world.bodies("T", 0), std::vector<std::string>{"new"});
  world.kill();
  ASSERT_TRUE(world.open());
  EXPECT_EQ(world.bodies("T", 0), std::vector<std::string>{"new"});
  ASSERT_TRUE(store().close());
  ASSERT_TRUE(world.open());
  EXPECT_EQ(world.bodies("T", 0), std::vector<std::string>{"new"});
}

}  // namespace
}  // namespace agena::storage
