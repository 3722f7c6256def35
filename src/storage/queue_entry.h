// One entry of a consume queue: where a message lies in the log, and the code of its tag.
//
// Over:   base/bytes.h.  Under: consume_queue.h, queue_files.h, readers.
// Source: docs/formats/consume_queue.md: int64 physical offset, int32 size, int64 tag code.
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>

#include "base/bytes.h"
#include "base/ids.h"

namespace agena::storage {

inline constexpr int64_t kQueueEntrySize = 20;

struct QueueEntry {
  PhysicalOffset at;
  int32_t size = 0;
  int64_t tag_code = 0;  // For SCHEDULE_TOPIC_XXXX the delivery time.

  // Written where a queue starts above zero and where a message was lost: no message is there.
  static QueueEntry blank() { return {PhysicalOffset(0), std::numeric_limits<int32_t>::max(), 0}; }
  bool is_blank() const { return size == std::numeric_limits<int32_t>::max(); }
  // False for the zeros behind the last entry of a file.
  bool is_written() const { return at.value >= 0 && size > 0; }
  PhysicalOffset end() const { return at + size; }

  friend bool operator==(const QueueEntry&, const QueueEntry&) = default;
};

inline void store_entry(std::byte* at, const QueueEntry& entry) {
  store_be<int64_t>(at, entry.at.value);
  store_be<int32_t>(at + 8, entry.size);
  store_be<int64_t>(at + 12, entry.tag_code);
}
inline QueueEntry load_entry(const std::byte* at) {
  return {PhysicalOffset(load_be<int64_t>(at)), load_be<int32_t>(at + 8),
          load_be<int64_t>(at + 12)};
}

}  // namespace agena::storage
