#include "storage/log_scan.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace agena::storage {
namespace {
constexpr int64_t kBlock = int64_t{4} << 20;
constexpr int64_t kSector = 4'096;  // What a disk loses at once.
}  // namespace

// Sectors that cannot be read become zeros, which no record survives, and are remembered.
void LogScan::read_piecewise(const CommitLog::Segment& segment, PhysicalOffset at,
                             MutableBytes into) {
  const PhysicalOffset end = at + static_cast<int64_t>(into.size());
  for (PhysicalOffset from = at; from < end;) {
    const int64_t in_sector = kSector - (from - segment->start) % kSector;
    const PhysicalOffset to = std::min(end, from + in_sector);
    MutableBytes piece =
        into.subspan(static_cast<size_t>(from - at), static_cast<size_t>(to - from));
    if (!segment->read(from, piece)) {
      std::fill(piece.begin(), piece.end(), std::byte());
      unreadable_end_ = std::max(unreadable_end_, to);
    }
    from = to;
  }
}

Bytes LogScan::window(PhysicalOffset at, int64_t bytes) {
  ASSERT(bytes > 0);
  CommitLog::Segment segment = log_.segment_of(at);
  if (!segment) return {};
  bytes = std::min(bytes, segment->end() - at);
  const bool is_here = at >= buffer_at_ && at + bytes <= buffer_at_ + int64_t(buffer_used_);
  if (!is_here) {
    const int64_t wanted = std::min(std::max(bytes, kBlock), segment->end() - at);
    buffer_.resize(std::max(buffer_.size(), static_cast<size_t>(wanted)));
    buffer_at_ = at;
    buffer_used_ = 0;
    MutableBytes block(buffer_.data(), static_cast<size_t>(wanted));
    if (!segment->read(at, block)) read_piecewise(segment, at, block);
    buffer_used_ = static_cast<size_t>(wanted);
    bytes_read_ += wanted;
  }
  ASSERT(at >= buffer_at_ && at - buffer_at_ + bytes <= static_cast<int64_t>(buffer_used_));
  return Bytes(buffer_).subspan(static_cast<size_t>(at - buffer_at_), static_cast<size_t>(bytes));
}

LogScan::Item LogScan::next() {
  CommitLog::Segment segment = log_.segment_of(at_);
  if (!segment) return {Kind::end, at_, {}};
  const int64_t left = segment->end() - at_;
  Item item{Kind::bad, at_, {}};
  Bytes head_bytes = window(at_, static_cast<int64_t>(message::kRecordHeadSize));
  auto head = message::peek(head_bytes);
  if (!head) return item;
  if (head->kind == message::RecordKind::blank) {
    at_ = segment->end();
    return {Kind::file_end, item.at, {}};
  }
  if (head->size > left || head->physical_offset != at_) return item;
  auto record = message::decode(window(at_, head->size), verify_);
  if (!record) return item;
  ASSERT(record->size == head->size && record->physical_offset == at_);
  item.kind = Kind::record;
  item.record = *record;
  at_ += head->size;
  return item;
}

std::optional<PhysicalOffset> LogScan::file_start_of(PhysicalOffset at) {
  CommitLog::Segment segment = log_.segment_of(at);
  if (!segment) return std::nullopt;
  return segment->start;
}

bool LogScan::is_valid_at(PhysicalOffset at) {
  const PhysicalOffset before = at_;
  at_ = at;
  const bool valid = next().kind == Kind::record;
  at_ = before;
  return valid;
}

std::optional<PhysicalOffset> LogScan::find_in_file(PhysicalOffset from, PhysicalOffset stop) {
  for (PhysicalOffset at = from; at < stop;) {
    // The window moves under is_valid_at(), so the candidates are collected first.
    Bytes bytes = window(at, std::min(kBlock, stop - at));
    std::vector<PhysicalOffset> candidates;
    for (size_t i = 4; i + 4 <= bytes.size(); ++i) {
      const void* hit = std::memchr(bytes.data() + i, 0xDA, bytes.size() - 3 - i);
      if (hit == nullptr) break;
      i = static_cast<size_t>(static_cast<const std::byte*>(hit) - bytes.data());
      const auto magic = load_be<int32_t>(bytes.data() + i);
      if (magic == message::kMagicV1 || magic == message::kMagicV2)
        candidates.push_back(at + static_cast<int64_t>(i) - 4);
    }
    const auto advance = static_cast<int64_t>(bytes.size());
    for (PhysicalOffset candidate : candidates)
      if (is_valid_at(candidate)) return candidate;
    if (advance < kBlock) break;
    at += advance - 7;  // A magic may lie across the edge.
  }
  return std::nullopt;
}

std::optional<PhysicalOffset> LogScan::find_valid(PhysicalOffset from, int64_t lookahead) {
  ASSERT(lookahead > 0);
  for (const CommitLog::Segment& segment : log_.segments()) {
    if (segment->end() <= from) continue;
    const PhysicalOffset begin = std::max(from, segment->start);
    if (begin == segment->start && is_valid_at(begin)) return begin;
    if (begin - from >= lookahead) continue;
    const PhysicalOffset stop = std::min(segment->end(), from + lookahead);
    if (auto found = find_in_file(begin, stop)) return found;
  }
  return std::nullopt;
}

PhysicalOffset LogScan::end_of_dirt(PhysicalOffset from) {
  CommitLog::Segment segment = log_.segment_of(from);
  if (!segment) return from;
  PhysicalOffset end = from;
  for (PhysicalOffset at = from; at < segment->end();) {
    at = segment->data_from(at);
    if (at == segment->end()) break;
    Bytes bytes = window(at, kBlock);
    for (size_t i = bytes.size(); i > 0; --i) {
      if (bytes[i - 1] == std::byte()) continue;
      end = at + static_cast<int64_t>(i);
      break;
    }
    at += static_cast<int64_t>(bytes.size());
  }
  // What cannot be read is taken for dirty, so that it is written anew.
  end = std::max(end, std::min(unreadable_end_, segment->end()));
  ASSERT(end >= from && end <= segment->end());
  return end;
}

}  // namespace agena::storage
