// Walks the log record by record, believing nothing: for recovery.
//
// Over:     commit_log.h, message/record_format.h.  Under: recovery.h.
// Threads:  one; before the log is started.
// Lifetime: an item's bytes live until the next call.
// Errors:   a sector that cannot be read is bad bytes, and the scan goes on behind it; where it
//           ended, unreadable_end() tells. The scan itself does not fail.
#pragma once
#include <optional>
#include <vector>

#include "base/ids.h"
#include "message/record_format.h"
#include "storage/commit_log.h"

namespace agena::storage {

class LogScan {
 public:
  explicit LogScan(CommitLog& log, message::Verify verify = message::Verify::crc)
      : log_(log), verify_(verify) {}

  enum class Kind : uint8_t {
    record,
    file_end,  // The blank record; the scan goes on with the next file.
    bad,       // Nothing valid starts here; the scan stays.
    end,       // Behind the last file.
  };
  struct Item {
    Kind kind = Kind::end;
    PhysicalOffset at;
    message::RecordView record;  // Of a record: checked with its CRC.
  };

  void seek(PhysicalOffset at) { at_ = at; }
  PhysicalOffset position() const { return at_; }
  Item next();

  // The start of the newest file that starts at or before `at`, if there is one.
  std::optional<PhysicalOffset> file_start_of(PhysicalOffset at);
  bool is_valid_at(PhysicalOffset at);
  // The first valid record in [from, from + lookahead), or at the start of any later file.
  std::optional<PhysicalOffset> find_valid(PhysicalOffset from, int64_t lookahead);
  // One past the last byte that is not zero between `from` and the end of its file.
  PhysicalOffset end_of_dirt(PhysicalOffset from);

  int64_t bytes_read() const { return bytes_read_; }
  // Where the last sector that the disk refused ends; 0 when it gave all.
  PhysicalOffset unreadable_end() const { return unreadable_end_; }

 private:
  // Up to `bytes` from `at` within one file; fewer at its end, none outside of the files.
  Bytes window(PhysicalOffset at, int64_t bytes);
  std::optional<PhysicalOffset> find_in_file(PhysicalOffset from, PhysicalOffset stop);
  void read_piecewise(const CommitLog::Segment& segment, PhysicalOffset at, MutableBytes into);

  CommitLog& log_;
  const message::Verify verify_;
  PhysicalOffset at_;
  std::vector<std::byte> buffer_;
  PhysicalOffset buffer_at_;
  size_t buffer_used_ = 0;
  int64_t bytes_read_ = 0;
  PhysicalOffset unreadable_end_;
};

}  // namespace agena::storage
