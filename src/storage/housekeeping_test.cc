// Goal: retention takes the oldest log files and what pointed into them, moves minimum offsets, and
// a disk that is too full refuses messages and takes them again, without a restart.
// Method: a store whose clock and disk figures the test moves.
#include "storage/housekeeping.h"

#include <gtest/gtest.h>

#include "storage/testing/store_world.h"

namespace agena::storage {
namespace {

using testing::StoreWorld;

class HousekeepingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    world.options.file_reserved_hours = 1;
    world.options.delete_when =
        "00;01;02;03;04;05;06;07;08;09;10;11;12;13;14;15;16;17;18;19;20;"
        "21;22;23";
    ASSERT_TRUE(world.open());
  }
  void send(int count) {
    for (int i = 0; i < count; ++i) {
      sent.push_back(std::to_string(sent.size()) + std::string(1'000, 'x'));
      world.send("T", 0, sent.back(), "KEYS\x01k" + std::to_string(sent.size() - 1) + "\x02");
    }
  }
  size_t log_files() {
    size_t count = 0;
    for (const std::string& path : world.disk->paths()) count += path.starts_with("s/commitlog/");
    return count;
  }
  void pass_hours(int hours) {
    // In steps, as the clock that retention believes does not leap.
    for (int i = 0; i < hours * 4; ++i) world.pass_time(15 * 60'000);
  }
  StoreWorld world;
  std::vector<std::string> sent;
};

TEST_F(HousekeepingTest, OldFilesGoAndMinimumOffsetsFollow) {
  send(400);
  world.pass_time();
  const size_t before = log_files();
  ASSERT_GT(before, 6u);
  pass_hours(3);
  send(1);
  pass_hours(1);
  EXPECT_LT(log_files(), before);
  const StoreState state = world.store->state();
  EXPECT_GT(state.begin.value, 0);
  EXPECT_GT(state.expired_files, 0u);
  const QueueOffset min = world.store->min_offset("T", QueueId(0));
  EXPECT_GT(min.value, 0);
  Buffer out;
  ReadResult r = world.store->read("T", QueueId(0), QueueOffset(0), {}, {}, out);
  EXPECT_EQ(r.status, ReadStatus::offset_too_small);
  EXPECT_EQ(r.next, min);
  EXPECT_EQ(world.bodies("T", 0, min.value),
            std::vector<std::string>(sent.begin() + min.value, sent.end()));
  EXPECT_EQ(world.store->offset_by_time("T", QueueId(0), UnixMillis(0), Boundary::lower), min);
  // Queue files below went too, but never the newest.
  EXPECT_FALSE(world.disk->exists("s/consumequeue/T/0/00000000000000000000"));

  world.kill();
  ASSERT_TRUE(world.open());
  EXPECT_EQ(world.store->min_offset("T", QueueId(0)), min);
  EXPECT_EQ(world.bodies("T", 0, min.value),
            std::vector<std::string>(sent.begin() + min.value, sent.end()));
  world.disk->remove_under("s/consumequeue");
  world.kill();
  world.disk->remove_under("s/consumequeue");
  ASSERT_TRUE(world.open());
  EXPECT_EQ(world.store->min_offset("T", QueueId(0)), min) << "made again from what is left";
  EXPECT_EQ(world.send("T", 0, "next").queue_offset.value, static_cast<int64_t>(sent.size()));
}

TEST_F(HousekeepingTest, AQueueWhoseMessagesAreAllGoneKeepsItsOffsets) {
  for (int i = 0; i < 10; ++i) world.send("Old", 0, "x");
  send(300);
  world.pass_time();
  pass_hours(4);
  ASSERT_GT(world.store->state().begin.value, 0);
  EXPECT_EQ(world.store->min_offset("Old", QueueId(0)).value, 10);
  EXPECT_EQ(world.store->max_offset("Old", QueueId(0)).value, 10);
  EXPECT_EQ(world.send("Old", 0, "y").queue_offset.value, 10);
  EXPECT_EQ(world.bodies("Old", 0, 10), std::vector<std::string>{"y"});
}

// One file at once, the others deleteCommitLogFilesInterval apart, at most deleteFileBatchMax.
TEST_F(HousekeepingTest, FilesGoOneAtATime) {
  world.options.delete_files_max = 3;
  world.options.file_reserved_hours = 1'000;
  world.kill();
  ASSERT_TRUE(world.open());
  send(600);
  world.pass_time();
  const auto files_gone = [&] {
    return world.store->state().begin.value / world.options.log_file_bytes;
  };
  EXPECT_EQ(files_gone(), 0);
  world.disk->space_now = {1'000'000, 140'000, 0};  // Above diskSpaceCleanForciblyRatio.
  ASSERT_TRUE(world.store->delete_expired_files());
  world.loop.run();
  EXPECT_EQ(files_gone(), 1);
  world.disk->space_now = {1'000'000, 700'000, 0};  // What was decided is carried out all the same.
  for (int gone : {2, 3, 3, 3}) {
    world.loop.fire();
    EXPECT_EQ(files_gone(), gone);
  }
  EXPECT_EQ(world.store->state().expired_files, 3u);
}

TEST_F(HousekeepingTest, OneUnreadableRecordDoesNotKeepOldFiles) {
  send(400);
  world.pass_time();
  world.kill();
  const std::string second = world.log_path(world.options.log_file_bytes);
  world.disk->read_fault = [=](const std::string& path, uint64_t offset, uint64_t) -> Status {
    if (path != second || offset >= 4'096) return ok();
    return Error{Errc::io_error, "EIO"};
  };
  ASSERT_TRUE(world.open());
  send(200);
  pass_hours(4);
  EXPECT_GT(world.store->state().begin.value, 2 * world.options.log_file_bytes);
}

TEST_F(HousekeepingTest, AFileThatCannotBeRemovedComesFirstTheNextTime) {
  send(600);
  world.pass_time();
  bool refuses = true;
  world.disk->fault = [&](testing::MemoryDisk::Call call, const std::string& path) -> Status {
    const bool is_first = path.ends_with("commitlog/00000000000000000000");
    if (refuses && call == testing::MemoryDisk::Call::remove && is_first)
      return Error{Errc::io_error, "EBUSY"};
    return ok();
  };
  pass_hours(4);
  ASSERT_GT(world.store->state().begin.value, 0);
  EXPECT_TRUE(world.disk->exists(world.log_path(0)));
  const auto second = world.log_path(world.options.log_file_bytes);
  EXPECT_TRUE(world.disk->exists(second)) << "no gap while the first is there";
  refuses = false;
  pass_hours(4);
  EXPECT_FALSE(world.disk->exists(world.log_path(0)));
  world.disk->fault = nullptr;  // It must not outlive what it refers to.
}

TEST_F(HousekeepingTest, WhatNobodyConsumedIsCountedWithItsGroup) {
  int asked = 0;
  std::optional<PhysicalOffset> consumed;
  world.first_unconsumed = [&](Store&) -> std::optional<Unconsumed> {
    ++asked;
    if (!consumed) return std::nullopt;
    return Unconsumed{*consumed, "group G, topic T, queue 0"};
  };
  world.kill();
  ASSERT_TRUE(world.open());
  send(300);
  const PhysicalOffset at =
      world.store->position("T", QueueId(0), QueueOffset(10)).value_or(PhysicalOffset(-1));
  EXPECT_GT(at.value, 10'000);
  EXPECT_FALSE(world.store->position("T", QueueId(0), QueueOffset(300)));
  EXPECT_FALSE(world.store->position("T", QueueId(0), QueueOffset(-1)));
  EXPECT_FALSE(world.store->position("U", QueueId(0), QueueOffset(0)));
  world.pass_time();
  EXPECT_EQ(asked, 0) << "nothing goes";
  consumed = at;
  pass_hours(4);
  const StoreState state = world.store->state();
  ASSERT_GT(state.expired_files, 2u);
  EXPECT_EQ(state.expired_unconsumed_bytes, static_cast<uint64_t>(state.begin - at));
  EXPECT_FALSE(world.store->position("T", QueueId(0), QueueOffset(10)));
}

TEST_F(HousekeepingTest, AFullDiskRefusesAndTakesAgain) {
  send(3);
  world.disk->space_now = {1'000'000, 20'000, 0};
  world.pass_time(10'000);
  auto refused = world.store->append(world.draft("T", 0, "x"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::disk_full);
  EXPECT_FALSE(refused.error().text.empty());
  EXPECT_FALSE(world.store->state().writable);
  EXPECT_EQ(world.store->state().refusal, refused.error().text);
  EXPECT_EQ(world.bodies("T", 0), sent) << "reading goes on";
  world.disk->space_now = {1'000'000, 700'000, 0};
  world.pass_time(10'000);
  send(1);
  EXPECT_EQ(world.bodies("T", 0), sent);
}

TEST_F(HousekeepingTest, ADiskThatIsFullAtTheStartTakesNothing) {
  send(3);
  world.kill();
  world.disk->space_now = {1'000'000, 20'000, 0};
  ASSERT_TRUE(world.open());
  EXPECT_NEAR(world.store->state().log_disk_ratio, 0.98, 0.001) << "known from the start";
  EXPECT_EQ(world.store->append(world.draft("T", 0, "x")).error().code, Errc::disk_full);
  EXPECT_EQ(world.store->state().begin.value, 0) << "nothing goes before the first round";
  world.disk->space_now = {1'000'000, 700'000, 0};
  world.pass_time(10'000);
  send(1);
  EXPECT_EQ(world.bodies("T", 0), sent);
}

TEST(OperatorsRound, TakesOldFilesOutsideTheHoursOfDeleteWhen) {
  StoreWorld world;
  const int far_hour = (local_hour(world.clock.wall()) + 12) % 24;
  world.options.file_reserved_hours = 1;
  world.options.delete_when = (far_hour < 10 ? "0" : "") + std::to_string(far_hour);
  ASSERT_TRUE(world.open());
  for (int i = 0; i < 300; ++i) world.send("T", 0, std::string(1'000, 'x'));
  for (int i = 0; i < 12; ++i) world.pass_time(15 * 60'000);
  world.send("T", 0, "newest");
  EXPECT_EQ(world.store->state().begin.value, 0);
  ASSERT_TRUE(world.store->delete_expired_files());
  world.loop.run();
  EXPECT_GT(world.store->state().begin.value, 0);
  EXPECT_EQ(world.bodies("T", 0, world.store->min_offset("T", QueueId(0)).value).back(), "newest");
}

}  // namespace
}  // namespace agena::storage
