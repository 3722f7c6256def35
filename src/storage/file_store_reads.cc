// What the store is asked: everything here only reads.
#include <algorithm>

#include "base/assert.h"
#include "message/record_format.h"
#include "storage/file_store.h"

namespace agena::storage {

ReadResult FileStore::read(std::string_view topic, QueueId queue, QueueOffset from,
                           const ReadLimits& limits, const TagCodes& tags, Buffer& out) {
  return parts_.reader->read(topic, queue, from, limits, tags, out);
}

Result<int64_t> FileStore::read_record(PhysicalOffset at, Buffer& out) {
  return parts_.reader->read_record(at, out);
}

QueueOffset FileStore::max_offset(std::string_view topic, QueueId id) {
  ConsumeQueue* queue = parts_.queues->find(topic, id);
  return queue == nullptr ? QueueOffset(0) : queue->max();
}

QueueOffset FileStore::min_offset(std::string_view topic, QueueId id) {
  ConsumeQueue* queue = parts_.queues->find(topic, id);
  if (queue == nullptr) return QueueOffset(0);
  return parts_.queues->known_min_of(*queue, parts_.log->begin());
}

std::optional<PhysicalOffset> FileStore::position(std::string_view topic, QueueId id,
                                                  QueueOffset at) {
  ConsumeQueue* queue = parts_.queues->find(topic, id);
  QueueEntry entry;
  const bool is_there =
      queue != nullptr && at.value >= 0 && parts_.queues->read_one(*queue, at, entry);
  if (!is_there || entry.is_blank() || entry.at < parts_.log->begin()) return std::nullopt;
  return entry.at;
}

std::optional<UnixMillis> FileStore::store_time(std::string_view topic, QueueId id,
                                                QueueOffset at) {
  ConsumeQueue* queue = parts_.queues->find(topic, id);
  if (queue == nullptr) return std::nullopt;
  return parts_.reader->store_time(*queue, at);
}

QueueOffset FileStore::offset_by_time(std::string_view topic, QueueId id, UnixMillis time,
                                      Boundary boundary) {
  ConsumeQueue* queue = parts_.queues->find(topic, id);
  return queue == nullptr ? QueueOffset(0) : parts_.reader->offset_by_time(*queue, time, boundary);
}

bool FileStore::in_memory(std::string_view topic, QueueId id, QueueOffset at) {
  ConsumeQueue* queue = parts_.queues->find(topic, id);
  QueueEntry entry;
  if (queue == nullptr || !parts_.queues->read_one(*queue, at, entry)) return false;
  return !entry.is_blank() && entry.at >= parts_.log->begin() && parts_.reader->in_memory(entry.at);
}

KeyQueryResult FileStore::query(const KeyQuery& query, Buffer& out) {
  if (!parts_.keys) return {};
  const IndexQuery wanted{query.topic,        query.key,   query.type,
                          query.messages_max, query.begin, query.end};
  Buffer scratch;
  int64_t bytes = 0;
  bool is_full = false;
  const IndexAnswer answer = parts_.keys->query(wanted, [&](PhysicalOffset at) {
    scratch.clear();
    if (is_full || !parts_.reader->read_record(at, scratch)) return false;
    auto record = message::decode(scratch.view(), message::Verify::none);
    if (!record || !has_key(*record, wanted)) return false;
    is_full = bytes > 0 && bytes + record->size > query.bytes_max;
    if (!is_full) bytes += record->size;
    return !is_full;
  });
  KeyQueryResult result{0, answer.last_update, answer.last_update_offset};
  std::vector<PhysicalOffset> oldest_first(answer.found.rbegin(), answer.found.rend());
  for (PhysicalOffset at : oldest_first)
    if (parts_.reader->read_record(at, out)) ++result.messages;
  return result;
}

std::vector<QueueRange> FileStore::queues(std::string_view topic) {
  std::vector<QueueRange> ranges;
  const PhysicalOffset begin = parts_.log->begin();
  for (ConsumeQueue* queue : parts_.queues->queues_of(topic)) {
    const QueueOffset min = parts_.queues->known_min_of(*queue, begin);
    ranges.push_back({queue->id, min, std::max(min, queue->max())});
  }
  return ranges;
}

std::vector<std::string> FileStore::topics() {
  return parts_.queues->topics();
}

StoreState FileStore::state() {
  StoreState state;
  state.begin = parts_.log->begin();
  state.written = parts_.log->written();
  state.flushed = parts_.log->flushed();
  state.started = started_;
  std::byte bytes[message::kRecordHeadSize];
  auto head = parts_.log->read(state.begin, bytes) ? message::peek(bytes) : std::nullopt;
  if (head && head->kind != message::RecordKind::blank) state.earliest_message = head->store_time;
  state.append_time_max_us = parts_.appender->write_nanos_max() / 1'000;
  state.damaged_reads = parts_.reader->damaged_records();
  for (const Hole& hole : recovered_.holes) state.hole_bytes += hole.to - hole.from;
  state.recovery = recovery_sentence_;
  state.queue_files_open = parts_.queues->open_files();
  const Housekeeping::Figures figures = parts_.housekeeping->figures();
  state.log_disk_ratio = figures.log_ratio;
  state.queue_disk_ratio = figures.queue_ratio;
  state.expired_files = figures.expired_files;
  state.expired_unconsumed_bytes = figures.expired_unconsumed_bytes;
  state.refusal = fence_.raised() ? "the log could not be written" : parts_.housekeeping->refusal();
  state.writable = is_open_ && state.refusal.empty();
  state.messages_appended = parts_.appender->messages();
  state.bytes_appended = parts_.appender->bytes();
  state.dispatch_behind_bytes = std::max<int64_t>(0, state.written - parts_.dispatch->published());
  ASSERT(state.begin <= state.written);
  return state;
}

}  // namespace agena::storage
