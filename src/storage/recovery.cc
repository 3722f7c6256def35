#include "storage/recovery.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/assert.h"
#include "base/hash.h"
#include "base/log.h"
#include "message/sys_flag.h"
#include "storage/dispatch.h"

namespace agena::storage {
namespace {

constexpr int64_t kLookahead = int64_t{64} << 20;
constexpr int64_t kQueueGapMax = 10'000'000;  // A larger one is a damaged header.
constexpr int64_t kEntriesInMemoryMax = 65'536;

std::string with_commas(int64_t number) {
  std::string out = std::to_string(number);
  for (auto at = static_cast<int64_t>(out.size()) - 3; at > 0; at -= 3)
    out.insert(static_cast<size_t>(at), ",");
  return out;
}

}  // namespace

std::string sentence_of(const Recovered& r, LastStop stop, int64_t nanos) {
  if (r.was_trusted || stop == LastStop::fresh) return {};
  std::string out =
      fmt::format("recovered{}: {} messages read again in {:.1f} s",
                  stop == LastStop::unclean ? " after an unclean stop" : "", with_commas(r.records),
                  static_cast<double>(nanos) / static_cast<double>(kNanosPerSecond));
  if (r.erased_bytes > 0)
    out += fmt::format(", {} torn bytes cut at offset {}", with_commas(r.erased_bytes),
                       with_commas(r.end.value));
  int64_t lost = 0;
  for (const Hole& hole : r.holes) lost += hole.to - hole.from;
  if (lost > 0)
    out += fmt::format(", {} damaged bytes left out in {} place{}", with_commas(lost),
                       r.holes.size(), r.holes.size() == 1 ? "" : "s");
  return out;
}

Recovery::Recovery(const Deps& deps, RecoveryInput input)
    : deps_(deps), input_(std::move(input)), scan_(deps.log) {}

Result<Recovered> Recovery::run() {
  result_.files = static_cast<int64_t>(deps_.log.segments().size());
  if (input_.mark) result_.newest = input_.mark->newest;
  result_.newest = std::max(result_.newest, input_.checkpoint.log_time);
  if (is_log_as_left() && are_queues_as_left()) {
    result_.was_trusted = true;
    result_.end = result_.scanned_from = input_.mark->flushed;
    ASSERT(result_.holes.empty() && result_.records == 0, "nothing was read");
    TRY_OK(deps_.log.start_at(result_.end));
    return std::move(result_);
  }
  TRY_OK(load_queues());
  TRY_OK(finish_deletions());
  const bool is_whole = !lacks_queues() && incomplete_.empty();
  PhysicalOffset from = is_whole ? dispatch_point() : deps_.log.begin();
  TRY_OK(scan_from(from));
  if (must_go_back()) {
    AGENA_LOG(warn, "storage", "{} queues lack entries before {}: made again from the whole log",
              incomplete_.size(), from.value);
    from = deps_.log.begin();
    TRY_OK(scan_from(from));
  }
  result_.scanned_bytes = scan_.bytes_read();
  TRY_OK(settle_queues());
  TRY_OK(cut_log(result_.end));
  return std::move(result_);
}

// Nothing may be made of queues that lack what lies before the scan: blanks would take its place.
bool Recovery::must_go_back() const {
  return !incomplete_.empty() && result_.scanned_from > deps_.log.begin();
}

// The last stop was clean, and nobody else has used the store since.
bool Recovery::is_log_as_left() {
  if (input_.stop != LastStop::clean || !input_.mark || !input_.mark->is_clean) return false;
  std::array<std::byte, kCheckpointSize> page{};
  encode_checkpoint(input_.checkpoint, page);
  if (crc32(Bytes(page).first(kCheckpointUsedSize)) != input_.mark->checkpoint_crc) return false;
  const PhysicalOffset end = input_.mark->flushed;
  const auto segments = deps_.log.segments();
  if (segments.empty() ? end.value != 0
                       : end < segments.front()->start || end > segments.back()->end())
    return false;
  return !scan_.is_valid_at(end);
}

// Java leaves our own files as they are: with messages in its checkpoint that are newer than our
// mark, they say nothing about those.
bool Recovery::is_only_ours() const {
  return input_.mark && input_.checkpoint.log_time <= input_.mark->newest;
}

// Where the entries of records need to be made again from: the highest of the marks that hold.
PhysicalOffset Recovery::dispatch_point() {
  const PhysicalOffset begin = deps_.log.begin();
  PhysicalOffset from = input_.checkpoint.queues_flushed;
  if (input_.mark) from = std::max(from, input_.mark->dispatched);
  if (from > begin) {
    if (scan_.is_valid_at(from)) return from;
    const bool is_end = input_.mark && from == input_.mark->dispatched;
    // An end, not a record: what lies there may just not have been written yet.
    if (is_end && from <= input_.mark->flushed && scan_.file_start_of(from)) return from;
    if (auto start = scan_.file_start_of(from)) return *start;
    return begin;
  }
  // A checkpoint of Java before 5.4: the newest file that begins with a message of that time.
  if (from.value == 0 && input_.checkpoint.queue_time.value > 0) {
    const auto segments = deps_.log.segments();
    for (auto at = segments.rbegin(); at != segments.rend(); ++at) {
      scan_.seek((*at)->start);
      const LogScan::Item first = scan_.next();
      if (first.kind == LogScan::Kind::record &&
          first.record.store_time <= input_.checkpoint.queue_time)
        return (*at)->start;
    }
  }
  return begin;
}

Status Recovery::scan_from(PhysicalOffset from) {
  result_.scanned_from = from;
  TRY_OK(take_back_entries(from));
  if (must_go_back()) return ok();
  result_.records = result_.redispatched = result_.skipped = 0;
  result_.holes.clear();
  result_.newest_at = {};
  scan_.seek(from);
  const auto segments = deps_.log.segments();
  ScanProgress progress(deps_.clock, from, segments.empty() ? from : segments.back()->end());
  while (true) {
    const LogScan::Item item = scan_.next();
    if (item.kind == LogScan::Kind::file_end) continue;
    if (item.kind == LogScan::Kind::record) {
      ++result_.records;
      result_.newest_at = item.at;
      result_.newest = std::max(result_.newest, item.record.store_time);
      TRY_OK(redo(item.record));
      if (must_go_back()) return ok();
      say(progress);
      continue;
    }
    auto behind = next_behind_hole(item.at);
    if (!behind) {
      TRY_OK(check_readable(item.at));
      result_.end = item.at;
      ASSERT(result_.end >= from);
      ASSERT(result_.records == 0 || result_.end > result_.newest_at);
      return ok();
    }
    ASSERT(*behind > item.at);
    AGENA_LOG(error, "storage",
              "the log is damaged from {} to {}: kept as a hole, what follows is kept too",
              item.at.value, behind->value);
    ASSERT(result_.holes.empty() || result_.holes.back().to <= item.at, "holes in log order");
    result_.holes.push_back({item.at, *behind});
    scan_.seek(*behind);
  }
}

// A warning, as somebody waits for this start, whatever they want to hear else.
void Recovery::say(ScanProgress& progress) {
  const PhysicalOffset at = result_.newest_at;
  if (!progress.is_due(at)) return;
  const auto file = scan_.file_start_of(at);
  ASSERT(file, "a record was read there");
  AGENA_LOG(warn, "storage", "{}", progress.line(at, *file, result_.records));
}

// Decides whether the log goes on behind a bad record, and where.
std::optional<PhysicalOffset> Recovery::next_behind_hole(PhysicalOffset bad) {
  const bool has_mark = is_only_ours() && input_.stop == LastStop::unclean;
  if (has_mark && bad >= input_.mark->flushed) return std::nullopt;
  const int64_t lookahead =
      has_mark ? std::max(kLookahead, input_.mark->flushed - bad) : kLookahead;
  auto found = scan_.find_valid(bad + 1, lookahead);
  // Its newest messages are damaged: they were acknowledged, and their places stay taken. What the
  // disk does not show may still be there.
  const bool is_readable = scan_.unreadable_end() <= bad;
  if (!found && has_mark && is_readable && is_in_files(input_.mark->flushed))
    return input_.mark->flushed;
  if (!found && has_mark)
    AGENA_LOG(error, "storage", "the log ends at {}, but it was on the disk up to {}", bad.value,
              input_.mark->flushed.value);
  return found;
}

bool Recovery::is_in_files(PhysicalOffset end) const {
  const auto segments = deps_.log.segments();
  return std::any_of(segments.begin(), segments.end(), [&](const CommitLog::Segment& segment) {
    return end > segment->start && end <= segment->end();
  });
}

// A log does not end at what the disk refuses to show: to cut it there would be to throw away what
// a second try, or another disk, may still give back.
Status Recovery::check_readable(PhysicalOffset end) const {
  if (scan_.unreadable_end() <= end) return ok();
  if (is_only_ours() && end >= input_.mark->flushed) return ok();  // Nobody was promised more.
  return Error{Errc::io_error,
               fmt::format("the commit log cannot be read before {}, and nothing whole follows "
                           "from {} on: see the kernel's log, and copy {} to a sound disk",
                           scan_.unreadable_end().value, end.value, deps_.log.dir())};
}

bool Recovery::push(ConsumeQueue& queue, QueueOffset index, const QueueEntry& entry) {
  if (queue.push(index, entry)) deps_.queues.mark_dirty(queue);
  if (++pushed_ < kEntriesInMemoryMax) return true;
  pushed_ = 0;
  while (deps_.queues.write_some(SIZE_MAX)) continue;
  return deps_.queues.write_error().code == Errc::ok;
}

Status Recovery::redo(const message::RecordView& record) {
  if (!message::sys_flag::takes_queue_slot(record.sys_flag)) return ok();
  if (is_deleted(input_.deleted, record.topic, record.physical_offset)) return ok();
  auto found = deps_.queues.find_or_add(record.topic, record.queue_id);
  if (!found || record.queue_offset.value < 0) {
    ++result_.skipped;
    return ok();
  }
  ConsumeQueue& queue = **found;
  const QueueOffset index = record.queue_offset;
  QueueOffset max = queue.max();
  if (index < max) {
    QueueEntry existing;
    if (!deps_.queues.read_one(queue, index, existing)) return ok();
    if (!existing.is_blank() && existing.at >= record.physical_offset) return ok();
    // The topic was deleted and made again, and this is its new beginning; or what was taken for
    // lost is there after all.
    note_on_disk(queue, max);
    while (deps_.queues.write_some(SIZE_MAX)) continue;
    queue.start_at(std::min(queue.floor(), index), index);
    max = index;
  }
  if (index > max) {
    if (max.value > 0 && index - max > kQueueGapMax) {
      ++result_.skipped;
      return ok();
    }
    if (max.value == 0 || result_.holes.empty()) {
      incomplete_.push_back(&queue);
      if (must_go_back()) return ok();
    }
    // Nothing is left of what lay before.
    if (max.value == 0)
      queue.start_at(index, index);
    else
      TRY_OK(fill_up(queue, index));
  }
  const DispatchTexts texts = dispatch_texts(record.properties);
  const int64_t code =
      queue_tag_code(record.topic, texts, record.store_time, deps_.options.delay_levels_ms);
  ++result_.redispatched;
  if (!push(queue, index, {record.physical_offset, record.size, code}))
    return deps_.queues.write_error();
  return ok();
}

// Nothing behind `end` may look like a record ever again, and all before it is on the disk.
Status Recovery::cut_log(PhysicalOffset end) {
  const auto segments = deps_.log.segments();
  // Later files first: once the stale bytes at `end` are gone, they would look like the rest of
  // a damaged log.
  TRY_OK(deps_.log.remove_behind(end));
  CommitLog::Segment last = deps_.log.segment_of(end);
  if (last) {
    const PhysicalOffset dirt_end = scan_.end_of_dirt(end);
    static constexpr int64_t kZeros = int64_t{1} << 20;
    const std::vector<std::byte> zeros(kZeros);
    ASSERT(dirt_end >= end && dirt_end <= last->end());
    result_.erased_bytes = dirt_end - end;
    // From the back, so that a crash meanwhile leaves the same decision to be made again.
    for (PhysicalOffset to = dirt_end; to > end;) {
      const int64_t count = std::min(kZeros, to - end);
      to = to - count;
      TRY_OK(last->write(to, {zeros.data(), static_cast<size_t>(count)}));
    }
  }
  const PhysicalOffset safe = input_.mark ? input_.mark->flushed : PhysicalOffset(0);
  for (const CommitLog::Segment& segment : segments)
    if (segment->end() > safe && segment->start <= end) TRY_OK(segment->sync());
  return deps_.log.start_at(end);
}

}  // namespace agena::storage
