// Goal: an acknowledgement means what docs/durability.md says, also when the disk is full or
// broken. Method: SYNC_FLUSH waiters and visibility against a disk that counts its flushes; then a
// disk that fails at a chosen call.
#include <gtest/gtest.h>

#include "storage/testing/store_world.h"

namespace agena::storage {
namespace {

using testing::MemoryDisk;
using testing::StoreWorld;

class SyncFlushTest : public ::testing::Test {
 protected:
  void SetUp() override {
    world.options.flush_mode = FlushMode::sync;
    ASSERT_TRUE(world.open());
  }
  StoreWorld world;
  Store& store() { return *world.store; }
};

TEST_F(SyncFlushTest, ReadersSeeNothingThatIsNotOnTheDisk) {
  Appended sent = world.send("T", 0, "one");
  EXPECT_EQ(store().max_offset("T", QueueId(0)).value, 0);
  EXPECT_EQ(store().state().flushed.value, 0);
  world.loop.run();
  EXPECT_EQ(store().state().flushed, sent.end());
  EXPECT_EQ(store().max_offset("T", QueueId(0)).value, 1);
  ASSERT_EQ(world.arrivals.size(), 1u);
  world.cut_power();
  ASSERT_TRUE(world.open());
  EXPECT_EQ(world.bodies("T", 0), std::vector<std::string>{"one"});
}

TEST_F(SyncFlushTest, ManyWaitersShareAFlushAndAreToldInOrder) {
  world.send("T", 1, "making the file flushes it too");
  world.loop.run();
  int syncs = 0;
  world.disk->fault = [&](MemoryDisk::Call call, const std::string& path) {
    if (call == MemoryDisk::Call::sync && path.find("commitlog") != std::string::npos) ++syncs;
    return ok();
  };
  io::testing::MemoryLoop client;
  std::vector<int> told;
  std::vector<Appended> sent;
  for (int i = 0; i < 20; ++i) {
    auto done = store().append(world.draft("T", 0, std::to_string(i)));
    ASSERT_TRUE(done);
    sent.push_back(*done);
  }
  // Asked for in any order, also before commit().
  for (int i : {3, 1, 2, 19, 0, 7})
    store().when_durable(sent[static_cast<size_t>(i)].end(), client,
                         [&told, i] { told.push_back(i); });
  world.loop.run();
  client.run();
  EXPECT_TRUE(told.empty()) << "nothing was written yet";
  store().commit();
  EXPECT_TRUE(told.empty());
  world.loop.run();
  client.run();
  EXPECT_EQ(told, (std::vector<int>{0, 1, 2, 3, 7, 19}));
  EXPECT_EQ(syncs, 1);
  store().when_durable(sent[5].end(), client, [&told] { told.push_back(99); });
  client.run();
  EXPECT_EQ(told.back(), 99) << "already on the disk";
  EXPECT_EQ(syncs, 1);
}

TEST(AsyncFlush, WaitersAreServedThereToo) {
  StoreWorld world;
  ASSERT_TRUE(world.open());
  bool told = false;
  Appended sent = world.send("T", 0, "one");
  world.store->when_durable(sent.end(), world.loop, [&] { told = true; });
  world.loop.run();
  EXPECT_TRUE(told);
  EXPECT_EQ(world.store->state().flushed, sent.end());
}

TEST_F(SyncFlushTest, AFailedFlushFencesAndNobodyIsToldAnything) {
  bool told = false;
  world.send("T", 1, "makes the file");
  world.loop.run();
  world.disk->fault = [](MemoryDisk::Call call, const std::string& path) -> Status {
    if (call == MemoryDisk::Call::sync && path.find("commitlog") != std::string::npos)
      return Error{Errc::io_error, "EIO"};
    return ok();
  };
  Appended sent = world.send("T", 0, "one");
  store().when_durable(sent.end(), world.loop, [&] { told = true; });
  world.loop.run();
  ASSERT_TRUE(world.fatal);
  EXPECT_FALSE(told);
  EXPECT_EQ(store().max_offset("T", QueueId(0)).value, 0);
  // A flush that works the next time proves nothing: the kernel has dropped the pages.
  world.disk->fault = {};
  world.pass_time();
  EXPECT_FALSE(told);
  EXPECT_EQ(store().append(world.draft("T", 0, "two")).error().code, Errc::not_open);
  EXPECT_FALSE(store().state().writable);
  EXPECT_FALSE(store().close());
  EXPECT_TRUE(world.disk->exists("s/abort"));
}

TEST(BrokenDisk, AFailedWriteFences) {
  StoreWorld world;
  ASSERT_TRUE(world.open());
  world.send("T", 0, "one");
  world.disk->fault = [](MemoryDisk::Call call, const std::string& path) -> Status {
    if (call == MemoryDisk::Call::write && path.find("commitlog") != std::string::npos)
      return Error{Errc::io_error, "EIO"};
    return ok();
  };
  ASSERT_TRUE(world.store->append(world.draft("T", 0, "two")));
  world.store->commit();
  ASSERT_TRUE(world.fatal);
  EXPECT_EQ(world.store->max_offset("T", QueueId(0)).value, 1);
  EXPECT_FALSE(world.store->append(world.draft("T", 0, "three")));
}

TEST(FullDisk, ShowsAtAppendAndPassesWithoutARestart) {
  StoreWorld world;
  ASSERT_TRUE(world.open());
  bool is_full = false;
  world.disk->fault = [&](MemoryDisk::Call call, const std::string&) -> Status {
    if (is_full && call == MemoryDisk::Call::allocate) return Error{Errc::disk_full, "ENOSPC"};
    return ok();
  };
  std::vector<std::string> stored;
  auto fill = [&](int count) {
    int refused = 0;
    for (int i = 0; i < count; ++i) {
      std::string body = std::to_string(i) + std::string(2'000, 'x');
      auto done = world.store->append(world.draft("T", 0, body));
      world.store->commit();
      if (done)
        stored.push_back(body);
      else
        refused += done.error().code == Errc::disk_full;
    }
    return refused;
  };
  EXPECT_EQ(fill(40), 0);
  is_full = true;
  EXPECT_GT(fill(100), 0);
  EXPECT_FALSE(world.fatal) << "a full disk is no reason to stop";
  EXPECT_EQ(world.bodies("T", 0), stored);
  world.kill();
  ASSERT_TRUE(world.open());
  is_full = false;
  EXPECT_EQ(fill(40), 0);
  EXPECT_EQ(world.bodies("T", 0), stored);
}

TEST(FullDisk, QueueFilesThatCannotBeWrittenWaitAndNewMessagesAreRefused) {
  bool is_full = true;  // Outlives the world, whose store asks for it while it closes.
  StoreWorld world;
  ASSERT_TRUE(world.open());
  world.disk->fault = [&](MemoryDisk::Call call, const std::string& path) -> Status {
    if (is_full && call == MemoryDisk::Call::write &&
        path.find("consumequeue") != std::string::npos)
      return Error{Errc::disk_full, "ENOSPC"};
    return ok();
  };
  std::vector<std::string> stored;
  for (int i = 0; i < 250; ++i) world.send("T", 0, stored.emplace_back(std::to_string(i)));
  world.pass_time();
  world.pass_time();
  EXPECT_EQ(world.bodies("T", 0), stored) << "entries stay in memory";
  auto refused = world.store->append(world.draft("T", 0, "x"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::disk_full);
  EXPECT_NE(refused.error().text.find("consume queues"), std::string::npos);
  EXPECT_FALSE(world.store->state().writable);
  is_full = false;
  world.pass_time();
  world.pass_time();
  EXPECT_TRUE(world.store->append(world.draft("T", 0, "x")));
  EXPECT_EQ(world.bodies("T", 0), stored);
  EXPECT_FALSE(world.fatal);
}

// Every call that changes the disk fails once, each at its own time; whatever was acknowledged
// before is there after a kill.
TEST(BrokenDisk, AnyCallMayFail) {
  int calls_in_all = 0;
  for (int fail_at = 0; fail_at == 0 || fail_at <= calls_in_all; ++fail_at) {
    int calls = 0;  // Outlives the world.
    StoreWorld world;
    world.options.flush_mode = FlushMode::sync;
    world.disk->fault = [&](MemoryDisk::Call, const std::string&) -> Status {
      if (++calls == fail_at) return Error{Errc::io_error, "EIO"};
      return ok();
    };
    std::vector<std::string> acknowledged;
    if (world.open()) {
      for (int i = 0; i < 60 && !world.fatal; ++i) {
        std::string body = std::to_string(i) + std::string(3'000, 'x');
        auto done = world.store->append(world.draft("T", i % 2, body));
        world.store->commit();
        if (done && i % 2 == 0)
          world.store->when_durable(done->end(), world.loop,
                                    [&acknowledged, body] { acknowledged.push_back(body); });
        world.loop.run();
        if (i % 20 == 19) world.pass_time(61'000);
      }
    }
    if (fail_at == 0) calls_in_all = calls;
    world.cut_power();
    world.fatal.reset();
    ASSERT_TRUE(world.open()) << fail_at;
    std::vector<std::string> found = world.bodies("T", 0);
    ASSERT_GE(found.size(), acknowledged.size()) << fail_at;
    EXPECT_TRUE(std::equal(acknowledged.begin(), acknowledged.end(), found.begin())) << fail_at;
  }
  EXPECT_GT(calls_in_all, 100);
}

TEST(Close, SaysNoToEverythingAfterwards) {
  StoreWorld world;
  ASSERT_TRUE(world.open());
  world.send("T", 0, "one");
  ASSERT_TRUE(world.store->close());
  EXPECT_EQ(world.store->append(world.draft("T", 0, "x")).error().code, Errc::not_open);
  EXPECT_FALSE(world.store->delete_topic("T"));
  EXPECT_FALSE(world.store->state().writable);
  world.loop.fire();
  EXPECT_TRUE(world.store->close());
}

}  // namespace
}  // namespace agena::storage
