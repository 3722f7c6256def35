// Which log files go, and whether the disk still has room for new messages: pure decisions.
//
// Over:     options.h.  Under: the store, which asks every clean_interval_ms and does what it says.
// Threads:  pure functions; SteadyWall by one at a time.
// Rules:    Java's. Files older than the reserved time go in the hours of deleteWhen, when the disk
//           is fuller than diskMaxUsedSpaceRatio, or on an operator's word; above
//           diskSpaceCleanForciblyRatio the oldest go whatever their age; above
//           diskSpaceWarningLevelRatio writes are refused until the disk is below the former again.
//           Always the oldest first, deleteFileBatchMax a round, never the newest file.
// Source:   docs/durability.md, section on retention.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "storage/options.h"

namespace agena::storage {

struct LogFileAge {
  PhysicalOffset start;
  int64_t bytes = 0;
  UnixMillis last_written;  // Store time of its newest message, or when the file was changed.
};

struct RetentionInput {
  UnixMillis now;                 // From SteadyWall.
  int hour = 0;                   // Of the day, local time: 0 to 23.
  double log_ratio = 0;           // Used part of the disk below the log, 0 to 1; below 0: unknown.
  double queue_ratio = 0;         // The same for consume queues and index.
  bool manual = false;            // An operator asked for a round.
  bool was_refusing = false;      // The last plan's refuse_writes.
  std::vector<LogFileAge> files;  // Oldest first.
};

enum class RetentionReason : uint8_t { none, hour, disk_ratio, disk_forced, manual };

struct RetentionPlan {
  size_t remove = 0;  // How many of the oldest files go now.
  RetentionReason reason = RetentionReason::none;
  bool refuse_writes = false;
  std::string remark;  // Why writes are refused: which limit, and the value.
  // The disk is above a limit and no file may go: somebody should look at it.
  bool is_helpless = false;
};
// What nobody may read any more of a file that some group has consumed up to `first_unconsumed`.
int64_t unconsumed_bytes(const LogFileAge& file, std::optional<PhysicalOffset> first_unconsumed);
RetentionPlan plan_retention(const StoreOptions& options, const RetentionInput& input);

// "04" or "04;16": bit h is set for hour h. Errc::bad_config for anything else.
Result<uint32_t> parse_hours(std::string_view delete_when);
int local_hour(UnixMillis now);

// Wall time for ages that does not leap: an hour's leap forward takes an hour to be believed, so
// that a wrong clock does not throw three days of messages away. Steps back are followed at once,
// as they only keep files longer.
class SteadyWall {
 public:
  UnixMillis advance(UnixMillis wall, MonoNanos mono);

 private:
  bool started_ = false;
  UnixMillis value_;
  MonoNanos last_;
};

}  // namespace agena::storage
