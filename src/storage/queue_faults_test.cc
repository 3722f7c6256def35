// Goal: a queue file that cannot be read, written or flushed is an error, and never taken for a
// queue that is empty, shorter or whole: no consumer skips messages, no good file is removed.
// Method: a store on a disk in memory that refuses calls on queue files, loses pages of them, or
// keeps such as it should have lost.
#include <gtest/gtest.h>

#include "storage/testing/store_world.h"

namespace agena::storage {
namespace {

using testing::MemoryDisk;
using testing::StoreWorld;

const std::string kFirstFile = "s/consumequeue/T/0/00000000000000000000";

class QueueFaults : public ::testing::Test {
 protected:
  void TearDown() override { mend(); }
  void mend() {
    world.disk->fault = nullptr;
    world.disk->read_fault = nullptr;
  }
  void refuse(MemoryDisk::Call which, const std::string& part, Errc code = Errc::io_error) {
    world.disk->fault = [=](MemoryDisk::Call call, const std::string& path) -> Status {
      if (call != which || path.find(part) == std::string::npos) return ok();
      return Error{code, "refused by the test"};
    };
  }
  void refuse_reads(const std::string& part) {
    world.disk->read_fault = [=](const std::string& path, uint64_t, uint64_t) -> Status {
      if (path.find(part) == std::string::npos) return ok();
      return Error{Errc::io_error, "EIO"};
    };
  }
  void send(const std::string& topic, int count, size_t size = 20) {
    for (int i = 0; i < count; ++i) {
      const std::string body = std::to_string(i) + std::string(size, 'x');
      world.send(topic, 0, body);
      if (topic == "T") sent.push_back(body);
    }
  }
  void restart() {
    ASSERT_TRUE(store().close());
    world.store.reset();
    ASSERT_TRUE(world.open());
  }
  void kill_and_open() {
    world.kill();
    ASSERT_TRUE(world.open());
  }
  Store& store() { return *world.store; }
  std::vector<std::string> sent_from(QueueOffset offset) const {
    return {sent.begin() + offset.value, sent.end()};
  }
  QueueOffset max_of(const std::string& topic) { return store().max_offset(topic, QueueId(0)); }

  StoreWorld world;
  std::vector<std::string> sent;
};

// ---- Reading.

TEST_F(QueueFaults, APullStaysWhereItIsWhileFilesCannotBeRead) {
  ASSERT_TRUE(world.open());
  send("T", 250);
  const auto expect_refusal = [&] {
    for (int64_t from : {0, 5, 120}) {
      Buffer out;
      const ReadResult r = store().read("T", QueueId(0), QueueOffset(from), {}, {}, out);
      EXPECT_EQ(r.status, ReadStatus::unreadable) << from;
      EXPECT_EQ(r.next.value, from);
      EXPECT_EQ(out.size(), 0u);
    }
    EXPECT_EQ(store().min_offset("T", QueueId(0)).value, 0);
    mend();
    EXPECT_EQ(world.bodies("T", 0), sent) << "nothing wrong is remembered";
  };
  restart();
  refuse(MemoryDisk::Call::open, "consumequeue/T");
  expect_refusal();
  restart();
  refuse_reads("consumequeue/T");
  expect_refusal();
}

TEST_F(QueueFaults, RetentionRemovesNoFileThatItCouldNotRead) {
  world.options.file_reserved_hours = 1;
  world.options.delete_when =
      "00;01;02;03;04;05;06;07;08;09;10;11;12;13;14;15;16;17;18;19;20;21;22;23";
  ASSERT_TRUE(world.open());
  send("T", 400, 1'000);
  restart();
  const auto pass_hours = [&](int hours) {
    for (int i = 0; i < hours * 4; ++i) world.pass_time(15 * 60'000);
  };
  refuse(MemoryDisk::Call::open, "consumequeue/T");
  ASSERT_TRUE(store().delete_expired_files());
  pass_hours(3);
  ASSERT_GT(store().state().begin.value, 0) << "log files have gone";
  EXPECT_TRUE(world.disk->exists(kFirstFile));
  mend();
  const QueueOffset min = store().min_offset("T", QueueId(0));
  EXPECT_GT(min.value, 100);
  EXPECT_EQ(world.bodies("T", 0, min.value), sent_from(min));
  pass_hours(1);
  EXPECT_FALSE(world.disk->exists(kFirstFile)) << "the next round tries again";
  EXPECT_EQ(world.bodies("T", 0, min.value), sent_from(min));
}

TEST_F(QueueFaults, LostSectorsHideOnlyTheirOwnMessages) {
  ASSERT_TRUE(world.open());
  send("T", 90);
  world.pass_time(61'000);
  send("Other", 3);
  world.kill();
  auto bytes = world.disk->content(kFirstFile);
  std::fill(bytes.begin() + 40 * 20, bytes.begin() + 47 * 20, std::byte());  // 45 is probed first.
  world.disk->set_content(kFirstFile, bytes);
  ASSERT_TRUE(world.open());
  EXPECT_EQ(max_of("T").value, 90);
  auto wanted = sent;
  wanted.erase(wanted.begin() + 40, wanted.begin() + 47);
  EXPECT_EQ(world.bodies("T", 0), wanted);
}

// ---- Recovery.

TEST_F(QueueFaults, AQueueThatCannotBeReadAtTheStartIsMadeAgain) {
  for (int reads_before : {0, 1, 5, 8, 14}) {
    SCOPED_TRACE(reads_before);
    world.kill();
    world.disk = std::make_unique<MemoryDisk>();
    sent.clear();
    ASSERT_TRUE(world.open());
    send("T", 250);
    world.pass_time(61'000);
    send("Other", 3);
    world.kill();
    int reads = 0;
    world.disk->read_fault = [&](const std::string& path, uint64_t, uint64_t) -> Status {
      if (path.find("consumequeue/T") == std::string::npos || reads++ != reads_before) return ok();
      return Error{Errc::io_error, "EIO"};
    };
    ASSERT_TRUE(world.open());
    mend();
    EXPECT_GT(reads, reads_before) << "the fault was met";
    EXPECT_EQ(world.bodies("T", 0), sent);
    EXPECT_EQ(world.send("T", 0, "next").queue_offset.value, 250);
    kill_and_open();
    EXPECT_EQ(max_of("T").value, 251);
  }
}

// Nothing of the queue is in the log any more, but its offsets were given away.
TEST_F(QueueFaults, AQueueThatTheLogHoldsNothingOfNeverGoesBack) {
  world.options.file_reserved_hours = 1;
  world.options.delete_when =
      "00;01;02;03;04;05;06;07;08;09;10;11;12;13;14;15;16;17;18;19;20;21;22;23";
  ASSERT_TRUE(world.open());
  world.send("T", 0, "of a topic that was deleted");
  ASSERT_TRUE(store().delete_topic("T"));
  send("T", 250);
  send("Other", 400, 1'000);
  for (int i = 0; i < 16; ++i) world.pass_time(15 * 60'000);
  send("Other", 3);
  ASSERT_EQ(store().min_offset("T", QueueId(0)).value, 250) << "retention has taken them";
  world.kill();
  const auto killed = world.disk->after_kill();
  const auto expect_end = [&](const char* why, int64_t end) {
    SCOPED_TRACE(why);
    ASSERT_TRUE(world.open());
    mend();
    for (int life = 0; life < 2; ++life) {
      EXPECT_EQ(max_of("T").value, end);
      EXPECT_EQ(store().min_offset("T", QueueId(0)).value, end);
      kill_and_open();
    }
    EXPECT_EQ(world.send("T", 0, "next").queue_offset.value, end);
    EXPECT_EQ(world.bodies("T", 0, end), std::vector<std::string>{"next"});
    world.kill();
    world.disk = killed->after_kill();
  };
  world.disk->remove_under("s/consumequeue/T");
  expect_end("its files are gone, our snapshot knows", 250);
  refuse_reads("consumequeue/T");
  expect_end("its files cannot be read: somewhere in the newest it ended", 300);
  world.disk->remove_under("s/cpp");
  world.disk->read_fault = [](const std::string& path, uint64_t offset, uint64_t) -> Status {
    const bool is_met = path.find("consumequeue/T") != path.npos && offset == 49 * 20;
    return is_met ? Status(Error{Errc::io_error, "EIO"}) : ok();
  };
  expect_end("one sector of its newest file", 300);
}

// Pages reach the disk in any order: a later one is there, an earlier one and the log are not.
TEST_F(QueueFaults, EntriesBehindThePageThatAPowerCutTookNeverComeBack) {
  world.options.queue_file_bytes = 40'960;
  ASSERT_TRUE(world.open());
  send("T", 100);
  world.pass_time(61'000);
  const auto before = world.disk->after_power_cut();
  for (int m = 0; m < 400; ++m) world.send("T", 0, "taken back by the power cut");
  world.pass_time();
  const auto written = world.disk->content(kFirstFile);
  world.become(before->after_kill());
  auto torn = world.disk->content(kFirstFile);
  ASSERT_EQ(torn.size(), written.size());
  std::copy(written.begin() + 2 * 4'096, written.end(), torn.begin() + 2 * 4'096);
  world.disk->set_content(kFirstFile, torn);
  ASSERT_TRUE(world.open());
  EXPECT_EQ(max_of("T").value, 100);
  const auto file = world.disk->content(kFirstFile);
  EXPECT_EQ(file.size(), 40'960u);
  EXPECT_TRUE(
      std::all_of(file.begin() + 2'000, file.end(), [](auto b) { return b == std::byte(); }));
  send("Other", 400);
  send("T", 300);
  world.pass_time(61'000);
  kill_and_open();
  EXPECT_EQ(world.bodies("T", 0), sent);
}

TEST_F(QueueFaults, NamesThatTheProcessBeforeNeverFlushedAreFlushedByTheNext) {
  world.options.flush_mode = FlushMode::sync;
  ASSERT_TRUE(world.open());
  send("Other", 3);
  world.pass_time(61'000);
  send("T", 150);
  world.pass_time();
  ASSERT_TRUE(world.disk->exists(kFirstFile));
  kill_and_open();
  world.cut_power();
  ASSERT_TRUE(world.open());
  EXPECT_EQ(world.bodies("T", 0), sent);
  EXPECT_EQ(world.send("T", 0, "next").queue_offset.value, 150);
}

// ---- Writing.

TEST_F(QueueFaults, OneQueueThatCannotBeWrittenIsNotForgottenOverTheOthers) {
  ASSERT_TRUE(world.open());
  refuse(MemoryDisk::Call::write, "consumequeue/T", Errc::disk_full);
  send("T", 30);
  for (const char* other : {"A", "Z"}) send(other, 30);
  world.pass_time();
  const auto refused = store().append(world.draft("A", 0, "x"));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text.find("consume queues"), std::string::npos);
  world.pass_time(61'000);
  EXPECT_FALSE(store().close()) << "a clean stop would say that all entries are in files";
  mend();
  world.store.reset();
  ASSERT_TRUE(world.open());
  EXPECT_EQ(world.bodies("T", 0), sent);
}

TEST_F(QueueFaults, NoCheckpointCoversAQueueThatCouldNotBeWritten) {
  ASSERT_TRUE(world.open());
  send("A", 5);
  world.pass_time(61'000);
  const auto before = world.disk->content("s/checkpoint");
  // Just before the checkpoint's own try, another queue has something to write, and can.
  world.disk->fault = [&](MemoryDisk::Call call, const std::string& path) -> Status {
    if (call != MemoryDisk::Call::write) return ok();
    if (path.find("cpp/mark") != path.npos && store().state().writable) world.send("A", 0, "x");
    if (path.find("consumequeue/T") == path.npos) return ok();
    return Error{Errc::disk_full, "refused by the test"};
  };
  send("T", 30);
  world.pass_time(61'000);
  EXPECT_EQ(world.disk->content("s/checkpoint"), before);
  mend();
  world.pass_time();
  world.pass_time(61'000);
  EXPECT_NE(world.disk->content("s/checkpoint"), before);
}

TEST_F(QueueFaults, ManyThatCannotBeWrittenAreTriedOnceARound) {
  ASSERT_TRUE(world.open());
  int tries = 0;
  world.disk->fault = [&](MemoryDisk::Call call, const std::string& path) -> Status {
    if (call != MemoryDisk::Call::open || path.find("consumequeue/") == path.npos) return ok();
    return ++tries > 5'000 ? ok() : Status(Error{Errc::disk_full, "refused by the test"});
  };
  for (int q = 0; q < 600; ++q) world.send("T", q, "x");
  world.pass_time(61'000);
  EXPECT_GT(tries, 200);
  EXPECT_LT(tries, 2'000) << "the loop would spin until the disk has room";
}

TEST_F(QueueFaults, DeletingTheTopicThatCannotBeWrittenFreesTheOthers) {
  ASSERT_TRUE(world.open());
  refuse(MemoryDisk::Call::write, "consumequeue/T", Errc::disk_full);
  send("T", 30);
  world.pass_time();
  ASSERT_FALSE(store().state().writable);
  ASSERT_TRUE(store().delete_topic("T"));
  for (int i = 0; i < 12; ++i) world.pass_time();
  EXPECT_TRUE(store().state().writable) << store().state().refusal;
  EXPECT_TRUE(store().append(world.draft("A", 0, "x")));
  EXPECT_TRUE(store().close());
}

TEST_F(QueueFaults, AFlushThatMeetsAFullDiskFencesAsAnyOther) {
  ASSERT_TRUE(world.open());
  send("T", 30);
  world.pass_time();
  refuse(MemoryDisk::Call::sync, "consumequeue/T", Errc::disk_full);
  for (int i = 0; i < 2; ++i) world.pass_time(61'000);
  EXPECT_TRUE(world.fatal) << "what was not flushed is lost to the kernel";
}

// ---- Deleting.

class DeletionFaults : public QueueFaults {
 protected:
  void delete_in_vain(MemoryDisk::Call call, const std::string& part) {
    ASSERT_TRUE(world.open());
    send("T", 150);
    send("Stays", 3);
    world.pass_time(61'000);
    send("T", 5);
    world.pass_time();
    refuse(call, part, Errc::disk_full);
    EXPECT_EQ(store().delete_topic("T").error().code, Errc::disk_full);
    EXPECT_EQ(store().delete_topic("T").error().code, Errc::disk_full) << "asked once more";
  }
  void expect_gone() {
    EXPECT_EQ(max_of("T").value, 0);
    EXPECT_EQ(store().topics(), std::vector<std::string>{"Stays"});
  }
};

TEST_F(DeletionFaults, ANoteThatFailedIsWrittenWhenAskedAgain) {
  delete_in_vain(MemoryDisk::Call::open, "cpp/deleted");
  mend();
  ASSERT_TRUE(store().delete_topic("T"));
  kill_and_open();
  expect_gone();
}

TEST_F(DeletionFaults, ANoteThatFailedIsWrittenInTheBackground) {
  delete_in_vain(MemoryDisk::Call::open, "cpp/deleted");
  mend();
  world.pass_time();
  kill_and_open();
  expect_gone();
}

TEST_F(DeletionFaults, FilesThatCouldNotGoDoSoWhenAskedAgain) {
  delete_in_vain(MemoryDisk::Call::rename, "cpp/trash");
  EXPECT_TRUE(world.disk->exists(kFirstFile));
  mend();
  ASSERT_TRUE(store().delete_topic("T"));
  EXPECT_FALSE(world.disk->exists(kFirstFile));
  kill_and_open();
  expect_gone();
}

TEST_F(DeletionFaults, NoStopIsCleanWhileADeletionIsNotDone) {
  delete_in_vain(MemoryDisk::Call::rename, "cpp/trash");
  EXPECT_FALSE(store().close());
  world.store.reset();
  mend();
  ASSERT_TRUE(world.open());
  expect_gone();
  EXPECT_FALSE(world.disk->exists(kFirstFile));
}

TEST_F(DeletionFaults, FilesThatCannotBeMovedAreRemovedWhereTheyAre) {
  ASSERT_TRUE(world.open());
  send("T", 150);
  send("Stays", 3);
  world.pass_time(61'000);
  refuse(MemoryDisk::Call::rename, "cpp/trash");  // As a link to another file system does.
  EXPECT_TRUE(store().delete_topic("T"));
  EXPECT_FALSE(world.disk->exists("s/consumequeue/T"));
  kill_and_open();
  expect_gone();
}

TEST_F(DeletionFaults, ATopicMadeAgainNeverWritesIntoTheFilesOfTheOld) {
  delete_in_vain(MemoryDisk::Call::rename, "cpp/trash");
  EXPECT_EQ(world.send("T", 0, "new").queue_offset.value, 0);
  world.pass_time();
  EXPECT_FALSE(store().state().writable) << "its entries have no file yet";
  mend();
  for (int i = 0; i < 12; ++i) world.pass_time();
  EXPECT_EQ(world.send("T", 0, "newer").queue_offset.value, 1);
  world.pass_time(61'000);
  for (int life = 0; life < 2; ++life) {
    EXPECT_EQ(world.bodies("T", 0), (std::vector<std::string>{"new", "newer"}));
    kill_and_open();
  }
}

}  // namespace
}  // namespace agena::storage
