// The newest part of the commit log in memory: records are encoded into it, written to the file
// from it, and read by consumers that keep up, without a system call.
//
// Over:     base/.  Under: commit_log.h.
// Shape:    chunks in log order, each a contiguous range. A chunk never moves once made, so a
//           record's bytes stay where they were encoded until trim() lets the chunk go.
// Threads:  room() and trim() by the appender under its lock; copy() from any thread. Bytes below
//           what the store has published never change, so they are copied without a lock.
#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "base/buffer.h"
#include "base/ids.h"
#include "base/thread.h"

namespace agena::storage {

class LogTail {
 public:
  static constexpr int64_t kChunkBytes = int64_t{1} << 20;

  // Forgets everything; the next byte is at `at`.
  void restart(PhysicalOffset at) EXCLUDES(mutex_);
  PhysicalOffset end() const { return end_; }

  // Space for the next `bytes` of the log, in one piece.
  std::byte* extend(int64_t bytes) EXCLUDES(mutex_);
  // Leaves out [end(), at): the rest of a file behind its blank record.
  void skip_to(PhysicalOffset at) EXCLUDES(mutex_);

  // The bytes of [from, to), which must still be here: in pieces, each within one chunk.
  struct Piece {
    PhysicalOffset at;
    Bytes bytes;
  };
  void pieces(PhysicalOffset from, PhysicalOffset to, std::vector<Piece>& out) EXCLUDES(mutex_);

  // False when any of [from, from + into.size()) is not here.
  bool copy(PhysicalOffset from, MutableBytes into) EXCLUDES(mutex_);

  // Drops the oldest chunks beyond `keep_bytes`, but none that holds bytes at or after `needed`.
  void trim(int64_t keep_bytes, PhysicalOffset needed) EXCLUDES(mutex_);

 private:
  struct Chunk {
    PhysicalOffset start;
    int64_t capacity = 0;
    std::unique_ptr<std::byte[]> data;
    int64_t size = 0;           // Guarded by mutex_.
    std::atomic<int> pins = 0;  // Readers inside data.
    PhysicalOffset end() const { return start + size; }
  };

  Chunk& new_chunk(int64_t bytes) REQUIRES(mutex_);
  size_t find(PhysicalOffset at) const REQUIRES(mutex_);

  PhysicalOffset end_;  // The appender's to read; changed under mutex_.
  bool gap_ = true;     // The next byte starts a new chunk.
  Mutex mutex_;
  std::deque<std::unique_ptr<Chunk>> chunks_ GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Chunk>> spare_ GUARDED_BY(mutex_);  // Warm memory for reuse.
};

}  // namespace agena::storage
