// Goal: a long scan says where it is, at most every two seconds; a short one says nothing.
// Method: places in a log that is not there, on a clock moved by hand.
#include "storage/scan_progress.h"

#include <gtest/gtest.h>

#include "io/testing/manual_clock.h"

namespace agena::storage {
namespace {

constexpr int64_t kMiB = 1 << 20;
constexpr PhysicalOffset kFrom{1000 * kMiB};
constexpr PhysicalOffset kEnd{2000 * kMiB};
constexpr PhysicalOffset kFile{1024 * kMiB};

TEST(ScanProgress, SaysFilePercentAndRecords) {
  io::ManualClock clock;
  ScanProgress progress(clock, kFrom, kEnd);
  clock.advance_ms(2'000);
  EXPECT_TRUE(progress.is_due(kFrom + 250 * kMiB));
  EXPECT_EQ(progress.line(kFrom + 250 * kMiB, kFile, 12'345),
            "reading the log: file 00000000001073741824, 250 of 1000 MiB (25 %), 12345 records");
}

TEST(ScanProgress, AtMostEveryTwoSeconds) {
  io::ManualClock clock;
  ScanProgress progress(clock, kFrom, kEnd);
  int lines = 0;
  for (int i = 1; i <= 100; ++i) {
    clock.advance_ms(100);
    lines += progress.is_due(kFrom + i * 10 * kMiB) ? 1 : 0;
  }
  EXPECT_EQ(lines, 5);
}

TEST(ScanProgress, AShortScanIsSilent) {
  io::ManualClock clock;
  ScanProgress progress(clock, kFrom, kEnd);
  clock.advance_ms(1'999);
  EXPECT_FALSE(progress.is_due(kEnd));
}

TEST(ScanProgress, LooksAtTheClockSeldom) {
  io::ManualClock clock;
  ScanProgress progress(clock, kFrom, kEnd);
  clock.advance_ms(60'000);
  EXPECT_FALSE(progress.is_due(kFrom + (4 * kMiB - 1)));
  EXPECT_TRUE(progress.is_due(kFrom + 4 * kMiB));
}

TEST(ScanProgress, NeverMoreThanAll) {
  io::ManualClock clock;
  ScanProgress progress(clock, kFrom, kFrom + 10 * kMiB);
  EXPECT_EQ(progress.line(kEnd, kFile, 7),
            "reading the log: file 00000000001073741824, 10 of 10 MiB (100 %), 7 records");
}

}  // namespace
}  // namespace agena::storage
