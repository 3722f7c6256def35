#include "io/testing/memory_node.h"

#include <algorithm>
#include <cstring>

namespace agena::io {
namespace {

bool coin(std::mt19937_64& random) {
  return (random() >> 32 & 1) != 0;
}

}  // namespace

size_t MemoryFiles::Node::read(MutableBytes into, uint64_t offset) {
  absorb(offset, offset + into.size());
  return live.read(into, offset);
}

void MemoryFiles::Node::write(Bytes bytes, uint64_t offset) {
  if (bytes.empty()) return;
  uint64_t end = offset + bytes.size();
  absorb(offset, end);
  store(bytes, offset);
  for (auto& weak : regions) {
    auto region = weak.lock();
    if (!region) continue;
    uint64_t from = std::max(offset, region->offset), to = std::min(end, region->end());
    if (from < to) {
      std::memcpy(region->bytes.data() + (from - region->offset), bytes.data() + (from - offset),
                  to - from);
    }
  }
}

void MemoryFiles::Node::store(Bytes bytes, uint64_t offset) {
  live.write(bytes, offset);
  uint64_t last = (offset + bytes.size() - 1) / kSector;
  for (uint64_t sector = offset / kSector; sector <= last; ++sector) dirty.insert(sector);
}

void MemoryFiles::Node::resize(uint64_t size) {
  if (size < live.size()) {
    cut_to = std::min(cut_to, size);
    dirty.erase(dirty.lower_bound((size + kSector - 1) / kSector), dirty.end());
  }
  live.resize(size);
}

void MemoryFiles::Node::save_sector(uint64_t sector) {
  std::array<std::byte, kSector> bytes;
  size_t count = live.read(bytes, sector * kSector);
  safe.write(Bytes(bytes).first(count), sector * kSector);
}

void MemoryFiles::Node::make_safe() {
  absorb(0, kAll);
  safe.resize(std::min(cut_to, safe.size()));
  safe.resize(live.size());
  for (uint64_t sector : dirty) save_sector(sector);
  dirty.clear();
  cut_to = kAll;
}

void MemoryFiles::Node::make_safe(uint64_t from, uint64_t to) {
  absorb(from, to);
  auto at = dirty.lower_bound(from / kSector);
  while (at != dirty.end() && *at * kSector < to) {
    save_sector(*at);
    at = dirty.erase(at);
  }
}

void MemoryFiles::Node::lose() {
  absorb(0, kAll);
  dirty.clear();
}

std::shared_ptr<MemoryFiles::Node> MemoryFiles::Node::after_crash(std::mt19937_64* random) {
  absorb(0, kAll);
  if (random != nullptr) {
    if (cut_to < safe.size() && coin(*random)) safe.resize(cut_to);
    if (live.size() > safe.size() && coin(*random)) safe.resize(live.size());
    for (uint64_t sector : dirty) {
      if (coin(*random)) save_sector(sector);
    }
  }
  auto out = std::make_shared<Node>();
  out->live = safe;
  out->safe = std::move(safe);
  return out;
}

std::shared_ptr<MemoryFiles::Region> MemoryFiles::Node::map(uint64_t offset, uint64_t length) {
  std::erase_if(regions, [](auto& weak) { return weak.expired(); });
  for (auto& weak : regions) {
    auto region = weak.lock();
    if (region->offset == offset && region->bytes.size() == length) return region;
    if (region->offset < offset + length && offset < region->end()) return nullptr;
  }
  auto made = std::make_shared<Region>();
  made->offset = offset;
  made->bytes.resize(length);
  live.read(made->bytes, offset);
  regions.push_back(made);
  return made;
}

void MemoryFiles::Node::absorb(uint64_t from, uint64_t to) {
  for (auto& weak : regions) {
    auto region = weak.lock();
    if (!region) continue;
    uint64_t at = std::max(from, region->offset) / kSector * kSector;
    uint64_t end = std::min({to, region->end(), live.size()});
    for (; at < end; at += kSector) {
      uint64_t start = std::max(at, region->offset);
      size_t count = std::min({at + kSector, region->end(), live.size()}) - start;
      std::array<std::byte, kSector> known;
      live.read(MutableBytes(known).first(count), start);
      Bytes now(region->bytes.data() + (start - region->offset), count);
      if (std::memcmp(known.data(), now.data(), count) != 0) store(now, start);
    }
  }
}

}  // namespace agena::io
