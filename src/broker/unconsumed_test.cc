// Goal: the message that is named is the first in the log that a group still has to consume.
// Method: queues of two topics filled in turn, offsets committed by hand.
#include "broker/unconsumed.h"

#include "broker/testing/operator_world.h"

namespace agena::broker::testing {
namespace {

using UnconsumedTest = OperatorWorld;

TEST_F(UnconsumedTest, TheFirstOfAllGroupsAndQueuesCounts) {
  std::vector<PhysicalOffset> a, b;
  for (int i = 0; i < 4; ++i) {
    a.push_back(store_message("A", 0, "x").at);
    b.push_back(store_message("B", 1, "x").at);
  }
  EXPECT_FALSE(first_unconsumed(offsets, *store)) << "nobody consumes";

  ASSERT_TRUE(offsets.commit({"g", "A", QueueId(0)}, QueueOffset(4)));
  EXPECT_FALSE(first_unconsumed(offsets, *store)) << "all consumed";
  ASSERT_TRUE(offsets.commit({"g", "A", QueueId(0)}, QueueOffset(3)));
  ASSERT_TRUE(offsets.commit({"h", "B", QueueId(1)}, QueueOffset(2)));
  auto first = first_unconsumed(offsets, *store);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->from, b[2]);
  EXPECT_EQ(first->who, "group h, topic B, queue 1, offset 2");

  ASSERT_TRUE(offsets.commit({"h", "B", QueueId(1)}, QueueOffset(4)));
  first = first_unconsumed(offsets, *store);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->from, a[3]);
  ASSERT_TRUE(offsets.commit({"h", "gone", QueueId(0)}, QueueOffset(0)));
  EXPECT_EQ(first_unconsumed(offsets, *store)->from, a[3]) << "a queue that is not there";
}

}  // namespace
}  // namespace agena::broker::testing
