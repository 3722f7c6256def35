// Takes messages into the log: gives each its place, encodes it there, and has it written before
// anybody is told that it is stored.
//
// Over:     commit_log.h, queue_table.h, dispatch.h, message/record_format.h.  Under: the store.
// Threads:  any. append() holds one lock while a record is encoded; commit() holds another across
//           the write, so that it returns only when the caller's own messages are written,
//           whichever loop writes them.
// Errors:   Errc::disk_full, Errc::message_illegal: nothing was stored then.
#pragma once
#include <atomic>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/thread.h"
#include "io/clock.h"
#include "message/draft.h"
#include "storage/commit_log.h"
#include "storage/dispatch.h"
#include "storage/options.h"
#include "storage/store.h"

namespace agena::storage {

class Appender {
 public:
  struct Deps {
    CommitLog& log;
    QueueTable& queues;
    Dispatch& dispatch;
    const io::Clock& clock;
    const StoreOptions& options;
  };
  explicit Appender(const Deps& deps) : deps_(deps) {}

  // What recovery knows: no message is stored with an earlier time than the last one.
  void start_after(UnixMillis newest) EXCLUDES(append_mutex_);

  Result<Appended> append(const message::Draft& draft) EXCLUDES(append_mutex_);
  Result<Appended> append_batch(const message::Draft& draft) EXCLUDES(append_mutex_);

  // Writes what is staged. With ASYNC_FLUSH it is also published, and `arrivals` filled.
  // True when something was written by this very call.
  bool commit(std::vector<Arrival>& arrivals) EXCLUDES(append_mutex_, write_mutex_);

  // No append runs while `work` does: for deleting topics.
  void while_stopped(const std::function<void()>& work) EXCLUDES(append_mutex_) {
    MutexLock lock(append_mutex_);
    work();
  }

  uint64_t messages() const { return messages_.load(std::memory_order_relaxed); }
  // The longest write; every append of its turn waited for it.
  int64_t write_nanos_max() const { return write_nanos_max_.load(std::memory_order_relaxed); }
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  struct Item {
    message::Draft draft;
    size_t size = 0;
  };
  Result<Appended> append_items(std::span<const Item> items, bool is_batch) EXCLUDES(append_mutex_);
  PhysicalOffset append_one(const Item& item, ConsumeQueue& queue, UnixMillis stored)
      REQUIRES(append_mutex_);
  UnixMillis store_time() REQUIRES(append_mutex_);

  const Deps deps_;
  std::atomic<uint64_t> messages_ = 0, bytes_ = 0;
  std::atomic<int64_t> write_nanos_max_ = 0;
  std::atomic<int64_t> committed_ = 0;  // Written, and published as far as it is this class's work.

  Mutex append_mutex_;
  std::vector<DispatchRecord> staged_ GUARDED_BY(append_mutex_);
  UnixMillis newest_ GUARDED_BY(append_mutex_);

  Mutex write_mutex_;  // Held across the write.
  std::vector<DispatchRecord> writing_ GUARDED_BY(write_mutex_);
};

}  // namespace agena::storage
