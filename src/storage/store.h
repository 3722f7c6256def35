// One broker's stored messages: the log, the queues and the key index behind one door.
//
// Over:    commit_log.h, consume_queue.h, key_index.h, recovery.h, retention.h.
// Under:   broker/.
// Threads: every call from any loop. Appends are serialised inside.
// Order:   append() stages bytes and assigns offsets; commit(), called by every loop at the end of
//          each turn and before its answers leave, writes them to the operating system, so that a
//          kill -9 loses nothing acknowledged. Readers see a message once it is written
//          (ASYNC_FLUSH) or on the disk (SYNC_FLUSH): never what a crash could take back.
// Errors:  a failed write or flush of the log is fatal: the process stops before another
//          acknowledgement leaves (exit status 75).
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/ids.h"
#include "base/result.h"
#include "io/clock.h"
#include "io/files.h"
#include "io/loop.h"
#include "message/draft.h"
#include "storage/options.h"

namespace agena::storage {

struct Appended {
  PhysicalOffset at;
  int64_t size_bytes = 0;  // Of all records of a batch together.
  QueueOffset queue_offset;
  UnixMillis stored;
  std::vector<PhysicalOffset> batch;  // One position a record; empty for a single message.
  PhysicalOffset end() const { return at + size_bytes; }
};

// Told from commit(), on the loop that runs it, or with SYNC_FLUSH from the background loop;
// outside the store's locks.
struct Arrival {
  std::string_view topic;  // Valid during the call.
  QueueId queue_id;
  QueueOffset next_offset;  // One past the newest readable entry.
  int64_t tag_code = 0;     // Of the newest entry.
};
class ArrivalListener {
 public:
  virtual ~ArrivalListener() = default;
  virtual void on_arrivals(const std::vector<Arrival>& arrivals) = 0;
};

enum class ReadStatus {
  found,
  no_matched_message,    // Entries were scanned, none passed the filter.
  message_was_removing,  // Entries point before the first log file.
  offset_found_null,     // A hole between queue files.
  offset_overflow_badly,
  offset_overflow_one,  // Exactly at the end: nothing new yet.
  offset_too_small,
  no_message_in_queue,  // The queue is empty, or was never written to.
  unreadable,           // The queue's files cannot be read now; `next` stays where it was.
};

struct ReadLimits {
  int32_t messages_max = 32;
  int64_t bytes_max = 256 * 1024;
};
// Sorted hashes of the wanted tags; empty takes all.
using TagCodes = std::vector<int64_t>;

struct ReadResult {
  ReadStatus status = ReadStatus::no_message_in_queue;
  QueueOffset next;  // Where the reader should go on.
  QueueOffset min;
  QueueOffset max;
  int32_t messages = 0;
  int64_t bytes = 0;        // Appended to `out`.
  bool reads_cold = false;  // The reader lags beyond memory: it may be sent to a slave.
};

enum class Boundary { lower, upper };

struct KeyQuery {
  std::string_view topic;
  std::string_view key;
  char type = 'K';  // K key, U unique key, T tag.
  int32_t messages_max = 32;
  UnixMillis begin;
  UnixMillis end;
  int64_t bytes_max = int64_t{15} << 20;  // The newest that fit, and one at least.
};
struct KeyQueryResult {
  int32_t messages = 0;
  UnixMillis last_update;
  PhysicalOffset last_update_offset;
};

struct QueueRange {
  QueueId queue_id;
  QueueOffset min;
  QueueOffset max;
};

// One consistent look, for runtime info, checkpoints and tests.
struct StoreState {
  PhysicalOffset begin, written, flushed;
  UnixMillis started;
  UnixMillis earliest_message;
  uint64_t damaged_reads = 0;  // Records that were skipped because they are damaged.
  int64_t hole_bytes = 0;      // Found by recovery: lost, and kept as holes.
  std::string recovery;        // What it did, in a sentence; empty when nothing had to be read.
  size_t queue_files_open = 0;
  double log_disk_ratio = 0, queue_disk_ratio = 0;
  bool writable = true;
  std::string refusal;  // Which limit stops writes, empty when writable.
  uint64_t messages_appended = 0, bytes_appended = 0;
  uint64_t expired_files = 0, expired_unconsumed_bytes = 0;
  int64_t dispatch_behind_bytes = 0;
  int64_t append_time_max_us = 0;  // The longest write, which every append of its turn waited for.
};

class Store;
struct Unconsumed {
  PhysicalOffset from;
  std::string who;  // For the log: group, topic and queue.
};

struct StoreDeps {
  io::Files& files;
  const io::Clock& clock;
  io::Loop& background;  // Flushes, file preparation and removal, recovery of indexes.
  ArrivalListener* arrivals = nullptr;
  // What some group has not consumed yet and lies first in the log, if anybody knows: for the
  // report of what retention throws away. Asked on the background loop when files are to go.
  std::function<std::optional<Unconsumed>(Store&)> first_unconsumed;
  // What happens when a write or flush of the log has failed; empty: the process ends (fence.h).
  std::function<void(const Error&)> on_fatal;
};

class Store {
 public:
  // Locks the directory, recovers, and is ready to append. Progress and result are logged in one
  // line. Fails when another process holds the store or when damage needs an operator's decision.
  static Result<std::unique_ptr<Store>> open(StoreDeps deps, StoreOptions options);
  virtual ~Store() = default;  // Closes, if close() was not called.

  // Errc::disk_full or not_open with the limit in the text when writes are refused;
  // Errc::message_illegal when the record exceeds a limit.
  virtual Result<Appended> append(const message::Draft& draft) = 0;
  // `draft.body` holds batch items (message/batch.h); all land in one file, or none do.
  virtual Result<Appended> append_batch(const message::Draft& draft) = 0;
  virtual void commit() = 0;
  // Calls back on `loop` once everything before `end` is on the disk.
  virtual void when_durable(PhysicalOffset end, io::Loop& loop, std::function<void()> done) = 0;

  // Appends whole records, in queue order, to `out`. `stop_at_first_byte_limit` as Java: at least
  // one message is returned even when it alone exceeds bytes_max.
  virtual ReadResult read(std::string_view topic, QueueId queue, QueueOffset from,
                          const ReadLimits& limits, const TagCodes& tags, Buffer& out) = 0;
  virtual Result<int64_t> read_record(PhysicalOffset at, Buffer& out) = 0;    // Its size.
  virtual QueueOffset max_offset(std::string_view topic, QueueId queue) = 0;  // 0 when unknown.
  virtual QueueOffset min_offset(std::string_view topic, QueueId queue) = 0;
  // Where the message at an offset lies; empty for one that is not there, or not any more.
  virtual std::optional<PhysicalOffset> position(std::string_view topic, QueueId queue,
                                                 QueueOffset at) = 0;
  virtual std::optional<UnixMillis> store_time(std::string_view topic, QueueId queue,
                                               QueueOffset at) = 0;
  virtual QueueOffset offset_by_time(std::string_view topic, QueueId queue, UnixMillis time,
                                     Boundary boundary) = 0;
  // Whether an entry is near enough to the end of the log to be served from memory.
  virtual bool in_memory(std::string_view topic, QueueId queue, QueueOffset at) = 0;
  virtual KeyQueryResult query(const KeyQuery& query, Buffer& out) = 0;
  virtual std::vector<QueueRange> queues(std::string_view topic) = 0;
  virtual std::vector<std::string> topics() = 0;  // That have queues here.

  virtual Status delete_topic(std::string_view topic) = 0;
  virtual Status delete_expired_files() = 0;  // Code 329: a round of retention now.
  virtual StoreState state() = 0;
  virtual Status close() = 0;  // Flushes everything; removes `abort`.
};

}  // namespace agena::storage
