#include "storage/flusher.h"

#include <algorithm>

#include "base/assert.h"

namespace agena::storage {

bool Flusher::when_durable(PhysicalOffset end, io::Loop& loop, std::function<void()> done) {
  ASSERT(end <= log_.staged(), "only what was appended can be waited for");
  ASSERT(done, "somebody waits");
  MutexLock lock(mutex_);
  if (end <= log_.flushed()) {
    loop.post(std::move(done));
    return false;
  }
  Waiter waiter{end, &loop, std::move(done)};
  // Nearly always the last; loops may pass each other by a message or two.
  auto place = waiters_.end();
  while (place != waiters_.begin() && std::prev(place)->end > end) --place;
  waiters_.insert(place, std::move(waiter));
  // Looked at under the mutex: either this sees the write, or has_waiters() after the write sees
  // the waiter.
  return end <= log_.written();
}

bool Flusher::has_waiters() {
  MutexLock lock(mutex_);
  return !waiters_.empty();
}

void Flusher::tell(PhysicalOffset flushed) {
  std::unordered_map<io::Loop*, std::vector<std::function<void()>>> told;
  {
    MutexLock lock(mutex_);
    auto first_left = std::find_if(waiters_.begin(), waiters_.end(),
                                   [&](const Waiter& w) { return w.end > flushed; });
    for (auto at = waiters_.begin(); at != first_left; ++at)
      told[at->loop].push_back(std::move(at->done));
    waiters_.erase(waiters_.begin(), first_left);
  }
  for (auto& [loop, all] : told) {
    loop->post([all = std::move(all)] {
      for (const auto& done : all) done();
    });
  }
}

void Flusher::run(std::vector<Arrival>& arrivals) {
  do {
    if (!log_.flush()) return;
    const PhysicalOffset flushed = log_.flushed();
    ASSERT(flushed <= log_.written(), "what is flushed was written");
    if (mode_ == FlushMode::sync) dispatch_.publish_flushed(flushed, arrivals);
    tell(flushed);
    // Only those who wait keep it going: without them the timer's next round is soon enough.
  } while (log_.written() > log_.flushed() && (mode_ == FlushMode::sync || has_waiters()));
}

}  // namespace agena::storage
