// A growing byte buffer whose new space is not zeroed: output of connections, records being built.
//
// Over:    bytes.h.  Under: io/ (stream output), wire/ (frames), storage/ (log tail).
// Threads: one owner at a time.
// Views into it (data(), extend()) end with the next growth.
#pragma once
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "base/bytes.h"

namespace agena {

class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { std::free(data_); }

  std::byte* data() { return data_; }
  const std::byte* data() const { return data_; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  Bytes view() const { return {data_, size_}; }
  void clear() { size_ = 0; }

  // Space for `count` more bytes at the end, uninitialised; the caller fills it.
  std::byte* extend(size_t count) {
    reserve(size_ + count);
    std::byte* at = data_ + size_;
    size_ += count;
    return at;
  }
  void append(Bytes bytes) {
    if (!bytes.empty()) std::memcpy(extend(bytes.size()), bytes.data(), bytes.size());
  }
  void append(std::string_view text) { append(as_bytes(text)); }
  template <std::integral T>
  void append_be(T value) {
    store_be<T>(extend(sizeof(T)), value);
  }
  void truncate(size_t size) {
    ASSERT(size <= size_);
    size_ = size;
  }
  void reserve(size_t capacity) {
    if (capacity <= capacity_) return;
    size_t grown = capacity_ < 512 ? 512 : capacity_ * 2;
    if (grown < capacity) grown = capacity;
    auto* moved = static_cast<std::byte*>(std::realloc(data_, grown));
    ASSERT(moved != nullptr, "out of memory");
    data_ = moved;
    capacity_ = grown;
  }
  // Gives the memory back; for connections that fall idle after a large answer.
  void release() {
    std::free(data_);
    data_ = nullptr;
    size_ = capacity_ = 0;
  }

 private:
  std::byte* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace agena
