// The end of a process whose log can no longer be trusted: after a failed write or flush nothing
// more may be acknowledged, because the kernel may have dropped what it could not write.
//
// Over:    base/.  Under: commit_log.h, flusher.h and the store.
// Threads: any.
// Use:     fence.raise("flush the commit log", error). The process logs and ends at once with
//          exit status 75, without closing anything: recovery at the next start reads back what the
//          disk really holds. Tests inject `stop`; when it returns, the store stays refused.
#pragma once
#include <atomic>
#include <functional>
#include <string_view>

#include "base/result.h"

namespace agena::storage {

class Fence {
 public:
  static constexpr int kExitStatus = 75;
  using Stop = std::function<void(const Error&)>;
  explicit Fence(Stop stop = {}) : stop_(std::move(stop)) {}

  void raise(std::string_view doing, const Error& error);
  bool raised() const { return raised_.load(std::memory_order_acquire); }

 private:
  const Stop stop_;
  std::atomic<bool> raised_ = false;
};

}  // namespace agena::storage
