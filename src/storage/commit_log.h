// Every record this broker has accepted, as one byte range cut into files. All other state of the
// store is an index that can be made from it again.
//
// Over:      segment_file.h, log_tail.h, fence.h.  Under: appender.h, flusher.h, recovery.h,
//            retention.h, readers.
// Invariant: begin <= flushed <= written <= staged. `staged` is in memory only; `written` survives
//            the end of this process; `flushed` survives loss of power.
// Threads:   the calls are grouped below by whose lock they need; reads from any thread.
// Errors:    Errc::disk_full and Errc::message_illegal from reserve(); a failed write or flush
//            raises the fence.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/thread.h"
#include "io/files.h"
#include "storage/fence.h"
#include "storage/log_tail.h"
#include "storage/segment_file.h"

namespace agena::storage {

struct CommitLogOptions {
  std::string dir;
  int64_t file_bytes = int64_t{1} << 30;
  int64_t tail_bytes_min = int64_t{4} << 20;
  int64_t tail_bytes_max = int64_t{16} << 20;
};

class CommitLog {
 public:
  using Segment = std::shared_ptr<SegmentFile>;

  // Opens the files that are there. Nothing can be read or appended before start_at().
  static Result<std::unique_ptr<CommitLog>> open(io::Files& files, Fence& fence,
                                                 CommitLogOptions options);
  CommitLog(io::Files& files, Fence& fence, CommitLogOptions options);

  // ---- Recovery, before any other thread knows the log.
  // Removes the files that start behind `end`, the newest first.
  Status remove_behind(PhysicalOffset end) EXCLUDES(segments_mutex_);
  // The log ends at `end`: everything before it is written and flushed. Of the files behind it an
  // empty next one may stay.
  Status start_at(PhysicalOffset end) EXCLUDES(segments_mutex_);

  // ---- The appender, under its lock.
  // Makes room for `bytes` in one file, closing the current one if need be; nothing else changes.
  Result<PhysicalOffset> reserve(int64_t bytes);
  // The place for what reserve() has found room for.
  MutableBytes extend(int64_t bytes);
  PhysicalOffset staged() const { return PhysicalOffset(staged_.load(std::memory_order_acquire)); }

  // ---- One writer at a time.
  // Everything staged before `to` goes to the operating system. False: the fence was raised.
  bool write_to(PhysicalOffset to);
  // Lets go of memory that neither a fast reader nor dispatch still wants.
  void trim_tail(PhysicalOffset needed);

  // ---- The background loop.
  bool flush();  // Everything written when it began is on the disk after it.
  void work_ahead() EXCLUDES(creation_mutex_);  // Blocks and the next file before their need;
                                                // starts write-back, so that a flush meets little.
  void adapt_tail(bool busy) {                  // Memory for the tail, by load.
    tail_bytes_ = busy ? options_.tail_bytes_max : options_.tail_bytes_min;
  }
  // Retention: the oldest file goes, never the newest. Readers that hold it go on.
  // One that cannot be removed is the next call's again.
  Status remove_oldest();

  // ---- Any thread.
  PhysicalOffset begin() const { return PhysicalOffset(begin_.load(std::memory_order_acquire)); }
  PhysicalOffset written() const {
    return PhysicalOffset(written_.load(std::memory_order_acquire));
  }
  PhysicalOffset flushed() const {
    return PhysicalOffset(flushed_.load(std::memory_order_acquire));
  }
  // All of `into` from `at`, which must lie in one file. Errc::not_found outside [begin, written).
  Status read(PhysicalOffset at, MutableBytes into);
  // Time for work_ahead().
  bool wants_work() const { return written() >= PhysicalOffset(work_at_.load()); }
  std::vector<Segment> segments() EXCLUDES(segments_mutex_);
  Segment segment_of(PhysicalOffset at) EXCLUDES(segments_mutex_);
  int64_t file_bytes() const { return options_.file_bytes; }
  const std::string& dir() const { return options_.dir; }

 private:
  Result<Segment> take_next(PhysicalOffset start) EXCLUDES(creation_mutex_);
  Status roll();
  void prepare_next(const Segment& last) EXCLUDES(creation_mutex_);
  void start_write_back(PhysicalOffset target);
  Status remove_file(const Segment& segment);

  io::Files& files_;
  Fence& fence_;
  const CommitLogOptions options_;

  LogTail tail_;
  Segment current_;                     // The appender's own.
  PhysicalOffset written_back_;         // The background loop's own.
  Segment unremoved_;                   // The background loop's own: out of use, and still there.
  std::vector<LogTail::Piece> pieces_;  // The writer's own.

  std::atomic<int64_t> begin_ = 0, staged_ = 0, written_ = 0, flushed_ = 0;
  std::atomic<int64_t> work_at_ = 0;
  std::atomic<int64_t> tail_bytes_;

  Mutex creation_mutex_;  // Held while a file is made, so that no two make the same one.
  Mutex segments_mutex_;
  std::vector<Segment> segments_ GUARDED_BY(segments_mutex_);
  Segment prepared_ GUARDED_BY(segments_mutex_);  // The next file, empty, or none yet.
};

}  // namespace agena::storage
