#include "storage/segment_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/assert.h"
#include "base/log.h"

namespace agena::storage {

std::string file_name_of(int64_t start) {
  ASSERT(start >= 0);
  return fmt::format("{:020}", start);
}

std::optional<int64_t> start_of_file_name(std::string_view name) {
  if (name.size() != 20) return std::nullopt;
  int64_t start = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), start);
  if (error != std::errc{} || end != name.data() + name.size() || start < 0) return std::nullopt;
  return start;
}

Result<std::shared_ptr<SegmentFile>> SegmentFile::create(io::Files& files, const std::string& dir,
                                                         PhysicalOffset start, int64_t bytes) {
  ASSERT(bytes > 0 && start.value % bytes == 0, "files lie side by side");
  std::string path = dir + "/" + file_name_of(start.value);
  TRY(file, files.open(path, io::Open::create));
  auto segment = std::make_shared<SegmentFile>(path, start, bytes, std::move(file));
  Status made = segment->allocate_to(0);
  if (made) made = segment->file_->resize(static_cast<uint64_t>(bytes));
  if (made) made = segment->file_->sync();
  if (made) made = files.sync_dir(dir);
  if (!made) {
    // A file of the wrong size would stop Java's loader, so none is left behind.
    if (auto gone = files.remove(path); !gone)
      AGENA_LOG(warn, "storage", "cannot remove {}: {}", path, describe(gone.error()));
    return made.error();
  }
  return segment;
}

Result<std::shared_ptr<SegmentFile>> SegmentFile::open(io::Files& files, const std::string& dir,
                                                       PhysicalOffset start, int64_t bytes) {
  std::string path = dir + "/" + file_name_of(start.value);
  TRY(file, files.open(path, io::Open::write));
  TRY(found, file->size());
  if (static_cast<int64_t>(found) > bytes)
    return Error{
        Errc::corrupt,
        fmt::format("{} has {} bytes, more than mappedFileSizeCommitLog={}; start with the "
                    "size the store was made with",
                    path, found, bytes)};
  if (static_cast<int64_t>(found) < bytes) {
    AGENA_LOG(warn, "storage", "{} has {} bytes instead of {}: extended", path, found, bytes);
    TRY_OK(file->resize(static_cast<uint64_t>(bytes)));
    TRY_OK(file->sync());
  }
  return std::make_shared<SegmentFile>(path, start, bytes, std::move(file));
}

Status SegmentFile::allocate_to(int64_t position) {
  ASSERT(position >= 0 && position <= bytes);
  MutexLock lock(allocation_mutex_);
  const int64_t from = allocated();
  if (from == bytes || position + kAllocationStep / 2 <= from) return ok();
  const int64_t wanted = std::min(bytes, std::max(from, position) + kAllocationStep);
  ASSERT(wanted > from);
  Status done = file_->allocate(static_cast<uint64_t>(from), static_cast<uint64_t>(wanted - from));
  if (done) {
    allocated_.store(wanted, std::memory_order_release);
    return ok();
  }
  // Near a full disk a smaller step may still fit. It must cover the position itself.
  if (position <= from) return ok();
  TRY_OK(file_->allocate(static_cast<uint64_t>(from), static_cast<uint64_t>(position - from)));
  allocated_.store(position, std::memory_order_release);
  return ok();
}

Status SegmentFile::read(PhysicalOffset at, MutableBytes into) const {
  if (at < start || at + static_cast<int64_t>(into.size()) > end())
    return Error{Errc::io_error,
                 fmt::format("{} bytes at {} are not all in {}", into.size(), at.value, path)};
  TRY(count, file_->read_at(into, static_cast<uint64_t>(at - start)));
  if (count != into.size())
    return Error{Errc::io_error, fmt::format("{} ends before offset {}", path, at.value)};
  return ok();
}

Status SegmentFile::write(PhysicalOffset at, Bytes from) {
  ASSERT(at >= start && at + static_cast<int64_t>(from.size()) <= end());
  return file_->write_at(from, static_cast<uint64_t>(at - start));
}

PhysicalOffset SegmentFile::data_from(PhysicalOffset at) const {
  ASSERT(at >= start && at <= end());
  const auto found = file_->data_from(static_cast<uint64_t>(at - start));
  if (!found) return at;
  return std::clamp(start + static_cast<int64_t>(*found), at, end());
}

void SegmentFile::write_back(PhysicalOffset from, PhysicalOffset to) {
  ASSERT(from >= start && from <= to && to <= end());
  file_->write_back(static_cast<uint64_t>(from - start), static_cast<uint64_t>(to - from));
}

}  // namespace agena::storage
