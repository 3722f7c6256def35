#include "storage/housekeeping.h"

#include <fmt/core.h>

#include "base/assert.h"
#include "base/log.h"
#include "message/record_format.h"
#include "storage/remove_tree.h"

namespace agena::storage {

// When the newest message of a file was stored: no later than the first one of the next file.
UnixMillis Housekeeping::last_written(const CommitLog::Segment& segment,
                                      const CommitLog::Segment* next) {
  auto known = last_written_.find(segment->start.value);
  if (known != last_written_.end()) return known->second;
  if (next != nullptr) {
    std::byte bytes[message::kRecordHeadSize];
    auto head = deps_.log.read((*next)->start, bytes) ? message::peek(bytes) : std::nullopt;
    if (head && head->kind != message::RecordKind::blank) {
      last_written_.emplace(segment->start.value, head->store_time);
      return head->store_time;
    }
  }
  return deps_.clock.wall();  // Being written, or unreadable: not old.
}

RetentionInput Housekeeping::look() {
  RetentionInput input;
  input.now = wall_.advance(deps_.clock.wall(), deps_.clock.mono());
  input.hour = local_hour(deps_.clock.wall());
  auto log_space = deps_.files.space(deps_.log.dir());
  auto queue_space = deps_.files.space(deps_.options.root_dir);
  input.log_ratio = log_space ? log_space->used_ratio() : -1;
  input.queue_ratio = queue_space ? queue_space->used_ratio() : -1;
  input.manual = is_asked_.exchange(false);
  input.was_refusing = was_refusing_;
  const auto segments = deps_.log.segments();
  for (size_t i = 0; i < segments.size(); ++i)
    input.files.push_back(
        {segments[i]->start, segments[i]->bytes,
         last_written(segments[i], i + 1 < segments.size() ? &segments[i + 1] : nullptr)});
  if (deps_.first_unconsumed) input.first_unconsumed = deps_.first_unconsumed();
  return input;
}

void Housekeeping::remove_what_pointed_below(PhysicalOffset begin) {
  for (ConsumeQueue* queue : deps_.queues.all()) {
    auto removed = deps_.queues.remove_below(*queue, begin);
    if (!removed)
      AGENA_LOG(warn, "storage", "old files of queue {}/{} stay: {}", queue->topic, queue->id.value,
                describe(removed.error()));
  }
  if (deps_.keys != nullptr)
    if (auto done = deps_.keys->remove_below(begin); !done)
      AGENA_LOG(warn, "storage", "old index files stay: {}", describe(done.error()));
  swept_to_ = begin;
}

void Housekeeping::carry_out(const RetentionPlan& plan) {
  size_t removed = 0;
  for (; removed < plan.remove; ++removed) {
    last_written_.erase(deps_.log.begin().value);
    if (auto done = deps_.log.remove_oldest(); !done) {
      AGENA_LOG(error, "storage", "cannot remove the oldest commit log file: {}",
                describe(done.error()));
      break;
    }
  }
  if (removed > 0) {
    AGENA_LOG(info, "storage", "removed {} commit log files, the log begins at {} now", removed,
              deps_.log.begin().value);
    if (plan.unconsumed_bytes > 0)
      AGENA_LOG(warn, "storage", "{} bytes of them had not been consumed by every group",
                plan.unconsumed_bytes);
    MutexLock lock(mutex_);
    figures_.expired_files += removed;
    figures_.expired_unconsumed_bytes += static_cast<uint64_t>(plan.unconsumed_bytes);
  }
  if (plan.is_helpless)
    AGENA_LOG(warn, "storage", "the disk is too full and no commit log file may be removed");
}

// Topics are moved there as a whole when they are deleted, also while this runs.
void Housekeeping::empty_trash() {
  if (!deps_.files.is_dir(deps_.trash_dir)) return;
  auto names = deps_.files.list(deps_.trash_dir);
  if (!names) return;
  for (const std::string& name : *names)
    if (auto done = remove_tree(deps_.files, deps_.trash_dir + "/" + name); !done)
      AGENA_LOG(warn, "storage", "a deleted topic's files stay: {}", describe(done.error()));
}

void Housekeeping::refuse(std::string remark) {
  MutexLock lock(mutex_);
  if (remark != refusal_ && remark.empty() != refusal_.empty())
    AGENA_LOG(
        warn, "storage", "{}",
        remark.empty() ? "new messages are taken again" : "new messages are refused: " + remark);
  refuses_ = !remark.empty();
  refusal_ = std::move(remark);
}

void Housekeeping::round() {
  RetentionInput input = look();
  const RetentionPlan plan = plan_retention(deps_.options, input);
  ASSERT(plan.remove == 0 || plan.remove < input.files.size(), "the newest file always stays");
  was_refusing_ = plan.refuse_writes;
  carry_out(plan);
  if (deps_.log.begin() != swept_to_) remove_what_pointed_below(deps_.log.begin());
  empty_trash();
  const Error queue_error = deps_.queues.write_error();
  std::string remark = plan.refuse_writes ? plan.remark : std::string();
  if (queue_error.code != Errc::ok)
    remark = fmt::format("consume queues cannot be written: {}", queue_error.remark());
  refuse(std::move(remark));
  MutexLock lock(mutex_);
  figures_.log_ratio = input.log_ratio;
  figures_.queue_ratio = input.queue_ratio;
}

std::string Housekeeping::refusal() {
  MutexLock lock(mutex_);
  return refusal_;
}

Housekeeping::Figures Housekeeping::figures() {
  MutexLock lock(mutex_);
  return figures_;
}

}  // namespace agena::storage
