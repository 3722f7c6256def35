// Goal: the disk in memory is as forgetful as a real one may be, and no more.
// Method: writes, crashes with and without luck, faults at chosen calls.
#include "io/testing/memory_files.h"

#include <gtest/gtest.h>

namespace agena::io {
namespace {

std::string text_of(Files& files, const std::string& path) {
  auto text = read_text(files, path);
  return text ? *text : "<" + std::string(errc_info(text.error().code).name) + ">";
}

struct MemoryFilesTest : ::testing::Test {
  MemoryFilesTest() { EXPECT_TRUE(files.make_dirs("d/sub")); }
  std::unique_ptr<File> open(const std::string& path, Open mode = Open::create) {
    auto file = files.open(path, mode);
    EXPECT_TRUE(file) << path;
    return file ? std::move(*file) : nullptr;
  }
  static void write(File& file, std::string_view text, uint64_t offset = 0) {
    EXPECT_TRUE(file.write_at(as_bytes(text), offset));
  }
  // Durable, with its name.
  std::unique_ptr<File> saved(const std::string& path, std::string_view text) {
    auto file = open(path);
    write(*file, text);
    EXPECT_TRUE(file->sync());
    EXPECT_TRUE(files.sync_dir("d"));
    return file;
  }
  MemoryFiles files;
};

TEST_F(MemoryFilesTest, BehavesAsFilesDo) {
  EXPECT_EQ(files.open("d/none", Open::write).error().code, Errc::not_found);
  EXPECT_EQ(files.open("none/a", Open::create).error().code, Errc::not_found);
  EXPECT_EQ(files.open("d", Open::create).error().code, Errc::io_error);
  auto file = open("./d//a");
  write(*file, "hello", 10'000);
  EXPECT_EQ(*file->size(), 10'005u);
  std::string got(20, '?');
  MutableBytes into(reinterpret_cast<std::byte*>(got.data()), got.size());
  EXPECT_EQ(*file->read_at(into, 9'998), 7u);
  EXPECT_EQ(got.substr(0, 8), std::string("\0\0hello?", 8));
  EXPECT_TRUE(file->resize(10'002));
  EXPECT_TRUE(file->resize(10'004));
  EXPECT_EQ(*file->read_at(into, 10'000), 4u);
  EXPECT_EQ(got.substr(0, 4), std::string("he\0\0", 4));
  EXPECT_TRUE(file->allocate(0, 20'000));
  EXPECT_EQ(*file->size(), 20'000u);
  EXPECT_FALSE(open("d/a", Open::read)->write_at(as_bytes("x"), 0));
  EXPECT_EQ(*files.list("d"), (std::vector<std::string>{"a", "sub"}));
  EXPECT_FALSE(files.list("none"));
  EXPECT_TRUE(files.is_dir("d/sub") && files.exists("d/a") && !files.is_dir("d/a"));
  EXPECT_EQ(files.remove("d").error().code, Errc::io_error);
  EXPECT_TRUE(files.rename("d/a", "d/sub/b"));
  EXPECT_TRUE(files.rename("d/sub", "d/moved"));
  EXPECT_EQ(*files.list("d/moved"), std::vector<std::string>{"b"});
  EXPECT_TRUE(files.remove("d/moved/b"));
  EXPECT_TRUE(files.remove("d/moved"));
  EXPECT_EQ(files.remove("d/moved").error().code, Errc::not_found);
}

TEST_F(MemoryFilesTest, LocksAreExclusiveAndDieWithTheProcess) {
  auto lock = files.lock("d/lock");
  ASSERT_TRUE(lock);
  EXPECT_EQ(files.lock("d/lock").error().code, Errc::illegal_operation);
  files.crash();
  auto next = files.lock("d/lock");
  ASSERT_TRUE(next);
  lock = std::unique_ptr<FileLock>();
  EXPECT_FALSE(files.lock("d/lock")) << "the dead one's end does not unlock";
  next = std::unique_ptr<FileLock>();
  EXPECT_TRUE(files.lock("d/lock"));
}

TEST_F(MemoryFilesTest, ACrashLosesWhatWasNotSynced) {
  auto file = saved("d/a", "safe");
  write(*file, "SAFE and more");
  auto unnamed = open("d/b");
  write(*unnamed, "synced but nowhere");
  EXPECT_TRUE(unnamed->sync());
  EXPECT_TRUE(files.rename("d/a", "d/c"));
  EXPECT_EQ(text_of(files, "d/c"), "SAFE and more");
  files.crash();
  EXPECT_EQ(text_of(files, "d/a"), "safe");
  EXPECT_EQ(*files.list("d"), (std::vector<std::string>{"a", "sub"}));
  EXPECT_FALSE(file->write_at(as_bytes("x"), 0)) << "from before the crash";
  EXPECT_FALSE(file->sync());
  EXPECT_TRUE(files.remove("d/a"));
  files.crash();
  EXPECT_TRUE(files.exists("d/a")) << "the removal was not synced";
  EXPECT_TRUE(files.remove("d/a"));
  EXPECT_TRUE(files.sync_dir("d"));
  files.crash();
  EXPECT_FALSE(files.exists("d/a"));
}

TEST_F(MemoryFilesTest, ALuckyCrashKeepsSectorsSizesAndNamesIndependently) {
  std::set<std::string> seen;
  std::set<uint64_t> sizes;
  for (uint64_t seed = 0; seed < 64; ++seed) {
    MemoryFiles disk;
    auto file = std::move(*disk.open("f", Open::create));
    write(*file, std::string(1024, 'o'));
    ASSERT_TRUE(file->sync());
    ASSERT_TRUE(disk.sync_dir("."));
    write(*file, std::string(1536, 'n'));
    ASSERT_TRUE(disk.rename("f", "g"));
    disk.crash(seed);
    ASSERT_NE(disk.exists("f"), disk.exists("g")) << "a rename happens or does not";
    auto text = text_of(disk, disk.exists("f") ? "f" : "g");
    sizes.insert(text.size());
    std::string sectors;
    for (size_t at = 0; at < text.size(); at += 512) {
      EXPECT_EQ(text.substr(at, 512), std::string(512, text[at])) << "sectors are not torn";
      sectors += text[at] == '\0' ? '0' : text[at];
    }
    seen.insert(sectors + (disk.exists("f") ? "f" : "g"));
  }
  EXPECT_EQ(sizes, (std::set<uint64_t>{1024, 1536}));
  EXPECT_TRUE(seen.contains("onf") || seen.contains("ong"));
  EXPECT_TRUE(seen.contains("on0f") || seen.contains("on0g")) << "a size without its bytes";
  EXPECT_GE(seen.size(), 12u);
}

TEST_F(MemoryFilesTest, EqualSeedsCrashAlike) {
  auto run = [](uint64_t seed) {
    MemoryFiles disk;
    auto file = std::move(*disk.open("f", Open::create));
    EXPECT_TRUE(disk.sync_dir("."));
    for (uint64_t n = 0; n < 100; ++n) write(*file, "x", n * 700);
    disk.crash(seed);
    return text_of(disk, "f");
  };
  EXPECT_EQ(run(7), run(7));
  EXPECT_NE(run(7), run(8));
}

TEST_F(MemoryFilesTest, ATruncationIsSafeOnlyAfterASync) {
  auto file = saved("d/a", std::string(2000, 'a'));
  EXPECT_TRUE(file->resize(0));
  write(*file, "b", 1500);
  files.crash();
  EXPECT_EQ(text_of(files, "d/a"), std::string(2000, 'a'));
  file = open("d/a");
  EXPECT_TRUE(file->resize(100));
  EXPECT_TRUE(file->resize(300));
  EXPECT_TRUE(file->sync());
  files.crash();
  EXPECT_EQ(text_of(files, "d/a"), std::string(100, 'a') + std::string(200, '\0'));
}

TEST_F(MemoryFilesTest, MappingsWriteThroughAndAreSyncedByRange) {
  auto file = saved("d/a", std::string(4096, '.'));
  auto mapping = file->map(1024, 2048);
  ASSERT_TRUE(mapping);
  EXPECT_FALSE(file->map(0, 1025)) << "overlaps";
  EXPECT_FALSE(file->map(4000, 100)) << "beyond the end";
  (*mapping)->bytes()[0] = std::byte{'m'};
  (*mapping)->bytes()[1500] = std::byte{'n'};
  write(*file, "w", 1025);
  EXPECT_EQ((*mapping)->bytes()[1], std::byte{'w'});
  EXPECT_EQ(text_of(files, "d/a").substr(1023, 4), ".mw.");
  EXPECT_TRUE((*mapping)->sync(0, 10));
  files.crash();
  std::string text = text_of(files, "d/a");
  EXPECT_EQ(text.substr(1023, 4), ".mw.");
  EXPECT_EQ(text[2524], '.') << "outside the synced range";
  (*mapping)->bytes()[0] = std::byte{'x'};
  EXPECT_FALSE((*mapping)->sync(0, 1));
  mapping = std::unique_ptr<Mapping>();
  EXPECT_EQ(text_of(files, "d/a")[1024], 'm');
}

TEST_F(MemoryFilesTest, FailsTheChosenCallAndCountsThemAll) {
  auto file = open("d/a");
  files.fail(FileCall::write, 2, Errc::disk_full);
  write(*file, "1");
  auto failed = file->write_at(as_bytes("abcd"), 1);
  EXPECT_EQ(failed.error().code, Errc::disk_full);
  EXPECT_EQ(text_of(files, "d/a"), "1ab") << "a prefix may have been written";
  write(*file, "2");
  EXPECT_EQ(files.calls(FileCall::write), 3);
  files.fail(FileCall::allocate, 1, Errc::disk_full, true);
  EXPECT_FALSE(file->allocate(0, 10));
  EXPECT_FALSE(file->allocate(0, 10));
  files.heal();
  EXPECT_TRUE(file->allocate(0, 10));
  EXPECT_EQ(files.calls(FileCall::allocate), 3);
  files.set_space({100, 5});
  EXPECT_NEAR(files.space("d")->used_ratio(), 0.95, 1e-9);
}

TEST_F(MemoryFilesTest, AFailedSyncLosesWhatALaterOneSeemsToSave) {
  auto file = saved("d/a", "old");
  write(*file, "new");
  files.fail(FileCall::sync, 1, Errc::io_error);
  EXPECT_EQ(file->sync().error().code, Errc::io_error);
  EXPECT_TRUE(file->sync());
  EXPECT_EQ(text_of(files, "d/a"), "new");
  files.crash();
  EXPECT_EQ(text_of(files, "d/a"), "old");
}

TEST_F(MemoryFilesTest, WithoutPowerNothingChangesAnyMore) {
  auto file = saved("d/a", "old");
  int64_t before = files.changes();
  files.cut_power_after(1);
  write(*file, "NEW");
  EXPECT_FALSE(file->sync());
  EXPECT_FALSE(files.rename("d/a", "d/b"));
  EXPECT_FALSE(files.open("d/a", Open::read));
  EXPECT_EQ(files.changes(), before + 2);
  files.crash();
  EXPECT_EQ(text_of(files, "d/a"), "old");
}

TEST_F(MemoryFilesTest, SyncAllMakesEverythingSafe) {
  write(*open("d/a"), "a");
  EXPECT_TRUE(files.rename("d/a", "d/sub/b"));
  EXPECT_TRUE(files.sync_all("d"));
  files.crash();
  EXPECT_EQ(text_of(files, "d/sub/b"), "a");
}

}  // namespace
}  // namespace agena::io
