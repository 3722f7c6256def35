// Which queues there were and how far they went when the checkpoint last moved: STORE/cpp/queues.
// A queue that has fewer entries at the next start, or is gone, is made again from the log. After a
// clean stop queues are taken up as it says, without a look at each of their files.
//
// Over:     io/files.h.  Under: recovery.h, checkpointing.h.
// Threads:  one at a time.
// Errors:   a missing or damaged file is no error but no snapshot.
// Source:   docs/formats/queue_snapshot.md: magic, version, count, entries, CRC; replaced whole.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "io/files.h"

namespace agena::storage {

struct QueueClaim {
  std::string topic;
  QueueId id;
  QueueOffset floor;  // The first entry of the first file.
  QueueOffset max;    // Entries below it were on the disk.

  friend bool operator==(const QueueClaim&, const QueueClaim&) = default;
};
struct QueueSnapshot {
  int64_t file_bytes = 0;  // mappedFileSizeConsumeQueue: another size means other files.
  std::vector<QueueClaim> queues;

  friend bool operator==(const QueueSnapshot&, const QueueSnapshot&) = default;
};

std::string encode_queue_snapshot(const QueueSnapshot& snapshot);
std::optional<QueueSnapshot> decode_queue_snapshot(Bytes bytes);

std::optional<QueueSnapshot> read_queue_snapshot(io::Files& files, const std::string& dir);
Status write_queue_snapshot(io::Files& files, const std::string& dir,
                            const QueueSnapshot& snapshot);

}  // namespace agena::storage
