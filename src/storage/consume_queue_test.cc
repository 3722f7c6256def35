// Goal: a queue that is deleted while somebody reads it stays empty, and nobody fails for it.
// Method: the steps of a reader and of a deletion, interleaved by hand.
#include "storage/consume_queue.h"

#include <gtest/gtest.h>

namespace agena::storage {
namespace {

TEST(ConsumeQueueTest, AReaderMayBeLateForADeletion) {
  const std::string topic = "T";
  ConsumeQueue queue(topic, QueueId(0));
  queue.start_at(QueueOffset(5), QueueOffset(5));
  ASSERT_TRUE(queue.push(QueueOffset(5), {PhysicalOffset(100), 90, 0}));
  queue.mark_deleted();
  queue.remember_min(PhysicalOffset(0), QueueOffset(5));  // What the reader saw before.
  QueueOffset min;
  EXPECT_FALSE(queue.known_min(PhysicalOffset(0), min));
  EXPECT_FALSE(queue.push(QueueOffset(6), {PhysicalOffset(200), 90, 0}));
  EXPECT_EQ(queue.max().value, 0);
}

}  // namespace
}  // namespace agena::storage
