#include "storage/log_tail.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace agena::storage {
namespace {
constexpr size_t kSpareChunksMax = 4;
}

void LogTail::restart(PhysicalOffset at) {
  MutexLock lock(mutex_);
  for (const auto& chunk : chunks_)
    ASSERT(chunk->pins.load(std::memory_order_acquire) == 0, "only before readers exist");
  chunks_.clear();
  end_ = at;
  gap_ = true;
}

LogTail::Chunk& LogTail::new_chunk(int64_t bytes) {
  ASSERT(bytes > 0);
  std::unique_ptr<Chunk> chunk;
  if (bytes <= kChunkBytes && !spare_.empty()) {
    chunk = std::move(spare_.back());
    spare_.pop_back();
  } else {
    chunk = std::make_unique<Chunk>();
    chunk->capacity = std::max(bytes, kChunkBytes);
    // Not make_unique: that would touch every page of a chunk that may stay nearly empty.
    chunk->data.reset(new std::byte[static_cast<size_t>(chunk->capacity)]);
  }
  ASSERT(chunk->capacity >= bytes && chunk->pins.load(std::memory_order_relaxed) == 0);
  chunk->start = end_;
  chunk->size = 0;
  chunks_.push_back(std::move(chunk));
  return *chunks_.back();
}

std::byte* LogTail::extend(int64_t bytes) {
  ASSERT(bytes > 0);
  MutexLock lock(mutex_);
  Chunk* chunk = chunks_.empty() ? nullptr : chunks_.back().get();
  if (gap_ || chunk == nullptr || chunk->size + bytes > chunk->capacity) chunk = &new_chunk(bytes);
  gap_ = false;
  ASSERT(chunk->end() == end_, "chunks hold the log without gaps inside");
  std::byte* at = chunk->data.get() + chunk->size;
  chunk->size += bytes;
  end_ += bytes;
  return at;
}

void LogTail::skip_to(PhysicalOffset at) {
  MutexLock lock(mutex_);
  ASSERT(at >= end_);
  end_ = at;
  gap_ = true;
}

size_t LogTail::find(PhysicalOffset at) const {
  auto after = std::upper_bound(
      chunks_.begin(), chunks_.end(), at,
      [](PhysicalOffset offset, const std::unique_ptr<Chunk>& c) { return offset < c->start; });
  return static_cast<size_t>(after - chunks_.begin());  // One past the chunk that may hold it.
}

void LogTail::pieces(PhysicalOffset from, PhysicalOffset to, std::vector<Piece>& out) {
  MutexLock lock(mutex_);
  ASSERT(from <= to && to <= end_);
  size_t i = find(from);
  for (i = i == 0 ? 0 : i - 1; i < chunks_.size() && chunks_[i]->start < to; ++i) {
    const Chunk& chunk = *chunks_[i];
    PhysicalOffset start = std::max(from, chunk.start);
    PhysicalOffset stop = std::min(to, chunk.end());
    if (start >= stop) continue;
    out.push_back(
        {start, {chunk.data.get() + (start - chunk.start), static_cast<size_t>(stop - start)}});
  }
}

bool LogTail::copy(PhysicalOffset from, MutableBytes into) {
  size_t done = 0;
  while (done < into.size()) {
    PhysicalOffset at = from + static_cast<int64_t>(done);
    Chunk* chunk = nullptr;
    size_t count = 0;
    {
      MutexLock lock(mutex_);
      size_t i = find(at);
      if (i == 0 || at >= chunks_[i - 1]->end()) return false;
      chunk = chunks_[i - 1].get();
      chunk->pins.fetch_add(1, std::memory_order_relaxed);
      count = std::min(into.size() - done, static_cast<size_t>(chunk->end() - at));
    }
    ASSERT(count > 0, "each round copies something");
    std::memcpy(into.data() + done, chunk->data.get() + (at - chunk->start), count);
    chunk->pins.fetch_sub(1, std::memory_order_release);
    done += count;
  }
  return true;
}

void LogTail::trim(int64_t keep_bytes, PhysicalOffset needed) {
  MutexLock lock(mutex_);
  while (chunks_.size() > 1) {
    Chunk& oldest = *chunks_.front();
    const bool wanted = end_ - oldest.start <= keep_bytes || oldest.end() > needed;
    // Acquire: a reader's copy ended before the chunk's memory is written again.
    if (wanted || oldest.pins.load(std::memory_order_acquire) != 0) return;
    if (oldest.capacity == kChunkBytes && spare_.size() < kSpareChunksMax)
      spare_.push_back(std::move(chunks_.front()));
    chunks_.pop_front();
  }
}

}  // namespace agena::storage
