// Goal: a checkpoint comes back as it was written; every damaged one reads as none.
// Method: round trips, files cut at every length, and what Java keeps behind the fields.
#include "storage/checkpoint.h"

#include <gtest/gtest.h>

#include "storage/testing/faulty_files.h"

namespace agena::storage {
namespace {

using State = CheckpointFile::State;
using Page = std::array<std::byte, kCheckpointSize>;

const Checkpoint kSome{.log_time = UnixMillis(1'700'000'000'001),
                       .queue_time = UnixMillis(1'700'000'000'002),
                       .index_time = UnixMillis(1'700'000'000'003),
                       .master_flushed = PhysicalOffset(4),
                       .confirmed = PhysicalOffset(5),
                       .queues_flushed = PhysicalOffset(int64_t{6} << 40)};

class CheckpointTest : public ::testing::Test {
 protected:
  CheckpointFile::Opened open() {
    auto opened = CheckpointFile::open(files_, path_);
    EXPECT_TRUE(opened);
    return std::move(*opened);
  }
  void put(std::string_view text) {
    auto file = files_.open(path_, io::Open::create);
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->resize(0));
    ASSERT_TRUE((*file)->write_at(as_bytes(text), 0));
  }

  testing::TempDir dir_;
  testing::Faults faults_;
  testing::FaultyFiles files_{faults_};
  const std::string path_ = dir_ / "checkpoint";
};

TEST_F(CheckpointTest, FieldsLieWhereJavaReadsThem) {
  Page page{};
  encode_checkpoint(kSome, page);
  const int64_t wanted[] = {1'700'000'000'001, 1'700'000'000'002, 1'700'000'000'003, 4, 5,
                            int64_t{6} << 40};
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(load_be<int64_t>(page.data() + 8 * i), wanted[i]) << i;
  EXPECT_EQ(decode_checkpoint(page).checkpoint, kSome);
}

TEST_F(CheckpointTest, WritesDurablyAndReadsBack) {
  auto opened = open();
  EXPECT_EQ(opened.state, State::missing);
  EXPECT_EQ(opened.found, Checkpoint{});
  const int syncs = faults_.syncs;
  ASSERT_TRUE(opened.file->write(kSome));
  EXPECT_EQ(faults_.syncs, syncs + 1);
  auto again = open();
  EXPECT_EQ(again.state, State::whole);
  EXPECT_EQ(again.found, kSome);
  auto text = io::read_text(files_, path_);
  ASSERT_TRUE(text);
  EXPECT_EQ(text->size(), kCheckpointSize);
}

TEST_F(CheckpointTest, ShortFilesReadAsNone) {
  Page page{};
  encode_checkpoint(kSome, page);
  for (size_t length = 0; length < 64; ++length) {
    put(as_text(page).substr(0, length));
    auto opened = open();
    const State wanted = length == 0 ? State::missing : length < 48 ? State::damaged : State::whole;
    EXPECT_EQ(opened.state, wanted) << length;
    EXPECT_EQ(opened.found, wanted == State::whole ? kSome : Checkpoint{}) << length;
  }
}

TEST_F(CheckpointTest, ValuesThatCannotBeReadAsNone) {
  for (size_t field = 0; field < 6; ++field) {
    for (int64_t bad : {int64_t{-1}, std::numeric_limits<int64_t>::min(),
                        std::numeric_limits<int64_t>::max(), int64_t{1} << 53}) {
      Page page{};
      encode_checkpoint(kSome, page);
      store_be<int64_t>(page.data() + 8 * field, bad);
      auto [found, state] = decode_checkpoint(page);
      EXPECT_EQ(state, State::damaged) << field << " " << bad;
      EXPECT_EQ(found, Checkpoint{});
    }
  }
}

TEST_F(CheckpointTest, KeepsWhatOthersWriteBehindTheFields) {
  std::string text(kCheckpointSize, '\0');
  text[48] = 'x';
  text[4095] = 'y';
  put(text);
  auto opened = open();
  EXPECT_EQ(opened.state, State::whole);
  ASSERT_TRUE(opened.file->write(kSome));
  auto after = io::read_text(files_, path_);
  ASSERT_TRUE(after);
  EXPECT_EQ((*after)[48], 'x');
  EXPECT_EQ((*after)[4095], 'y');
}

TEST_F(CheckpointTest, ReportsFailures) {
  auto opened = open();
  faults_.fail_sync = true;
  EXPECT_FALSE(opened.file->write(kSome));
  faults_.fail_sync = false;
  faults_.fail_write = true;
  EXPECT_FALSE(opened.file->write(kSome));
}

}  // namespace
}  // namespace agena::storage
