// For tests only: a byte range of any length that has memory only where something was written.
//
// Over:    base/bytes.h.  Under: memory_files.cc.
// Threads: one at a time.
#pragma once
#include <algorithm>
#include <array>
#include <map>
#include <memory>

#include "base/bytes.h"

namespace agena::io {

class SparseBytes {
 public:
  SparseBytes() = default;
  SparseBytes(SparseBytes&&) = default;
  SparseBytes& operator=(SparseBytes&&) = default;
  SparseBytes& operator=(const SparseBytes& other) {
    if (this == &other) return *this;
    pages_.clear();
    for (auto& [number, page] : other.pages_) pages_[number] = std::make_unique<Page>(*page);
    size_ = other.size_;
    return *this;
  }

  uint64_t size() const { return size_; }
  // Grows with zeros; what is cut off reads as zeros when it grows again.
  void resize(uint64_t size) {
    if (size < size_) {
      pages_.erase(pages_.lower_bound((size + kPage - 1) / kPage), pages_.end());
      if (auto last = pages_.find(size / kPage); last != pages_.end()) {
        std::fill(last->second->begin() + static_cast<ptrdiff_t>(size % kPage), last->second->end(),
                  std::byte{});
      }
    }
    size_ = size;
  }
  // As much as there is from there on.
  size_t read(MutableBytes into, uint64_t offset) const {
    if (offset >= size_) return 0;
    size_t count = static_cast<size_t>(std::min<uint64_t>(into.size(), size_ - offset));
    each_page(offset, count, [&](uint64_t number, size_t start, size_t done, size_t part) {
      auto page = pages_.find(number);
      if (page == pages_.end()) {
        std::fill_n(into.begin() + static_cast<ptrdiff_t>(done), part, std::byte{});
      } else {
        std::copy_n(page->second->data() + start, part, into.data() + done);
      }
    });
    return count;
  }
  void write(Bytes bytes, uint64_t offset) {
    size_ = std::max(size_, offset + bytes.size());
    each_page(offset, bytes.size(), [&](uint64_t number, size_t start, size_t done, size_t part) {
      auto& page = pages_[number];
      if (!page) page = std::make_unique<Page>();
      std::copy_n(bytes.data() + done, part, page->data() + start);
    });
  }

 private:
  static constexpr size_t kPage = 4096;
  using Page = std::array<std::byte, kPage>;

  template <typename Visit>
  static void each_page(uint64_t offset, size_t count, Visit visit) {
    for (size_t done = 0; done < count;) {
      size_t start = static_cast<size_t>((offset + done) % kPage);
      size_t part = std::min(count - done, kPage - start);
      visit((offset + done) / kPage, start, done, part);
      done += part;
    }
  }

  std::map<uint64_t, std::unique_ptr<Page>> pages_;
  uint64_t size_ = 0;
};

}  // namespace agena::io
