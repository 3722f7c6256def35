// Group commit: brings the log to the disk and tells those who wait for it, many with one flush.
//
// Over:     commit_log.h, dispatch.h, io/loop.h.  Under: the store.
// Threads:  when_durable() and has_waiters() any; run() on the background loop, one at a time.
// Order:    waiters are told in the order of the offsets they wait for, one post a loop and flush.
// Errors:   a failed flush raises the fence; nobody is told anything any more then.
#pragma once
#include <functional>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/thread.h"
#include "io/loop.h"
#include "storage/commit_log.h"
#include "storage/dispatch.h"
#include "storage/options.h"

namespace agena::storage {

class Flusher {
 public:
  Flusher(CommitLog& log, Dispatch& dispatch, FlushMode mode)
      : log_(log), dispatch_(dispatch), mode_(mode) {}

  // True when a flush should be asked for now: `end` is written and waits for the disk only.
  bool when_durable(PhysicalOffset end, io::Loop& loop, std::function<void()> done)
      EXCLUDES(mutex_);
  bool has_waiters() EXCLUDES(mutex_);
  // Flushes until nothing new was written meanwhile. With SYNC_FLUSH what is flushed is published,
  // and `arrivals` filled.
  void run(std::vector<Arrival>& arrivals) EXCLUDES(mutex_);

 private:
  struct Waiter {
    PhysicalOffset end;
    io::Loop* loop;
    std::function<void()> done;
  };
  void tell(PhysicalOffset flushed) EXCLUDES(mutex_);

  CommitLog& log_;
  Dispatch& dispatch_;
  const FlushMode mode_;
  Mutex mutex_;
  std::vector<Waiter> waiters_ GUARDED_BY(mutex_);  // By end.
};

}  // namespace agena::storage
