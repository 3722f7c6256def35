// Goal: files of the operating system behave as io/files.h says, errors included.
// Method: a directory of its own below the temporary one; a child process for locks.
#include "io/posix/posix_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

namespace agena::io {
namespace {

struct PosixFilesTest : ::testing::Test {
  PosixFilesTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "agena-io-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    root = pattern;
  }
  ~PosixFilesTest() override {
    std::error_code error;
    std::filesystem::remove_all(root, error);
    EXPECT_FALSE(error);
  }
  std::unique_ptr<File> open(const std::string& name, Open mode = Open::create) {
    auto file = files.open(root + "/" + name, mode);
    EXPECT_TRUE(file) << (file ? "" : describe(file.error()));
    return file ? std::move(*file) : nullptr;
  }
  PosixFiles files;
  std::string root;
};

std::string read(File& file, uint64_t offset, size_t length) {
  std::string out(length, '?');
  auto got = file.read_at({reinterpret_cast<std::byte*>(out.data()), out.size()}, offset);
  EXPECT_TRUE(got);
  out.resize(got ? *got : 0);
  return out;
}

TEST_F(PosixFilesTest, ReadsAndWritesAtOffsets) {
  auto file = open("a");
  EXPECT_TRUE(file->write_at(as_bytes("hello"), 3));
  EXPECT_EQ(read(*file, 0, 100), std::string("\0\0\0hello", 8));
  EXPECT_EQ(read(*file, 6, 1), "l");
  EXPECT_EQ(read(*file, 8, 1), "") << "the end";
  EXPECT_TRUE(file->sync());
  EXPECT_TRUE(file->resize(5));
  EXPECT_EQ(*file->size(), 5u);
  EXPECT_TRUE(file->resize(1 << 20));
  EXPECT_EQ(read(*file, 5, 4), std::string(4, '\0'));
  auto reader = open("a", Open::read);
  EXPECT_EQ(read(*reader, 3, 2), "he");
  EXPECT_EQ(reader->write_at(as_bytes("x"), 0).error().code, Errc::io_error);
}

TEST_F(PosixFilesTest, AllocationGivesRealBlocks) {
  auto file = open("a");
  EXPECT_TRUE(file->allocate(0, 1 << 20));
  EXPECT_EQ(*file->size(), 1u << 20);
  EXPECT_TRUE(file->write_at(as_bytes("x"), 100));
  EXPECT_TRUE(file->allocate(0, 4096)) << "what is there already stays";
  EXPECT_EQ(*file->size(), 1u << 20);
  EXPECT_EQ(read(*file, 100, 1), "x");
  EXPECT_FALSE(file->allocate(0, uint64_t{1} << 60)) << "more than any disk";
}

TEST_F(PosixFilesTest, TellsWhereASparseFileHoldsData) {
  auto file = open("a");
  ASSERT_TRUE(file->resize(8 << 20));
  ASSERT_TRUE(file->write_at(as_bytes("x"), 4 << 20));
  const auto found = file->data_from(100);
  ASSERT_TRUE(found);
  EXPECT_LE(*found, 4u << 20) << "never behind the data";
  EXPECT_EQ(*file->data_from(4 << 20), 4u << 20);
  const auto behind = file->data_from(6 << 20);
  ASSERT_TRUE(behind);
  EXPECT_TRUE(*behind == 6u << 20 || *behind == 8u << 20) << "the end, or does not know";
  EXPECT_EQ(*file->data_from(9 << 20), 8u << 20);
}

TEST_F(PosixFilesTest, MappingsAreShared) {
  auto file = open("a");
  ASSERT_TRUE(file->resize(16'384));
  auto mapping = file->map(4096, 8192);
  ASSERT_TRUE(mapping);
  ASSERT_EQ((*mapping)->bytes().size(), 8192u);
  (*mapping)->bytes()[5000] = std::byte{'m'};
  EXPECT_TRUE((*mapping)->sync(5000, 1));
  EXPECT_EQ(read(*file, 9096, 1), "m");
  EXPECT_TRUE(file->write_at(as_bytes("w"), 4096));
  EXPECT_EQ((*mapping)->bytes()[0], std::byte{'w'});
  EXPECT_FALSE(file->map(1, 10)) << "offsets are whole pages";
  file->write_back(0, 4096);
}

TEST_F(PosixFilesTest, DirectoriesAndNames) {
  EXPECT_TRUE(files.make_dirs(root + "/x/y/z"));
  EXPECT_TRUE(files.make_dirs(root + "/x/y/z")) << "again";
  open("x/b");
  open("x/a");
  EXPECT_EQ(*files.list(root + "/x"), (std::vector<std::string>{"a", "b", "y"}));
  EXPECT_TRUE(files.is_dir(root + "/x") && !files.is_dir(root + "/x/a"));
  EXPECT_TRUE(files.exists(root + "/x/a") && !files.exists(root + "/x/none"));
  EXPECT_TRUE(files.rename(root + "/x/a", root + "/x/b"));
  EXPECT_TRUE(files.sync_dir(root + "/x"));
  EXPECT_EQ(*files.list(root + "/x"), (std::vector<std::string>{"b", "y"}));
  EXPECT_EQ(files.remove(root + "/x").error().code, Errc::io_error) << "not empty";
  EXPECT_TRUE(files.remove(root + "/x/b"));
  EXPECT_TRUE(files.remove(root + "/x/y/z"));
  EXPECT_TRUE(files.make_dirs(root + "/x/y/z/"));
  open("x/file");
  EXPECT_FALSE(files.make_dirs(root + "/x/file/below"));
}

TEST_F(PosixFilesTest, ErrorsSayWhichFileAndWhy) {
  auto none = files.open(root + "/none", Open::write);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::not_found);
  EXPECT_NE(none.error().text.find(root + "/none: No such file"), std::string::npos);
  EXPECT_EQ(files.list(root + "/none").error().code, Errc::not_found);
  EXPECT_EQ(files.rename(root + "/none", root + "/b").error().code, Errc::not_found);
  EXPECT_EQ(files.remove(root + "/none").error().code, Errc::not_found);
  EXPECT_EQ(files.space(root + "/none").error().code, Errc::not_found);
  EXPECT_EQ(files.sync_dir(root + "/none").error().code, Errc::not_found);
  EXPECT_EQ(files.open(root, Open::write).error().code, Errc::io_error);
  EXPECT_EQ(open("a")->resize(UINT64_MAX / 2 + 1).error().code, Errc::io_error);
}

TEST_F(PosixFilesTest, SpaceIsThatOfTheFileSystem) {
  auto space = files.space(root);
  ASSERT_TRUE(space);
  EXPECT_GT(space->total_bytes, space->free_bytes);
  EXPECT_GT(space->used_ratio(), 0.0);
  EXPECT_LE(space->used_ratio(), 1.0);
}

TEST(Space, WhatIsReservedIsNeitherUsedNorFree) {
  EXPECT_NEAR((Space{100, 40, 10}).used_ratio(), 50.0 / 90, 1e-9) << "as df says";
  EXPECT_NEAR((Space{100, 0, 10}).used_ratio(), 1.0, 1e-9) << "full for us";
  EXPECT_EQ((Space{100, 100, 0}).used_ratio(), 0.0);
  EXPECT_EQ((Space{0, 0, 0}).used_ratio(), 0.0);
}

TEST_F(PosixFilesTest, FilesAreClosedOnExec) {
  auto file = open("a");
  int highest = ::dup(0);
  ::close(highest);
  int without = 0;
  for (int fd = 3; fd < highest; ++fd) {
    std::error_code error;
    auto target = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), error);
    if (error || target.string().find(root) == std::string::npos) continue;
    if ((::fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0) ++without;
  }
  EXPECT_EQ(without, 0);
}

// What a process of its own gets when it asks for the same record lock, as the Java server does.
bool other_process_can_lock(const std::string& path) {
  pid_t child = ::fork();
  if (child == 0) {
    int fd = ::open(path.c_str(), O_RDWR);
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    ::_exit(fd >= 0 && ::fcntl(fd, F_SETLK, &whole) == 0 ? 0 : 1);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_F(PosixFilesTest, LocksHoldAgainstOthersAndOurselves) {
  std::string path = root + "/lock";
  auto lock = files.lock(path);
  ASSERT_TRUE(lock) << describe(lock.error());
  EXPECT_FALSE(other_process_can_lock(path));
  EXPECT_EQ(files.lock(path).error().code, Errc::illegal_operation);
  EXPECT_EQ(PosixFiles().lock(root + "/./lock").error().code, Errc::illegal_operation);
  EXPECT_FALSE(other_process_can_lock(path)) << "being refused has not ended the lock";
  lock = std::unique_ptr<FileLock>();
  EXPECT_TRUE(other_process_can_lock(path));
  EXPECT_TRUE(files.lock(path));
}

TEST_F(PosixFilesTest, SeveralThreadsUseOneFile) {
  auto file = open("a");
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::string block(512, static_cast<char>('a' + t));
      for (uint64_t n = 0; n < 100; ++n) {
        uint64_t at = (n * 4 + t) * 512;
        EXPECT_TRUE(file->write_at(as_bytes(block), at));
        EXPECT_EQ(read(*file, at, 512), block);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(*file->size(), 4u * 100 * 512);
}

TEST_F(PosixFilesTest, TextIsReplacedWhole) {
  std::string path = root + "/a.json";
  EXPECT_TRUE(replace_text(files, path, "one", true));
  EXPECT_TRUE(replace_text(files, path, "two", true));
  EXPECT_EQ(*read_text(files, path), "two");
  EXPECT_EQ(*read_text(files, path + ".bak"), "one");
  EXPECT_EQ(*files.list(root), (std::vector<std::string>{"a.json", "a.json.bak"}));
}

}  // namespace
}  // namespace agena::io
