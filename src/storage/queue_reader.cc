#include "storage/queue_reader.h"

#include <algorithm>

#include "base/assert.h"
#include "base/log.h"
#include "message/record_format.h"

namespace agena::storage {
namespace {

constexpr int32_t kRecordBytesMax = (16 << 20) + (1 << 20);  // A frame, and what storing adds.
constexpr int64_t kPullBytesMax = int64_t{128} << 20;
constexpr size_t kRunEntriesMax = 64;
constexpr int64_t kRunBytesMax = 256 << 10;
constexpr size_t kScanBlock = 64;

ReadStatus cannot_read(const ConsumeQueue& queue, const Error& why) {
  AGENA_LOG(error, "storage", "cannot read queue {}/{}: {}", queue.topic, queue.id.value,
            describe(why));
  return ReadStatus::unreadable;
}

// Whether `bytes` starts with the very record that a queue entry speaks of.
bool is_record_of(Bytes bytes, PhysicalOffset at, int32_t size) {
  auto head = message::peek(bytes);
  return head && head->kind != message::RecordKind::blank && head->size == size &&
         head->physical_offset == at;
}

}  // namespace

// One read() under way.
struct QueueReader::Scan {
  QueueOffset from;
  const ReadLimits& limits;
  const TagCodes& tags;
  Buffer& out;
  ReadResult& result;
  int64_t bytes_max = 0;
  int64_t entries_max = 0;
  PhysicalOffset newest;           // The furthest record looked at.
  PhysicalOffset skip_below;       // The file that was removed ends here.
  QueueEntry run[kRunEntriesMax];  // Adjacent records, copied together.
  size_t run_entries = 0;
  int64_t run_bytes = 0;
};

QueueReader::QueueReader(CommitLog& log, QueueTable& queues, const StoreOptions& options)
    : log_(log),
      queues_(queues),
      options_(options),
      memory_bytes_(options.physical_memory_bytes / 100 * options.memory_ratio_max) {}

void QueueReader::count_damage(PhysicalOffset at) {
  // Each pull that passes it comes here: one line per thousand is enough.
  if (damaged_.fetch_add(1, std::memory_order_relaxed) % 1000 == 0)
    AGENA_LOG(error, "storage", "the record at {} is damaged and was skipped ({} skipped so far)",
              at.value, damaged_records());
}

bool QueueReader::copy_checked(PhysicalOffset at, int32_t size, Buffer& out) {
  ASSERT(size > 0, "entries that are not written are not read");
  const size_t before = out.size();
  MutableBytes place(out.extend(static_cast<size_t>(size)), static_cast<size_t>(size));
  if (log_.read(at, place) && is_record_of(place, at, size)) return true;
  out.truncate(before);
  if (at >= log_.begin()) count_damage(at);  // Otherwise retention has just removed it.
  return false;
}

void QueueReader::finish_run(Scan& scan) {
  if (scan.run_entries == 0) return;
  const size_t before = scan.out.size();
  ASSERT(scan.run_entries <= kRunEntriesMax && scan.run_bytes > 0);
  const auto total = static_cast<size_t>(scan.run_bytes);
  MutableBytes place(scan.out.extend(total), total);
  bool good = static_cast<bool>(log_.read(scan.run[0].at, place));
  size_t position = 0;
  for (size_t i = 0; good && i < scan.run_entries; ++i) {
    good = is_record_of(place.subspan(position), scan.run[i].at, scan.run[i].size);
    position += static_cast<size_t>(scan.run[i].size);
  }
  ASSERT(!good || position == total, "the run is its records");
  if (!good) {
    // One bad record must not hide its neighbours: one by one then.
    scan.out.truncate(before);
    for (size_t i = 0; i < scan.run_entries; ++i) {
      if (copy_checked(scan.run[i].at, scan.run[i].size, scan.out)) continue;
      --scan.result.messages;
      scan.result.bytes -= scan.run[i].size;
    }
    if (scan.result.messages == 0) scan.result.status = ReadStatus::message_was_removing;
  }
  scan.run_entries = 0;
  scan.run_bytes = 0;
}

bool QueueReader::is_full(const Scan& scan, const QueueEntry& entry) const {
  const ReadResult& r = scan.result;
  if (r.messages == 0) return false;  // One message always goes, however large.
  if (r.messages + 1 > scan.limits.messages_max) return true;
  const int64_t bytes = r.bytes + entry.size;
  if (bytes > scan.bytes_max) return true;
  if (in_memory(entry.at))
    return bytes > options_.transfer_bytes_in_memory_max ||
           r.messages >= options_.transfer_count_in_memory_max;
  return bytes > options_.transfer_bytes_on_disk_max ||
         r.messages >= options_.transfer_count_on_disk_max;
}

// False when the read ends before this entry.
bool QueueReader::take(Scan& scan, QueueOffset index, const QueueEntry& entry) {
  ReadResult& r = scan.result;
  if (index - scan.from >= scan.entries_max || is_full(scan, entry)) return false;
  r.next = index + 1;
  if (entry.is_blank()) {
    if (r.messages == 0) r.status = ReadStatus::message_was_removing;
    return true;
  }
  scan.newest = entry.at;
  if (entry.at < scan.skip_below) return true;
  if (!scan.tags.empty() &&
      !std::binary_search(scan.tags.begin(), scan.tags.end(), entry.tag_code)) {
    if (r.messages == 0) r.status = ReadStatus::no_matched_message;
    return true;
  }
  if (entry.at < log_.begin()) {
    if (r.messages == 0) r.status = ReadStatus::message_was_removing;
    const int64_t file = log_.file_bytes();
    scan.skip_below = PhysicalOffset(entry.at.value / file * file + file);
    return true;
  }
  if (entry.end() > log_.written() || entry.size > log_.file_bytes()) {
    count_damage(entry.at);
    if (r.messages == 0) r.status = ReadStatus::message_was_removing;
    return true;
  }
  const bool joins = scan.run_entries > 0 && scan.run_entries < kRunEntriesMax &&
                     scan.run[scan.run_entries - 1].end() == entry.at &&
                     scan.run_bytes + entry.size <= kRunBytesMax;
  if (!joins) finish_run(scan);
  scan.run[scan.run_entries++] = entry;
  scan.run_bytes += entry.size;
  ++r.messages;
  r.bytes += entry.size;
  r.status = ReadStatus::found;
  return true;
}

void QueueReader::scan(ConsumeQueue& queue, Scan& scan) {
  ReadResult& r = scan.result;
  QueueEntry block[kScanBlock];
  while (r.next < r.max) {
    const size_t wanted = std::min(kScanBlock, static_cast<size_t>(r.max - r.next));
    const QueueOffset first = r.next;
    const auto got = queues_.read(queue, first, std::span(block, wanted));
    if (!got) {
      finish_run(scan);
      if (r.messages == 0) r.status = cannot_read(queue, got.error());
      return;
    }
    for (size_t i = 0; i < *got; ++i)
      if (!take(scan, first + static_cast<int64_t>(i), block[i])) return finish_run(scan);
    if (*got == wanted) continue;
    finish_run(scan);
    if (r.messages > 0) return;
    // A file is missing in the middle: go on with the next one.
    r.status = ReadStatus::offset_found_null;
    const int64_t per_file = queues_.entries_per_file();
    r.next = std::min(r.max, QueueOffset((r.next.value / per_file + 1) * per_file));
    return;
  }
  finish_run(scan);
}

ReadResult QueueReader::read(std::string_view topic, QueueId id, QueueOffset from,
                             const ReadLimits& limits, const TagCodes& tags, Buffer& out) {
  ReadResult result;
  ConsumeQueue* queue = queues_.find(topic, id);
  if (queue == nullptr) {
    result.status = ReadStatus::no_message_in_queue;
    return result;
  }
  result.max = queue->max();
  const auto min = queues_.min_of(*queue, log_.begin());
  result.min = min ? *min : queue->floor();
  result.next = from;
  if (!min) {
    result.status = cannot_read(*queue, min.error());
  } else if (result.max.value == 0) {
    result.status = ReadStatus::no_message_in_queue;
    result.next = QueueOffset(0);
  } else if (from < result.min) {
    result.status = ReadStatus::offset_too_small;
    result.next = result.min;
  } else if (from == result.max) {
    result.status = ReadStatus::offset_overflow_one;
  } else if (from > result.max) {
    result.status = ReadStatus::offset_overflow_badly;
    result.next = result.max;
  } else {
    result.status = ReadStatus::no_matched_message;
    const int64_t scan_bytes =
        std::max<int64_t>(options_.filter_scan_bytes_max, limits.messages_max * kQueueEntrySize);
    Scan state{.from = from,
               .limits = limits,
               .tags = tags,
               .out = out,
               .result = result,
               .bytes_max = std::clamp<int64_t>(limits.bytes_max, 100, kPullBytesMax),
               .entries_max = (scan_bytes + kQueueEntrySize - 1) / kQueueEntrySize,
               .newest = {},
               .skip_below = {},
               .run = {}};
    scan(*queue, state);
    result.reads_cold = log_.written() - state.newest > memory_bytes_;
  }
  ASSERT(result.messages >= 0 && result.bytes >= 0);
  return result;
}

Result<int64_t> QueueReader::read_record(PhysicalOffset at, Buffer& out) {
  std::byte head_bytes[message::kRecordHeadSize];
  TRY_OK(log_.read(at, head_bytes));
  auto head = message::peek(head_bytes);
  if (!head || head->kind == message::RecordKind::blank || head->physical_offset != at)
    return Error{Errc::not_found, "no message starts at that offset"};
  // A body may hold what looks like a record; no frame could have brought one longer than a frame.
  CommitLog::Segment segment = log_.segment_of(at);
  if (!segment || at + head->size > segment->end() || head->size > kRecordBytesMax)
    return Error{Errc::not_found, "no message starts at that offset"};
  if (at + head->size > log_.written()) return Error{Errc::corrupt, "the record has no end"};
  const size_t before = out.size();
  MutableBytes place(out.extend(static_cast<size_t>(head->size)), static_cast<size_t>(head->size));
  Status read = log_.read(at, place);
  auto record = read ? message::decode(place, message::Verify::crc) : read.error();
  if (record) return head->size;
  out.truncate(before);
  count_damage(at);
  return record.error();
}

std::optional<UnixMillis> QueueReader::store_time(const QueueEntry& entry) {
  if (entry.is_blank() || entry.at < log_.begin()) return std::nullopt;
  std::byte bytes[message::kRecordHeadSize];
  if (!log_.read(entry.at, bytes) || !is_record_of(bytes, entry.at, entry.size))
    return std::nullopt;
  return message::peek(bytes)->store_time;
}

std::optional<UnixMillis> QueueReader::store_time(ConsumeQueue& queue, QueueOffset at) {
  QueueEntry entry;
  if (at.value < 0 || !queues_.read_one(queue, at, entry)) return std::nullopt;
  return store_time(entry);
}

QueueOffset QueueReader::offset_by_time(ConsumeQueue& queue, UnixMillis time, Boundary boundary) {
  const QueueOffset max = queue.max();
  const QueueOffset min = queues_.known_min_of(queue, log_.begin());
  // The first entry whose time is at least (lower) or beyond (upper) the wanted one. Entries
  // without a readable record count as their successor.
  QueueOffset low = min;
  QueueOffset high = max;
  while (low < high) {
    const QueueOffset middle = low + (high - low) / 2;
    QueueOffset probe = middle;
    std::optional<UnixMillis> stored;
    while (probe < high && !(stored = store_time(queue, probe))) ++probe;
    const bool is_behind =
        !stored || (boundary == Boundary::lower ? *stored >= time : *stored > time);
    if (is_behind)
      high = middle;
    else
      low = probe + 1;
  }
  ASSERT(low >= min && low <= max);
  if (boundary == Boundary::lower) return low;
  return low > min ? low - 1 : min;
}

}  // namespace agena::storage
