#include "storage/consume_queue.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace agena::storage {

void ConsumeQueue::start_at(QueueOffset floor, QueueOffset max) {
  ASSERT(floor.value >= 0 && floor <= max);
  MutexLock lock(mutex_);
  floor_ = floor.value;
  persisted_ = max_ = max.value;
  min_begin_ = -1;
  dirty_ = false;
  tail_.reset();
  next = max;
}

bool ConsumeQueue::push(QueueOffset index, const QueueEntry& entry) {
  MutexLock lock(mutex_);
  if (deleted_) return false;
  ASSERT(index.value == max_, "dispatch feeds each queue in order");
  if (!tail_) {
    tail_ = std::make_unique<Tail>();
    tail_->base = max_;
  }
  ASSERT(tail_->base + static_cast<int64_t>(tail_->bytes.size()) / kQueueEntrySize == max_);
  store_entry(tail_->bytes.extend(kQueueEntrySize), entry);
  ++max_;
  touched_ = true;
  return !std::exchange(dirty_, true);
}

QueueOffset ConsumeQueue::max() {
  MutexLock lock(mutex_);
  return QueueOffset(max_);
}

QueueOffset ConsumeQueue::persisted() {
  MutexLock lock(mutex_);
  return QueueOffset(persisted_);
}

QueueOffset ConsumeQueue::floor() {
  MutexLock lock(mutex_);
  return QueueOffset(floor_);
}

bool ConsumeQueue::known_min(PhysicalOffset log_begin, QueueOffset& min) {
  MutexLock lock(mutex_);
  // An empty range has to be looked at again once something has come.
  if (min_begin_ != log_begin.value) return false;
  min = QueueOffset(min_);
  return true;
}

void ConsumeQueue::remember_min(PhysicalOffset log_begin, QueueOffset min) {
  MutexLock lock(mutex_);
  if (deleted_) return;  // Since the caller has looked.
  ASSERT(min.value >= 0 && min.value <= max_);
  min_ = min.value;
  min_begin_ = log_begin.value;
}

void ConsumeQueue::raise_floor(QueueOffset floor) {
  MutexLock lock(mutex_);
  ASSERT(floor.value <= persisted_, "only files that were written are removed");
  floor_ = std::max(floor_, floor.value);
}

size_t ConsumeQueue::read_recent(QueueOffset from, std::span<QueueEntry> out) {
  MutexLock lock(mutex_);
  if (!tail_ || from.value < tail_->base || from.value >= max_) return 0;
  ASSERT(tail_->base + static_cast<int64_t>(tail_->bytes.size()) / kQueueEntrySize == max_);
  const size_t count = std::min(out.size(), static_cast<size_t>(max_ - from.value));
  const std::byte* at = tail_->bytes.data() + (from.value - tail_->base) * kQueueEntrySize;
  for (size_t i = 0; i < count; ++i) out[i] = load_entry(at + i * kQueueEntrySize);
  return count;
}

ConsumeQueue::Unwritten ConsumeQueue::copy_unwritten(Buffer& out) {
  MutexLock lock(mutex_);
  Unwritten range{QueueOffset(persisted_), max_ - persisted_};
  if (range.entries == 0 || deleted_) return {range.from, 0};
  ASSERT(tail_ && tail_->base <= persisted_, "what is not in a file is in memory");
  out.append(
      tail_->bytes.view().subspan(static_cast<size_t>((persisted_ - tail_->base) * kQueueEntrySize),
                                  static_cast<size_t>(range.entries * kQueueEntrySize)));
  return range;
}

bool ConsumeQueue::finish_write(QueueOffset upto, bool done) {
  MutexLock lock(mutex_);
  if (deleted_) return dirty_ = false;
  ASSERT(upto.value >= persisted_ && upto.value <= max_);
  if (done) persisted_ = upto.value;
  const int64_t held = tail_ ? max_ - tail_->base : 0;
  const int64_t excess = std::min(held - kRecentEntries, persisted_ - (tail_ ? tail_->base : 0));
  // Only when it pays: the entries that stay have to move.
  if (excess >= kRecentEntries) {
    const auto gone = static_cast<size_t>(excess * kQueueEntrySize);
    Buffer rest;
    rest.append(tail_->bytes.view().subspan(gone));
    tail_->bytes = std::move(rest);
    tail_->base += excess;
    ASSERT(tail_->base <= persisted_);
  }
  dirty_ = persisted_ < max_;
  return dirty_;
}

bool ConsumeQueue::cool_down() {
  MutexLock lock(mutex_);
  if (std::exchange(touched_, false) || dirty_) return false;
  ASSERT(persisted_ == max_, "what is only in memory stays there");
  tail_.reset();
  return true;
}

void ConsumeQueue::mark_deleted() {
  MutexLock lock(mutex_);
  deleted_ = true;
  dirty_ = false;
  floor_ = persisted_ = max_ = min_ = 0;
  min_begin_ = -1;
  tail_.reset();
}

bool ConsumeQueue::is_deleted() {
  MutexLock lock(mutex_);
  return deleted_;
}

}  // namespace agena::storage
