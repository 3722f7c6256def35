#include "broker/pull_parking.h"

#include <iterator>

#include "base/assert.h"

namespace agena::broker {

bool PullParking::park(ParkedPull pull) {
  ASSERT(pull.deadline.value > 0, "everybody who waits is answered some time");
  MutexLock lock(mutex_);
  if (closed_ || count_ >= parked_max_) return false;
  ++count_;
  queues_[QueueKey{pull.topic, pull.queue_id.value}].push_back(std::move(pull));
  return true;
}

void PullParking::on_arrivals(const std::vector<storage::Arrival>& arrivals) {
  std::vector<ParkedPull> woken;
  {
    MutexLock lock(mutex_);
    if (count_ == 0) return;
    for (const auto& arrival : arrivals) {
      auto at = queues_.find(QueueKeyView{arrival.topic, arrival.queue_id.value});
      if (at == queues_.end()) continue;
      std::erase_if(at->second, [&](ParkedPull& pull) {
        if (pull.offset >= arrival.next_offset) return false;
        woken.push_back(std::move(pull));
        return true;
      });
      if (at->second.empty()) queues_.erase(at);
    }
    ASSERT(woken.size() <= count_);
    count_ -= woken.size();
  }
  for (auto& pull : woken) serve(std::move(pull), false);
}

void PullParking::serve(ParkedPull pull, bool timed_out) {
  ASSERT(serve_, "set before the first pull is parked");
  auto connection = pull.responder.connection().lock();
  if (!connection || connection->closed()) return;
  if (connection->loop().on_this_thread()) {
    serve_(std::move(pull), timed_out);
    return;
  }
  auto& loop = connection->loop();
  loop.post([this, pull = std::move(pull), timed_out] { serve_(pull, timed_out); });
}

void PullParking::sweep(MonoNanos now) {
  std::vector<ParkedPull> due;
  {
    MutexLock lock(mutex_);
    size_t taken = 0;
    for (auto at = queues_.begin(); at != queues_.end();) {
      taken += std::erase_if(at->second, [&](ParkedPull& pull) {
        if (is_gone(pull)) return true;
        if (pull.deadline > now) return false;
        due.push_back(std::move(pull));
        return true;
      });
      at = at->second.empty() ? queues_.erase(at) : std::next(at);
    }
    ASSERT(due.size() <= taken && taken <= count_);
    count_ -= taken;
  }
  for (auto& pull : due) serve(std::move(pull), true);
}

void PullParking::close() {
  std::vector<ParkedPull> all;
  {
    MutexLock lock(mutex_);
    closed_ = true;
    for (auto& [key, pulls] : queues_)
      std::move(pulls.begin(), pulls.end(), std::back_inserter(all));
    ASSERT(all.size() == count_);
    queues_.clear();
    count_ = 0;
  }
  for (auto& pull : all) serve(std::move(pull), true);
}

bool PullParking::is_gone(const ParkedPull& pull) {
  const auto connection = pull.responder.connection().lock();
  return !connection || connection->closed();
}

size_t PullParking::parked() const {
  MutexLock lock(mutex_);
  return count_;
}

}  // namespace agena::broker
