// The way of a record from the log into its queue and the key index, and the news of it to readers.
//
// Over:     queue_table.h, key_index.h.  Under: appender.h, flusher.h, recovery.h, the store.
// Order:    records come and leave in log order. With ASYNC_FLUSH they are published once written,
//           with SYNC_FLUSH once flushed: readers never see what a crash could take back.
// Threads:  any; one at a time inside. Listeners are called by the caller, outside all locks, with
//           what publish() has collected.
// Lifetime: the texts of a record view the log's memory, which must stay until it is published.
#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/thread.h"
#include "message/record_format.h"
#include "storage/key_index.h"
#include "storage/options.h"
#include "storage/queue_table.h"
#include "storage/store.h"

namespace agena::storage {

struct DispatchRecord {
  ConsumeQueue* queue = nullptr;
  bool takes_slot = true;  // Half messages and rollbacks do not.
  bool takes_keys = true;  // Rollbacks do not.
  QueueOffset queue_offset;
  PhysicalOffset at;
  int32_t size = 0;
  int64_t tag_code = 0;
  UnixMillis stored;
  std::string_view keys, uniq_key, tags;
};

// What dispatch wants of a message's properties.
struct DispatchTexts {
  std::string_view keys, uniq_key, tags, delay_level;
};
DispatchTexts dispatch_texts(std::string_view properties);
// The hash of the tag; for delayed messages in SCHEDULE_TOPIC_XXXX the time of delivery.
int64_t queue_tag_code(std::string_view topic, const DispatchTexts& texts, UnixMillis stored,
                       const std::vector<int64_t>& delay_levels_ms);

// Of a record that recovery has read. Rolled back messages have no keys.
void add_keys(KeyIndex& keys, const message::RecordView& record);

class Dispatch {
 public:
  Dispatch(QueueTable& queues, KeyIndex* keys) : queues_(queues), keys_(keys) {}

  // Everything before `end` is dispatched: recovery's last word.
  void start_at(PhysicalOffset end) { published_ = end.value; }

  // Publishes `records`, which end at `end`, and empties them.
  void publish(std::vector<DispatchRecord>& records, PhysicalOffset end,
               std::vector<Arrival>& arrivals) EXCLUDES(mutex_);
  // Keeps `records` until publish_flushed() reaches them, and empties the vector. Comes before the
  // log's written() covers them: what is flushed and not held counts as published.
  void hold(std::vector<DispatchRecord>& records) EXCLUDES(mutex_);
  void publish_flushed(PhysicalOffset flushed, std::vector<Arrival>& arrivals) EXCLUDES(mutex_);

  PhysicalOffset published() const {
    return PhysicalOffset(published_.load(std::memory_order_acquire));
  }
  // The newest published record: where a later start may take up again.
  struct Newest {
    PhysicalOffset at;
    UnixMillis stored;
  };
  Newest newest() EXCLUDES(mutex_);
  // Entries that no file holds yet, roughly: more than some and the writer should not wait.
  int64_t unwritten_entries() const { return unwritten_.load(std::memory_order_relaxed); }
  void clear_unwritten_entries() { unwritten_.store(0, std::memory_order_relaxed); }

 private:
  void publish_one(const DispatchRecord& record, std::vector<Arrival>& arrivals) REQUIRES(mutex_);
  void finish(PhysicalOffset end, const std::vector<Arrival>& arrivals) REQUIRES(mutex_);

  QueueTable& queues_;
  KeyIndex* const keys_;
  std::atomic<int64_t> published_ = 0;
  std::atomic<int64_t> unwritten_ = 0;

  Mutex mutex_;
  std::deque<DispatchRecord> held_ GUARDED_BY(mutex_);
  std::vector<ConsumeQueue*> touched_ GUARDED_BY(mutex_);
  Newest newest_ GUARDED_BY(mutex_);
};

}  // namespace agena::storage
