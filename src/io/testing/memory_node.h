// For tests only: one file of MemoryFiles: its bytes, those that would survive a crash, and the
// mappings that write to it behind its back.
//
// Over:    sparse_bytes.h.  Under: memory_files.cc.
// Threads: under the mutex of MemoryFiles; owners of a mapping write to its region without.
#pragma once
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "io/testing/memory_files.h"
#include "io/testing/sparse_bytes.h"

namespace agena::io {

struct MemoryFiles::Region {
  uint64_t offset = 0;
  std::vector<std::byte> bytes;
  uint64_t end() const { return offset + bytes.size(); }
};

struct MemoryFiles::Node {
  static constexpr uint64_t kSector = 512;
  static constexpr uint64_t kAll = UINT64_MAX;

  SparseBytes live, safe;
  std::set<uint64_t> dirty;  // Sectors of live that safe does not have.
  uint64_t cut_to = kAll;    // The smallest size since the last sync.
  std::vector<std::weak_ptr<Region>> regions;

  size_t read(MutableBytes into, uint64_t offset);
  void write(Bytes bytes, uint64_t offset);
  void resize(uint64_t size);
  void make_safe();
  void make_safe(uint64_t from, uint64_t to);  // Bytes only.
  void lose();                                 // As a failed sync: clean, and yet not safe.
  // What a crash leaves; nothing unsafe without `random`.
  std::shared_ptr<Node> after_crash(std::mt19937_64* random);
  // Null when it overlaps with another one.
  std::shared_ptr<Region> map(uint64_t offset, uint64_t length);
  void absorb(uint64_t from, uint64_t to);  // What owners of mappings have written.

 private:
  void store(Bytes bytes, uint64_t offset);
  void save_sector(uint64_t sector);
};

}  // namespace agena::io
