// Goal: one client a queue at a time, taken over only when its lease is over.
// Method: direct calls with made-up times.
#include "broker/queue_locks.h"

#include <gtest/gtest.h>

namespace agena::broker {
namespace {

constexpr MonoNanos at_ms(int64_t ms) {
  return MonoNanos(ms * kNanosPerMilli);
}
const wire::MessageQueue kOne{"b", 1, "t"};
const wire::MessageQueue kTwo{"b", 2, "t"};

TEST(QueueLocks, OneHolderUntilTheLeaseEnds) {
  QueueLocks locks;
  EXPECT_EQ(locks.lock("g", {kOne, kTwo}, "c1", at_ms(0)).size(), 2u);
  EXPECT_TRUE(locks.lock("g", {kOne}, "c2", at_ms(59'000)).empty());
  EXPECT_EQ(locks.lock("other", {kOne}, "c2", at_ms(0)).size(), 1u) << "groups are apart";
  EXPECT_EQ(locks.lock("g", {kOne}, "c1", at_ms(59'000)).size(), 1u) << "renewed";
  EXPECT_TRUE(locks.lock("g", {kOne}, "c2", at_ms(61'000)).empty());
  EXPECT_EQ(locks.lock("g", {kTwo}, "c2", at_ms(61'000)).size(), 1u) << "not renewed";
}

TEST(QueueLocks, OnlyTheHolderUnlocks) {
  QueueLocks locks;
  locks.lock("g", {kOne}, "c1", at_ms(0));
  locks.unlock("g", {kOne}, "c2");
  EXPECT_TRUE(locks.lock("g", {kOne}, "c2", at_ms(1)).empty());
  EXPECT_FALSE(locks.all_expired("g", at_ms(1)));
  EXPECT_TRUE(locks.all_expired("g", at_ms(61'000)));
  locks.unlock("g", {kOne}, "c1");
  EXPECT_TRUE(locks.all_expired("g", at_ms(1)));
  EXPECT_EQ(locks.lock("g", {kOne}, "c2", at_ms(1)).size(), 1u);
}

}  // namespace
}  // namespace agena::broker
