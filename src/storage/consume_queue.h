// One queue in memory: how far it goes and its newest entries. Some 120 bytes while nothing moves.
//
// Over:      queue_entry.h.  Under: queue_table.h, dispatch.h, appender.h, readers.
// Invariant: floor <= min <= persisted <= max <= next. Entries below `persisted` are in files,
//            entries below `max` are readable, offsets below `next` are given away.
// Threads:   every call from any thread, but `next` and `arrival` belong to others (see there).
// Lifetime:  a queue that was deleted stays valid, and empty, until the store closes.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/buffer.h"
#include "base/ids.h"
#include "base/thread.h"
#include "storage/queue_entry.h"

namespace agena::storage {

class ConsumeQueue {
 public:
  // Entries that stay in memory for readers after they are in a file.
  static constexpr int64_t kRecentEntries = 256;

  ConsumeQueue(const std::string& topic_name, QueueId queue_id) : topic(topic_name), id(queue_id) {}

  const std::string& topic;
  const QueueId id;
  int32_t arrival = -1;  // Dispatch's own: its place in the arrivals being collected.
  QueueOffset next;      // The appender's own, under its lock: the next offset to give away.

  // Before other threads know the queue: its entries [floor, max) are in files.
  void start_at(QueueOffset floor, QueueOffset max) EXCLUDES(mutex_);

  // Appends the entry at `index`, which is max(). True when the queue was clean until now: the
  // caller puts it on the list of queues to write. Nothing happens in a deleted queue.
  bool push(QueueOffset index, const QueueEntry& entry) EXCLUDES(mutex_);

  QueueOffset max() EXCLUDES(mutex_);
  QueueOffset persisted() EXCLUDES(mutex_);
  QueueOffset floor() EXCLUDES(mutex_);
  // The answer of an earlier search for the first entry at or after `log_begin`, if it still holds.
  bool known_min(PhysicalOffset log_begin, QueueOffset& min) EXCLUDES(mutex_);
  void remember_min(PhysicalOffset log_begin, QueueOffset min) EXCLUDES(mutex_);
  void raise_floor(QueueOffset floor) EXCLUDES(mutex_);

  // Decodes what of [from, from + out.size()) lies in memory and below max(), if `from` does.
  size_t read_recent(QueueOffset from, std::span<QueueEntry> out) EXCLUDES(mutex_);

  // ---- The one that writes files, under the table's persistence lock.
  struct Unwritten {
    QueueOffset from;
    int64_t entries = 0;
  };
  // Copies what is not in a file yet to the end of `out`.
  Unwritten copy_unwritten(Buffer& out) EXCLUDES(mutex_);
  // `done`: entries below `upto` are in files. True when more came meanwhile, or it failed: the
  // queue stays on the list.
  bool finish_write(QueueOffset upto, bool done) EXCLUDES(mutex_);
  // Gives the recent entries' memory back, unless some came since the last call.
  bool cool_down() EXCLUDES(mutex_);
  void mark_deleted() EXCLUDES(mutex_);
  bool is_deleted() EXCLUDES(mutex_);

 private:
  struct Tail {
    int64_t base = 0;  // Index of the first entry in bytes.
    Buffer bytes;
  };

  Mutex mutex_;
  bool dirty_ GUARDED_BY(mutex_) = false;
  bool deleted_ GUARDED_BY(mutex_) = false;
  bool touched_ GUARDED_BY(mutex_) = false;
  int64_t floor_ GUARDED_BY(mutex_) = 0;
  int64_t persisted_ GUARDED_BY(mutex_) = 0;
  int64_t max_ GUARDED_BY(mutex_) = 0;
  int64_t min_ GUARDED_BY(mutex_) = 0;
  int64_t min_begin_ GUARDED_BY(mutex_) = -1;  // The log's begin for which min_ was found.
  std::unique_ptr<Tail> tail_ GUARDED_BY(mutex_);
};
static_assert(sizeof(ConsumeQueue) <= 136, "40,000 of them are in memory");

}  // namespace agena::storage
