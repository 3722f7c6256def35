// How far the log is known to be on the disk, kept beside Java's files in STORE/cpp/mark.
//
// Over:     io/files.h.  Under: flusher.h, recovery.h.
// Meaning:  a bad record below `flushed` is damage, never a torn write: nothing behind it may be
//           thrown away. A bad record at or behind it may be what a crash left of a write.
// Threads:  one at a time (background, or open and close).
// Source:   docs/formats/durable_mark.md: two slots of one sector each, written in turn, each with
//           magic, version, generation and CRC; the valid one with the higher generation counts.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "io/files.h"

namespace agena::storage {

struct Mark {
  PhysicalOffset flushed;       // Everything before it was on the disk.
  PhysicalOffset dispatched;    // The queue entries of every record before it were on the disk.
  UnixMillis newest;            // Store time of the newest record then.
  bool is_clean = false;        // The store was closed and ends at `flushed`.
  uint32_t checkpoint_crc = 0;  // Of Java's checkpoint then: another broker's work changes it.
};

class DurableMark {
 public:
  // Makes the file when it is missing. A damaged one reads as none.
  static Result<std::unique_ptr<DurableMark>> open(io::Files& files, const std::string& dir);

  const std::optional<Mark>& last() const { return last_; }
  // On the disk when it returns.
  Status write(const Mark& mark);

 private:
  explicit DurableMark(std::unique_ptr<io::File> file) : file_(std::move(file)) {}
  void load(uint64_t slot_offset);

  std::unique_ptr<io::File> file_;
  std::optional<Mark> last_;
  uint64_t generation_ = 0;
};

}  // namespace agena::storage
