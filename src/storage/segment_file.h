// One file of the commit log: a fixed range of physical offsets, named by its first one.
//
// Over:     io/files.h.  Under: commit_log.h.
// Size:     the file has its full size from the start, because Java's loader insists on it. Real
//           blocks come 64 MiB at a time ahead of the writer, so a full disk shows when blocks are
//           asked for, never when bytes are written.
// Threads:  reads from any thread; allocate_to() from any, one at a time inside; writes by one.
// Lifetime: shared: whoever reads holds it, so retention may unlink it meanwhile.
// Source:   docs/formats/commit_log.md.
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/thread.h"
#include "io/files.h"

namespace agena::storage {

// Twenty digits, as Java names its files; nothing for other names.
std::string file_name_of(int64_t start);
std::optional<int64_t> start_of_file_name(std::string_view name);

class SegmentFile {
 public:
  static constexpr int64_t kAllocationStep = int64_t{64} << 20;

  // A new file, durable with its full size when this returns.
  static Result<std::shared_ptr<SegmentFile>> create(io::Files& files, const std::string& dir,
                                                     PhysicalOffset start, int64_t bytes);
  // An existing one. One that is shorter than `bytes` is extended; a longer one is refused.
  static Result<std::shared_ptr<SegmentFile>> open(io::Files& files, const std::string& dir,
                                                   PhysicalOffset start, int64_t bytes);

  SegmentFile(std::string name, PhysicalOffset first, int64_t length,
              std::unique_ptr<io::File> file)
      : path(std::move(name)), start(first), bytes(length), file_(std::move(file)) {}

  const std::string path;
  const PhysicalOffset start;
  const int64_t bytes;
  PhysicalOffset end() const { return start + bytes; }
  bool contains(PhysicalOffset at) const { return at >= start && at < end(); }

  // Real blocks up to `position` (from the file's start) and a step beyond. Errc::disk_full.
  Status allocate_to(int64_t position) EXCLUDES(allocation_mutex_);
  int64_t allocated() const { return allocated_.load(std::memory_order_acquire); }

  // Errc::io_error when the range is not all there.
  Status read(PhysicalOffset at, MutableBytes into) const;
  Status write(PhysicalOffset at, Bytes from);
  Status sync() { return file_->sync(); }
  // The first place from `at` on where anything but zeros may be; end() when there is none.
  PhysicalOffset data_from(PhysicalOffset at) const;
  void write_back(PhysicalOffset from, PhysicalOffset to);

 private:
  Mutex allocation_mutex_;  // Held across the allocation: the appender must not overtake it.
  std::atomic<int64_t> allocated_ = 0;
  std::unique_ptr<io::File> file_;
};

}  // namespace agena::storage
