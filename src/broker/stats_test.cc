// Goal: counters turn into the windows that operators see. Method: samples at made-up times.
#include "broker/stats.h"

#include <gtest/gtest.h>

namespace agena::broker {
namespace {

TEST(Stats, WindowsFollowSamples) {
  Stats stats;
  Windows windows;
  EXPECT_FALSE(stats.windows("TOPIC_PUT_NUMS", "t", windows));
  stats.on_put("t", 5, 500);
  stats.sample(UnixMillis(0));
  stats.on_put("t", 20, 2000);
  stats.sample(UnixMillis(10'000));
  ASSERT_TRUE(stats.windows("TOPIC_PUT_NUMS", "t", windows));
  EXPECT_EQ(windows.minute.sum, 25);
  EXPECT_DOUBLE_EQ(windows.minute.per_second, 1.25);
  EXPECT_DOUBLE_EQ(windows.minute.per_call, 12.5);
  EXPECT_EQ(windows.hour.sum, 0) << "the first ten minutes are not over";
  ASSERT_TRUE(stats.windows("BROKER_PUT_NUMS", Stats::kWholeBroker, windows));
  EXPECT_EQ(windows.minute.sum, 25);
  EXPECT_EQ(stats.totals().put, 25);
  EXPECT_DOUBLE_EQ(stats.totals().put_rate_10s, 2.0);
  stats.on_get("g", "t", 3, 30);
  ASSERT_TRUE(stats.windows("GROUP_GET_SIZE", "t@g", windows));
  stats.forget_group("g");
  EXPECT_FALSE(stats.windows("GROUP_GET_SIZE", "t@g", windows));
  stats.forget_topic("t");
  EXPECT_FALSE(stats.windows("TOPIC_PUT_NUMS", "t", windows));
}

TEST(Stats, MidnightStartsANewDay) {
  Stats stats;
  constexpr int64_t day_ms = 24 * 3'600'000;
  stats.sample(UnixMillis(day_ms - 10'000));
  stats.on_put("t", 7, 70);
  stats.sample(UnixMillis(day_ms));
  stats.on_put("t", 1, 10);
  EXPECT_EQ(stats.totals().put_at_midnight, 7);
  EXPECT_EQ(stats.totals().put_day_before, 0);
  stats.sample(UnixMillis(2 * day_ms));
  EXPECT_EQ(stats.totals().put_at_midnight, 8);
  EXPECT_EQ(stats.totals().put_day_before, 7);
}

}  // namespace
}  // namespace agena::broker
