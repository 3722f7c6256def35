// The file `checkpoint`: how far the log and what is made from it were safe on the disk.
//
// Over:     io/files.h.  Under: recovery.h, flusher.h.
// Meaning:  every value is a lower bound: true when written and true later. Losing the file costs
//           time at the next start, never a message.
// Java:     reads and writes the first 48 bytes and leaves the others as they are; so do we. What
// we
//           know beyond it lies in files of our own (durable_mark.h, key_index.h).
// Threads:  one at a time.
// Errors:   those of the file; a missing, short or damaged file is no error but a default.
// Source:   docs/formats/checkpoint.md.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "io/files.h"

namespace agena::storage {

struct Checkpoint {
  // Times are store times of messages.
  UnixMillis log_time;            // @0: the newest message known to be flushed.
  UnixMillis queue_time;          // @8: the same for consume queues.
  UnixMillis index_time;          // @16: index files that end at or before it are flushed.
  PhysicalOffset master_flushed;  // @24
  PhysicalOffset confirmed;       // @32
  PhysicalOffset queues_flushed;  // @40: of the newest message whose queue entry is flushed.
                                  // Java's abnormal recovery starts at or before it.
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

inline constexpr size_t kCheckpointSize = 4096;
inline constexpr size_t kCheckpointUsedSize = 6 * 8;

class CheckpointFile {
 public:
  enum class State : uint8_t {
    whole,
    missing,  // No file, or an empty one: all values are 0.
    damaged,  // Short, or with values that cannot be: all values are 0.
  };
  struct Opened {
    std::unique_ptr<CheckpointFile> file;
    Checkpoint found;
    State state = State::missing;
  };
  // Makes the file when it is missing.
  static Result<Opened> open(io::Files& files, const std::string& path);

  // On the disk when it returns.
  Status write(const Checkpoint& checkpoint);

  explicit CheckpointFile(std::unique_ptr<io::File> file) : file_(std::move(file)) {}

 private:
  std::unique_ptr<io::File> file_;
  std::array<std::byte, kCheckpointSize> page_{};  // As on the disk, with what others keep there.
};

// The codec, for tests and tools.
struct DecodedCheckpoint {
  Checkpoint checkpoint;
  CheckpointFile::State state = CheckpointFile::State::missing;
};
DecodedCheckpoint decode_checkpoint(Bytes page);
void encode_checkpoint(const Checkpoint& checkpoint, std::span<std::byte, kCheckpointSize> page);

}  // namespace agena::storage
