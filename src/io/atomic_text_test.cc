// Goal: replace_text leaves the old content or the new one, at whatever call the power goes and
// whatever part of the unsynced writes survives; with keep_old, the old one stays beside the new.
// Method: the disk in memory loses power after 0, 1, 2... calls, each time with many seeds.
#include <gtest/gtest.h>

#include "io/files.h"
#include "io/testing/memory_files.h"

namespace agena::io {
namespace {

const std::string kOldest(3000, '0'), kOld(1500, '1'), kNew(2500, '2');

std::string content(Files& files, const std::string& path) {
  auto text = read_text(files, path);
  return text ? *text : std::string("<none>");
}

struct AtomicTextTest : ::testing::TestWithParam<bool> {
  // How many calls the replacement takes when the power stays.
  static int64_t prepare(MemoryFiles& files) {
    EXPECT_TRUE(files.make_dirs("config"));
    EXPECT_TRUE(replace_text(files, "config/a.json", kOldest, GetParam()));
    EXPECT_TRUE(replace_text(files, "config/a.json", kOld, GetParam()));
    return files.changes();
  }
};

TEST_P(AtomicTextTest, OldOrNewAtEveryCrashPoint) {
  MemoryFiles whole;
  int64_t before = prepare(whole);
  ASSERT_TRUE(replace_text(whole, "config/a.json", kNew, GetParam()));
  int64_t steps = whole.changes() - before;
  ASSERT_GE(steps, 5);
  int old_seen = 0, new_seen = 0;
  for (int64_t step = 0; step <= steps; ++step) {
    for (uint64_t seed = 0; seed < 40; ++seed) {
      MemoryFiles files;
      prepare(files);
      files.cut_power_after(step);
      bool done = bool(replace_text(files, "config/a.json", kNew, GetParam()));
      EXPECT_EQ(done, step == steps);
      files.crash(seed == 0 ? std::nullopt : std::optional(seed));
      std::string got = content(files, "config/a.json");
      EXPECT_TRUE(got == kOld || got == kNew) << "step " << step << " seed " << seed;
      EXPECT_TRUE(!done || got == kNew) << "what was reported as saved is saved";
      (got == kOld ? old_seen : new_seen) += 1;
      std::string kept = content(files, "config/a.json.bak");
      if (GetParam()) {
        EXPECT_TRUE(kept == kOldest || kept == kOld) << "step " << step << " seed " << seed;
        EXPECT_TRUE(!done || kept == kOld);
      } else {
        EXPECT_EQ(kept, "<none>");
      }
      // The rest of the attempt is in nobody's way.
      ASSERT_TRUE(replace_text(files, "config/a.json", "again", GetParam()));
      EXPECT_EQ(content(files, "config/a.json"), "again");
    }
  }
  EXPECT_GT(old_seen, 0);
  EXPECT_GT(new_seen, 40);
}

INSTANTIATE_TEST_SUITE_P(KeepOld, AtomicTextTest, ::testing::Bool());

TEST(AtomicText, ErrorsAreReturnedAndTheOldStays) {
  for (FileCall call :
       {FileCall::open, FileCall::write, FileCall::sync, FileCall::rename, FileCall::sync_dir}) {
    MemoryFiles files;
    ASSERT_TRUE(replace_text(files, "a", "old"));
    files.fail(call, 1, Errc::disk_full, true);
    auto status = replace_text(files, "a", "new");
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Errc::disk_full);
    files.heal();
    EXPECT_EQ(content(files, "a"), call == FileCall::sync_dir ? "new" : "old");
  }
}

TEST(AtomicText, AnUnreadableOldIsNotThrownAway) {
  MemoryFiles files;
  ASSERT_TRUE(replace_text(files, "a", "old"));
  files.fail(FileCall::read, 1, Errc::io_error);
  EXPECT_EQ(replace_text(files, "a", "new", true).error().code, Errc::io_error);
  EXPECT_EQ(content(files, "a"), "old");
}

TEST(AtomicText, AnEmptyOldDoesNotReplaceAGoodCopy) {
  MemoryFiles files;
  ASSERT_TRUE(replace_text(files, "a", "good"));
  ASSERT_TRUE(replace_text(files, "a", "", true));
  ASSERT_TRUE(replace_text(files, "a", "next", true));
  EXPECT_EQ(content(files, "a.bak"), "good");
}

TEST(AtomicText, MissingFilesAreNotFound) {
  MemoryFiles files;
  EXPECT_EQ(read_text(files, "none").error().code, Errc::not_found);
  EXPECT_EQ(replace_text(files, "none/a", "x").error().code, Errc::not_found);
  EXPECT_TRUE(replace_text(files, "first", "x", true)) << "nothing to keep yet";
}

}  // namespace
}  // namespace agena::io
