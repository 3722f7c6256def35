// Lets tasks that were posted to another loop find out that what they work on is gone.
//
// Over:     base/thread.h.  Under: the store's background work.
// Use:      tasks hold the gate by shared_ptr and do everything inside run(); the owner calls
//           close() first thing when it ends, which waits for the task that is inside.
// Threads:  any, but never close() from inside run().
#pragma once
#include <utility>

#include "base/thread.h"

namespace agena::storage {

class Gate {
 public:
  // Tasks exclude each other; the mutex is held as long as they take, flushes included.
  template <typename Work>
  void run(Work&& work) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (is_open_) std::forward<Work>(work)();
  }
  void close() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    is_open_ = false;
  }

 private:
  Mutex mutex_;
  bool is_open_ GUARDED_BY(mutex_) = true;
};

}  // namespace agena::storage
