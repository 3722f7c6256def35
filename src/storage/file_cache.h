// Open files, the most recently used ones only: tens of thousands of queues share a thousand
// descriptors.
//
// Over:     io/files.h.  Under: queue_files.h.
// Threads:  any. A file that falls out while somebody uses it closes when its last user is done.
// Errors:   those of opening a file; nothing is remembered about a failure.
#pragma once
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "base/thread.h"
#include "io/files.h"

namespace agena::storage {

class FileCache {
 public:
  // Files of one owner are told apart by a number, the offset at which they start.
  struct Key {
    const void* owner = nullptr;
    int64_t start = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  using Handle = std::shared_ptr<io::File>;
  using Opener = std::function<Result<std::unique_ptr<io::File>>()>;

  explicit FileCache(size_t open_max) : open_max_(open_max) {}

  Result<Handle> get(Key key, const Opener& open) EXCLUDES(mutex_);
  void forget(const void* owner) EXCLUDES(mutex_);
  void forget(Key key) EXCLUDES(mutex_);
  size_t open_files() EXCLUDES(mutex_);

 private:
  struct KeyHash {
    size_t operator()(const Key& key) const noexcept {
      return std::hash<const void*>{}(key.owner) * 31 + std::hash<int64_t>{}(key.start);
    }
  };
  struct Slot {
    Key key;
    Handle file;
  };
  using Order = std::list<Slot>;  // The most recently used first.

  const size_t open_max_;
  Mutex mutex_;
  Order order_ GUARDED_BY(mutex_);
  std::unordered_map<Key, Order::iterator, KeyHash> slots_ GUARDED_BY(mutex_);
};

}  // namespace agena::storage
