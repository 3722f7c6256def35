// What consumers and operators read: messages of a queue, single records, offsets by time.
//
// Over:     commit_log.h, queue_table.h, message/record_format.h.  Under: the store.
// Threads:  any.
// Damage:   a record is given out only if its size, magic and own position are what its queue entry
//           says; others are skipped, counted and logged. The CRC is checked where one record is
//           asked for, not on the way of every pull.
// Source:   statuses and next offsets are those of RocketMQ 5.5.0's getMessage, limits too.
#pragma once
#include <atomic>
#include <optional>
#include <string_view>

#include "base/buffer.h"
#include "base/ids.h"
#include "base/result.h"
#include "storage/commit_log.h"
#include "storage/options.h"
#include "storage/queue_table.h"
#include "storage/store.h"

namespace agena::storage {

class QueueReader {
 public:
  QueueReader(CommitLog& log, QueueTable& queues, const StoreOptions& options);

  ReadResult read(std::string_view topic, QueueId queue, QueueOffset from, const ReadLimits& limits,
                  const TagCodes& tags, Buffer& out);
  // Appends the record at `at`, checked with its CRC. Errc::not_found, Errc::corrupt.
  Result<int64_t> read_record(PhysicalOffset at, Buffer& out);
  std::optional<UnixMillis> store_time(const QueueEntry& entry);
  std::optional<UnixMillis> store_time(ConsumeQueue& queue, QueueOffset at);

  // lower: the first message stored at `time` or later, the maximum when there is none.
  // upper: the last message stored at `time` or earlier, the minimum when there is none.
  QueueOffset offset_by_time(ConsumeQueue& queue, UnixMillis time, Boundary boundary);

  bool in_memory(PhysicalOffset at) const { return log_.written() - at <= memory_bytes_; }
  uint64_t damaged_records() const { return damaged_.load(std::memory_order_relaxed); }

 private:
  struct Scan;
  void scan(ConsumeQueue& queue, Scan& scan);
  bool take(Scan& scan, QueueOffset index, const QueueEntry& entry);
  bool is_full(const Scan& scan, const QueueEntry& entry) const;
  void finish_run(Scan& scan);
  bool copy_checked(PhysicalOffset at, int32_t size, Buffer& out);
  void count_damage(PhysicalOffset at);

  CommitLog& log_;
  QueueTable& queues_;
  const StoreOptions& options_;
  const int64_t memory_bytes_;
  std::atomic<uint64_t> damaged_ = 0;
};

}  // namespace agena::storage
