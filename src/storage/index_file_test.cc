// Goal: an index file holds what Java's holds, and a damaged one keeps exactly what can be proven.
// Method: small layouts; files are damaged byte by byte between two openings.
#include "storage/index_file.h"

#include <gtest/gtest.h>

#include <limits>

#include "storage/testing/faulty_files.h"

namespace agena::storage {
namespace {

using testing::TempDir;
constexpr IndexLayout kSmall{.slots = 7, .entries = 50};
constexpr int64_t kNumber = 20240102030405006;
constexpr PhysicalOffset kFar{int64_t{1} << 40};
constexpr PhysicalOffset kNowhere{-1};

class IndexFileTest : public ::testing::Test {
 protected:
  std::shared_ptr<IndexFile> make(const IndexLayout& layout = kSmall) {
    auto file = IndexFile::create(files_, dir_.path(), kNumber, layout);
    EXPECT_TRUE(file);
    return *file;
  }
  std::shared_ptr<IndexFile> reopen(const IndexLayout& layout = kSmall) {
    auto file = IndexFile::open(files_, dir_.path(), kNumber, layout);
    EXPECT_TRUE(file);
    return *file;
  }
  // Message i lies at 100 * i and has the hashes i + 1 and i + 8, of one slot.
  void fill(IndexFile& file, int messages) {
    for (int i = 0; i < messages; ++i) {
      for (int hash : {i + 1, i + 8}) {
        ASSERT_TRUE(file.put(hash, PhysicalOffset(100 * i), UnixMillis(5'000 + 1'000 * i)));
      }
    }
  }
  std::vector<int64_t> found(const IndexFile& file, int32_t hash) {
    std::vector<int64_t> at;
    Status status =
        file.find({hash, file.header().begin_time, UnixMillis(0)}, [&](const IndexFile::Hit& hit) {
          at.push_back(hit.at.value);
          return true;
        });
    EXPECT_TRUE(status);
    return at;
  }
  void overwrite(uint64_t offset, size_t count, std::byte value) {
    auto file = files_.open(index_path(dir_.path(), kNumber), io::Open::write);
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->write_at(std::vector<std::byte>(count, value), offset));
  }
  std::string content() {
    auto text = io::read_text(files_, index_path(dir_.path(), kNumber));
    EXPECT_TRUE(text);
    return *text;
  }

  TempDir dir_;
  io::PosixFiles files_;
};

TEST_F(IndexFileTest, NamesAreSeventeenDigits) {
  EXPECT_EQ(number_of_index_name("20240102030405006"), kNumber);
  for (const char* name : {"", "2024010203040500", "202401020304050067", "2024010203040500x",
                           "-0240102030405006", "00000000000000000"}) {
    EXPECT_EQ(number_of_index_name(name), std::nullopt) << name;
  }
  EXPECT_EQ(index_path("d", 42), "d/00000000000000042");
}

TEST_F(IndexFileTest, HashIsNeverNegative) {
  EXPECT_EQ(index_hash(-5), 5);
  EXPECT_EQ(index_hash(5), 5);
  EXPECT_EQ(index_hash(std::numeric_limits<int32_t>::min()), 0);
}

TEST_F(IndexFileTest, HoldsBytesWhereJavaReadsThem) {
  auto file = make();
  ASSERT_TRUE(file->put(9, PhysicalOffset(0x1234), UnixMillis(1'000'000)));
  ASSERT_TRUE(file->put(2, PhysicalOffset(0x5678), UnixMillis(1'002'999)));
  const std::string raw = content();
  ASSERT_EQ(raw.size(), 40u + 7 * 4 + 50 * 20);
  const auto* at = reinterpret_cast<const std::byte*>(raw.data());
  EXPECT_EQ(load_be<int64_t>(at), 1'000'000);
  EXPECT_EQ(load_be<int64_t>(at + 8), 1'002'999);
  EXPECT_EQ(load_be<int64_t>(at + 16), 0x1234);
  EXPECT_EQ(load_be<int64_t>(at + 24), 0x5678);
  EXPECT_EQ(load_be<int32_t>(at + 32), 1);  // Both in slot 2.
  EXPECT_EQ(load_be<int32_t>(at + 36), 3);
  EXPECT_EQ(load_be<int32_t>(at + 40 + 2 * 4), 2);
  const IndexEntry first = load_index_entry(at + 40 + 28 + 20);
  const IndexEntry second = load_index_entry(at + 40 + 28 + 40);
  EXPECT_EQ(first, (IndexEntry{9, PhysicalOffset(0x1234), 0, 0}));
  EXPECT_EQ(second, (IndexEntry{2, PhysicalOffset(0x5678), 2, 1}));
}

TEST_F(IndexFileTest, FindsNewestFirstAndOnlyItsHash) {
  auto file = make();
  fill(*file, 20);
  EXPECT_EQ(found(*file, 3), (std::vector<int64_t>{200}));
  EXPECT_EQ(found(*file, 10), (std::vector<int64_t>{900, 200}));
  EXPECT_EQ(found(*file, 1000), (std::vector<int64_t>{}));
}

TEST_F(IndexFileTest, FindStopsBeforeTheEarliestTime) {
  auto file = make();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(file->put(1, PhysicalOffset(i), UnixMillis(5'000 + 1'000 * i)));
  }
  int visits = 0;
  ASSERT_TRUE(file->find({1, file->header().begin_time, UnixMillis(12'500)}, [&](auto&) {
    ++visits;
    return true;
  }));
  EXPECT_EQ(visits, 3);  // 14 s, 13 s, and 12 s, which may have been 12.5.
}

TEST_F(IndexFileTest, TimesBeforeTheFirstCountAsTheFirst) {
  auto file = make();
  ASSERT_TRUE(file->put(1, PhysicalOffset(0), UnixMillis(50'000)));
  ASSERT_TRUE(file->put(1, PhysicalOffset(9), UnixMillis(10'000)));
  EXPECT_EQ(found(*file, 1), (std::vector<int64_t>{9, 0}));
  EXPECT_EQ(file->header().end_time, UnixMillis(10'000));
}

TEST_F(IndexFileTest, TakesOneEntryLessThanItsNumberSays) {
  auto file = make();
  for (int i = 1; i < kSmall.entries; ++i) {
    EXPECT_FALSE(file->full());
    ASSERT_TRUE(file->put(i, PhysicalOffset(i), UnixMillis(i)));
  }
  EXPECT_TRUE(file->full());
  Status more = file->put(1, PhysicalOffset(99), UnixMillis(99));
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, Errc::limit_exceeded);
}

TEST_F(IndexFileTest, EntriesAcrossMappingWindowsAreWhole) {
  constexpr IndexLayout layout{.slots = 101, .entries = 200'000};  // Four windows.
  auto file = make(layout);
  for (int i = 1; i < layout.entries; ++i) {
    ASSERT_TRUE(file->put(i, PhysicalOffset(i), UnixMillis(1)));
    if (i % 50'000 == 0) file->release();
  }
  file = reopen(layout);
  ASSERT_TRUE(file->repair(kFar, kNowhere));
  EXPECT_TRUE(file->full()) << file->header().count;
  EXPECT_EQ(found(*file, 52'428), (std::vector<int64_t>{52'428}));  // Across the first edge.
}

TEST_F(IndexFileTest, OtherSizesAreRefused) {
  make();
  auto larger = IndexFile::open(files_, dir_.path(), kNumber, {.slots = 7, .entries = 49});
  ASSERT_FALSE(larger);
  EXPECT_EQ(larger.error().code, Errc::bad_config);
  auto smaller = IndexFile::open(files_, dir_.path(), kNumber, {.slots = 8, .entries = 50});
  ASSERT_FALSE(smaller);
  EXPECT_EQ(smaller.error().code, Errc::corrupt);
}

TEST_F(IndexFileTest, RepairTakesOnlyTheLastMessageFromASoundFile) {
  fill(*make(), 10);
  auto file = reopen();
  ASSERT_TRUE(file->repair(kFar, kNowhere));
  EXPECT_EQ(file->header().count, 19);
  EXPECT_EQ(file->header().end_at, PhysicalOffset(800));
  EXPECT_EQ(found(*file, 10), (std::vector<int64_t>{200}));
  EXPECT_EQ(found(*file, 9), (std::vector<int64_t>{800, 100}));
  ASSERT_TRUE(file->put(10, PhysicalOffset(900), UnixMillis(14'000)));
  EXPECT_EQ(found(*file, 10), (std::vector<int64_t>{900, 200}));
}

TEST_F(IndexFileTest, RepairKeepsALastMessageKnownToBeWhole) {
  fill(*make(), 10);
  const std::string before = content();
  auto file = reopen();
  ASSERT_TRUE(file->repair(kFar, PhysicalOffset(900)));
  EXPECT_EQ(file->header().count, 21);
  EXPECT_TRUE(content() == before);
}

TEST_F(IndexFileTest, RepairMakesSlotsAndHeaderAgain) {
  fill(*make(), 10);
  const std::string before = content();
  overwrite(40, 28, std::byte{0x7f});
  overwrite(32, 8, std::byte{0});  // Slots used, and count.
  auto file = reopen();
  ASSERT_TRUE(file->repair(kFar, PhysicalOffset(900)));
  const std::string after = content();
  EXPECT_TRUE(after == before);
}

TEST_F(IndexFileTest, RepairCutsAtTheEndOfTheLog) {
  fill(*make(), 10);
  auto file = reopen();
  ASSERT_TRUE(file->repair(PhysicalOffset(500), kNowhere));
  EXPECT_EQ(file->header().end_at, PhysicalOffset(300));
  EXPECT_LT(content().find_last_not_of('\0'), kSmall.entry_at(file->header().count));
}

// Whatever part of the entries a crash loses (disks lose sectors, so a whole entry is among it),
// what stays is a run from the front, whole messages only, and everything in it is found.
TEST_F(IndexFileTest, RepairKeepsARunWhateverIsLost) {
  constexpr int kMessages = 24;
  for (uint64_t lost_at = 0; lost_at + 20 < 48 * 20; lost_at += 7) {
    for (size_t lost : {39u, 64u, 512u}) {
      fill(*make(), kMessages);
      const uint64_t from = kSmall.entry_at(1) + lost_at;
      overwrite(from, std::min<uint64_t>(lost, kSmall.file_bytes() - from), std::byte{0});
      auto file = reopen();
      ASSERT_TRUE(file->repair(kFar, kNowhere));
      const IndexHeader& header = file->header();
      ASSERT_EQ(header.count % 2, 1) << "half a message at " << lost_at;
      const int kept = (header.count - 1) / 2;
      EXPECT_LT(kept, kMessages);
      // Zeros over zero bytes change nothing, so more than the lost place may be kept; never less
      // than the messages before it.
      ASSERT_GE(kept + 1, std::min<int>(static_cast<int>(lost_at / 40), kMessages - 1));
      for (int i = 0; i < kept; ++i) {
        ASSERT_EQ(found(*file, i + 1).front(), 100 * i) << lost_at;
        ASSERT_EQ(found(*file, i + 8).back(), 100 * i) << lost_at;
      }
      ASSERT_TRUE(files_.remove(file->path));
    }
  }
}

TEST_F(IndexFileTest, RepairOfNothingLeavesAnEmptyFile) {
  make();
  overwrite(0, 40, std::byte{0xff});
  auto file = reopen();
  ASSERT_TRUE(file->repair(kFar, kNowhere));
  EXPECT_EQ(file->header(), IndexHeader{});
  EXPECT_EQ(content().find_first_not_of('\0'), 39u);  // The count of 1.
}

TEST_F(IndexFileTest, EntriesWithoutTheirHeaderProveNothing) {
  auto made = make();
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(made->put(7, PhysicalOffset(i * 100), UnixMillis(1'700'000'000'000)));
  ASSERT_TRUE(made->sync());
  made.reset();
  overwrite(0, 36, std::byte{0});  // All but the count; the log begins at 0 as the zeros say.
  auto file = reopen();
  ASSERT_TRUE(file->repair(kFar, kNowhere));
  EXPECT_EQ(file->header(), IndexHeader{});
}

TEST_F(IndexFileTest, WhatARepairDoesNotKeepNeverComesBack) {
  fill(*make(), 1);
  overwrite(16, 8, std::byte{1});  // The header's first message is not that of the entries,
  overwrite(36, 4, std::byte{0});  // and it counts none of them.
  auto file = reopen();
  ASSERT_TRUE(file->repair(kFar, kNowhere));
  EXPECT_EQ(file->header(), IndexHeader{});
  EXPECT_LT(content().find_last_not_of('\0'), kSmall.entry_at(0));
  file = reopen();
  ASSERT_TRUE(file->repair(kFar, PhysicalOffset(0)));
  EXPECT_EQ(file->header(), IndexHeader{});
}

TEST_F(IndexFileTest, AFullDiskIsAnErrorNotASignal) {
  testing::Faults faults;
  testing::FaultyFiles files(faults);
  faults.blocks_left = 50;
  auto none = IndexFile::create(files, dir_.path(), kNumber, kSmall);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::disk_full);
  EXPECT_FALSE(files.exists(index_path(dir_.path(), kNumber)));
  faults.blocks_left = 100;  // Slots, but no entries.
  auto file = IndexFile::create(files, dir_.path(), kNumber, kSmall);
  ASSERT_TRUE(file);
  Status put = (*file)->put(1, PhysicalOffset(1), UnixMillis(1));
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, Errc::disk_full);
  EXPECT_TRUE((*file)->header().empty());
}

}  // namespace
}  // namespace agena::storage
