#include "storage/file_cache.h"

#include "base/assert.h"

namespace agena::storage {

Result<FileCache::Handle> FileCache::get(Key key, const Opener& open) {
  {
    MutexLock lock(mutex_);
    if (auto found = slots_.find(key); found != slots_.end()) {
      order_.splice(order_.begin(), order_, found->second);
      return found->second->file;
    }
  }
  TRY(opened, open());
  Handle file = std::move(opened);
  ASSERT(file, "opening gives a file or an error");
  Handle closing;  // Declared before the lock: closing a file takes time.
  MutexLock lock(mutex_);
  if (auto found = slots_.find(key); found != slots_.end()) return found->second->file;
  order_.push_front({key, file});
  slots_.emplace(key, order_.begin());
  if (slots_.size() > open_max_) {
    closing = std::move(order_.back().file);
    slots_.erase(order_.back().key);
    order_.pop_back();
  }
  ASSERT(slots_.size() == order_.size());
  return file;
}

void FileCache::forget(const void* owner) {
  Order closing;
  MutexLock lock(mutex_);
  for (auto at = order_.begin(); at != order_.end();) {
    auto next = std::next(at);
    if (at->key.owner == owner) {
      slots_.erase(at->key);
      closing.splice(closing.end(), order_, at);
    }
    at = next;
  }
}

void FileCache::forget(Key key) {
  Order closing;
  MutexLock lock(mutex_);
  auto found = slots_.find(key);
  if (found == slots_.end()) return;
  closing.splice(closing.end(), order_, found->second);
  slots_.erase(found);
  ASSERT(slots_.size() == order_.size());
}

size_t FileCache::open_files() {
  MutexLock lock(mutex_);
  return slots_.size();
}

}  // namespace agena::storage
