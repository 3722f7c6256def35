// Goal: the next start knows how the last process ended, and two never share a store.
// Method: real files in a temporary directory.
#include "storage/store_marks.h"

#include <gtest/gtest.h>

#include "storage/testing/faulty_files.h"

namespace agena::storage {
namespace {

class StoreMarksTest : public ::testing::Test {
 protected:
  LastStop last() {
    auto stop = last_stop(files_, root_, root_ + "/commitlog");
    EXPECT_TRUE(stop);
    return stop.value_or(LastStop::fresh);
  }
  std::string text(const std::string& name) {
    auto read = io::read_text(files_, root_ + "/" + name);
    return read ? *read : describe(read.error());
  }

  testing::TempDir dir_;
  testing::Faults faults_;
  testing::FaultyFiles files_{faults_};
  const std::string root_ = dir_ / "a/store";
};

TEST_F(StoreMarksTest, LockMakesTheDirectoryAndExcludesASecond) {
  auto lock = lock_store(files_, root_);
  ASSERT_TRUE(lock);
  EXPECT_EQ(text("lock"), "lock");
  auto second = lock_store(files_, root_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::illegal_operation);
  EXPECT_NE(second.error().text.find(root_), std::string::npos);
  lock->reset();
  EXPECT_TRUE(lock_store(files_, root_));
}

TEST_F(StoreMarksTest, ALifeFromFreshToClean) {
  ASSERT_TRUE(lock_store(files_, root_));
  EXPECT_EQ(last(), LastStop::fresh);
  ASSERT_TRUE(files_.make_dirs(root_ + "/commitlog"));
  EXPECT_EQ(last(), LastStop::fresh);
  ASSERT_TRUE(mark_running(files_, root_, 4711));
  EXPECT_EQ(text("abort"), "4711");
  EXPECT_EQ(last(), LastStop::unclean);
  ASSERT_TRUE(mark_running(files_, root_, 5));
  EXPECT_EQ(text("abort"), "5");
  ASSERT_TRUE(files_.open(root_ + "/commitlog/00000000000000000000", io::Open::create));
  ASSERT_TRUE(mark_stopped(files_, root_));
  EXPECT_EQ(last(), LastStop::clean);
  EXPECT_TRUE(mark_stopped(files_, root_));
}

TEST_F(StoreMarksTest, FailuresAreTold) {
  ASSERT_TRUE(lock_store(files_, root_));
  faults_.fail_sync = true;
  EXPECT_FALSE(mark_running(files_, root_, 1));
  EXPECT_FALSE(mark_running(files_, dir_ / "missing", 1));
  const std::string log_dir = root_ + "/commitlog";
  EXPECT_FALSE(sync_folders(files_, root_, log_dir)) << "there is none yet";
  ASSERT_TRUE(files_.make_dirs(log_dir));
  EXPECT_FALSE(sync_folders(files_, dir_ / "missing", log_dir));
  EXPECT_TRUE(sync_folders(files_, root_, log_dir));
}

}  // namespace
}  // namespace agena::storage
