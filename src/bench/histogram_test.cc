// Goal: quantiles are right within a bucket's width. Method: known distributions.
#include "bench/histogram.h"

#include <gtest/gtest.h>

namespace agena::bench {
namespace {

TEST(Histogram, QuantilesOfARamp) {
  Histogram h;
  for (int64_t i = 1; i <= 100'000; ++i) h.add(i * 10);
  EXPECT_NEAR(double(h.quantile_ns(0.5)), 500'000, 500'000 * 0.04);
  EXPECT_NEAR(double(h.quantile_ns(0.99)), 990'000, 990'000 * 0.04);
  EXPECT_EQ(h.quantile_ns(1.0), 1'000'000);
  Histogram both;
  both.merge(h);
  both.add(int64_t{1} << 60);
  EXPECT_EQ(both.count(), 100'001);
  EXPECT_EQ(both.max_ns(), int64_t{1} << 60);
}

TEST(Histogram, SmallValuesAreExact) {
  Histogram h;
  for (int64_t i = 0; i < 32; ++i) h.add(i);
  EXPECT_EQ(h.quantile_ns(0.5), 15);
  EXPECT_EQ(h.quantile_ns(1.0), 31);
}

}  // namespace
}  // namespace agena::bench
