// Goal: files go when Java's rules say so, never sooner, never the newest; writes are refused and
// taken again at the right ratios.
// Method: every combination of age, hour, disk, word and setting against rules written anew here.
#include "storage/retention.h"

#include <gtest/gtest.h>

namespace agena::storage {
namespace {

constexpr int64_t kHour = 3'600'000;
constexpr UnixMillis kNow{1'800'000'000'000};

std::vector<LogFileAge> files(int count, int expired) {
  std::vector<LogFileAge> out;
  for (int i = 0; i < count; ++i) {
    const int64_t age = i < expired ? 72 * kHour : 72 * kHour - 1;
    out.push_back({PhysicalOffset(1'000 * i), 1'000, kNow - age});
  }
  return out;
}

TEST(Retention, EveryCombination) {
  int cases = 0;
  for (int hour : {3, 4}) {
    for (double log : {-1.0, 0.10, 0.75, 0.76, 0.85, 0.86, 0.90, 0.91, 1.0}) {
      for (double queue : {-1.0, 0.10, 0.76, 0.86, 0.91}) {
        for (bool manual : {false, true}) {
          for (bool was_refusing : {false, true}) {
            for (bool forcibly : {false, true}) {
              for (int count : {0, 1, 2, 5, 30}) {
                for (int expired : {0, 1, 3, 30}) {
                  StoreOptions options;
                  options.clean_forcibly = forcibly;
                  const RetentionPlan plan =
                      plan_retention(options, {.now = kNow,
                                               .hour = hour,
                                               .log_ratio = log,
                                               .queue_ratio = queue,
                                               .manual = manual,
                                               .was_refusing = was_refusing,
                                               .files = files(count, std::min(count, expired))});
                  const double ratio = std::max(log, queue);
                  const bool forced = ratio > 0.85 && forcibly;
                  const bool asked = ratio > 0.75 || manual || hour == 4;
                  size_t wanted = 0;
                  if (asked) wanted = static_cast<size_t>(std::min(count, forced ? 10 : expired));
                  wanted = std::min<size_t>({wanted, 10, count > 0 ? count - 1u : 0u});
                  ASSERT_EQ(plan.remove, wanted) << log << " " << queue << " " << count;
                  const bool refuse = ratio > 0.90 || (ratio > 0.85 && was_refusing);
                  ASSERT_EQ(plan.refuse_writes, refuse) << log << " " << queue;
                  ASSERT_EQ(plan.remark.empty(), !refuse);
                  ASSERT_EQ(plan.is_helpless, ratio > 0.75 && wanted == 0);
                  ASSERT_EQ(plan.reason != RetentionReason::none, wanted > 0);
                  ++cases;
                }
              }
            }
          }
        }
      }
    }
  }
  EXPECT_EQ(cases, 2 * 9 * 5 * 2 * 2 * 2 * 5 * 4);
}

RetentionInput pressed(double log, double queue) {
  return {.now = kNow,
          .hour = 0,
          .log_ratio = log,
          .queue_ratio = queue,
          .manual = false,
          .was_refusing = false,
          .files = files(4, 2)};
}

TEST(Retention, ReasonsInTheirOrder) {
  const StoreOptions options;
  EXPECT_EQ(plan_retention(options, pressed(0.86, 0)).reason, RetentionReason::disk_forced);
  EXPECT_EQ(plan_retention(options, pressed(0, 0.76)).reason, RetentionReason::disk_ratio);
  RetentionInput input = pressed(0, 0);
  EXPECT_EQ(plan_retention(options, input).reason, RetentionReason::none);
  input.hour = 4;
  EXPECT_EQ(plan_retention(options, input).reason, RetentionReason::hour);
  input.manual = true;
  EXPECT_EQ(plan_retention(options, input).reason, RetentionReason::manual);
}

TEST(Retention, RemarkNamesTheLimitAndTheValue) {
  const StoreOptions options;
  EXPECT_EQ(plan_retention(options, pressed(0.934, 0.1)).remark,
            "the disk of the commit log is 93.4 % full, above diskSpaceWarningLevelRatio (90 %): "
            "no messages are taken");
  EXPECT_NE(plan_retention(options, pressed(0.1, 0.95)).remark.find("consume queues is 95.0 %"),
            std::string::npos);
  RetentionInput input = pressed(0.87, 0.1);
  input.was_refusing = true;
  EXPECT_NE(plan_retention(options, input).remark.find("diskSpaceCleanForciblyRatio (85 %)"),
            std::string::npos);
}

TEST(Retention, SettingsBeyondJavasBoundsCountAsTheBound) {
  StoreOptions options;
  options.disk_warning_ratio = 1.5;
  options.disk_clean_forcibly_ratio = 1.5;
  options.disk_used_ratio_max = 100;
  EXPECT_TRUE(plan_retention(options, pressed(0.91, 0)).refuse_writes);
  EXPECT_EQ(plan_retention(options, pressed(0.86, 0)).remove, 3u);
  options.disk_warning_ratio = 0;
  options.disk_clean_forcibly_ratio = 0;
  options.disk_used_ratio_max = 0;
  EXPECT_FALSE(plan_retention(options, pressed(0.34, 0)).refuse_writes);
  EXPECT_TRUE(plan_retention(options, pressed(0.36, 0)).refuse_writes);
  EXPECT_EQ(plan_retention(options, pressed(0.29, 0)).remove, 2u);
  EXPECT_EQ(plan_retention(options, pressed(0.31, 0)).remove, 3u);
}

TEST(Retention, CountsWhatNobodyHasConsumed) {
  const LogFileAge file{PhysicalOffset(1'000), 1'000, kNow};
  for (auto [first, lost] :
       {std::pair{0, 1'000}, {1'000, 1'000}, {1'999, 1}, {2'000, 0}, {9'000, 0}})
    EXPECT_EQ(unconsumed_bytes(file, PhysicalOffset(first)), lost) << first;
  EXPECT_EQ(unconsumed_bytes(file, std::nullopt), 0);
}

TEST(Retention, AFileWithoutATimeIsAsOldAsTheNext) {
  StoreOptions options;
  RetentionInput input = pressed(0.76, 0);
  input.files[0].last_written = UnixMillis(0);
  EXPECT_EQ(plan_retention(options, input).remove, 2u);
  for (LogFileAge& file : input.files) file.last_written = UnixMillis(0);
  EXPECT_EQ(plan_retention(options, input).remove, 0u);
}

TEST(Retention, BatchIsBounded) {
  StoreOptions options;
  options.delete_files_max = 1;
  EXPECT_EQ(plan_retention(options, pressed(0.99, 0)).remove, 1u);
  options.delete_files_max = 0;
  EXPECT_EQ(plan_retention(options, pressed(0.99, 0)).remove, 1u);
}

TEST(Retention, HoursOfDeleteWhen) {
  EXPECT_EQ(parse_hours("04").value_or(0), 1u << 4);
  EXPECT_EQ(parse_hours("4;16;23").value_or(0), 1u << 4 | 1u << 16 | 1u << 23);
  for (const char* bad : {"", "24", "-1", "4,16", "4;", ";4", " 4", "004", "x"}) {
    auto hours = parse_hours(bad);
    ASSERT_FALSE(hours) << bad;
    EXPECT_EQ(hours.error().code, Errc::bad_config);
  }
  StoreOptions options;
  options.delete_when = "nonsense";
  RetentionInput input = pressed(0, 0);
  EXPECT_EQ(plan_retention(options, input).remove, 0u);
}

TEST(SteadyWall, FollowsTimeAndStepsBackButBelievesLeapsSlowly) {
  SteadyWall clock;
  MonoNanos mono(5);
  UnixMillis wall = kNow;
  const auto pass = [&](int64_t ms) {
    mono += ms * kNanosPerMilli;
    wall += ms;
    return clock.advance(wall, mono);
  };
  EXPECT_EQ(pass(0), wall);
  EXPECT_EQ(pass(10'000), wall);
  wall += 72 * kHour;  // Somebody sets the clock.
  EXPECT_EQ(pass(10'000), kNow + 30'000);
  for (int hour = 1; hour < 72; ++hour) pass(kHour);
  EXPECT_LT(clock.advance(wall, mono), wall);
  pass(kHour);
  EXPECT_EQ(clock.advance(wall, mono), wall);
  wall = kNow;
  EXPECT_EQ(clock.advance(wall, mono), kNow);
}

TEST(SteadyWall, ManySmallStepsAddUp) {
  SteadyWall clock;
  MonoNanos mono(0);
  clock.advance(kNow, mono);
  UnixMillis last;
  for (int i = 0; i < 5'000; ++i) {
    mono += kNanosPerMilli / 2;
    last = clock.advance(kNow + 1'000'000, mono);
  }
  EXPECT_EQ(last, kNow + 2 * 2'500);
}

}  // namespace
}  // namespace agena::storage
