#include "storage/housekeeping.h"

#include <fmt/core.h>

#include "base/assert.h"
#include "base/log.h"
#include "message/record_format.h"
#include "storage/remove_tree.h"

namespace agena::storage {

// When the newest message of a file was stored: no later than the first one of the next file. Now
// for one that is being written, nothing while the next cannot say.
UnixMillis Housekeeping::last_written(const CommitLog::Segment& segment,
                                      const CommitLog::Segment* next) {
  auto known = last_written_.find(segment->start.value);
  if (known != last_written_.end()) return known->second;
  if (next == nullptr || (*next)->start >= deps_.log.written()) return deps_.clock.wall();
  std::byte bytes[message::kRecordHeadSize];
  auto head = deps_.log.read((*next)->start, bytes) ? message::peek(bytes) : std::nullopt;
  if (!head || head->kind == message::RecordKind::blank) return {};
  last_written_.emplace(segment->start.value, head->store_time);
  return head->store_time;
}

RetentionInput Housekeeping::look() {
  RetentionInput input;
  input.now = wall_.advance(deps_.clock.wall(), deps_.clock.mono());
  input.hour = local_hour(deps_.clock.wall());
  auto log_space = deps_.files.space(deps_.log.dir());
  auto queue_space = deps_.files.space(deps_.options.root_dir);
  input.log_ratio = log_space ? log_space->used_ratio() : -1;
  input.queue_ratio = queue_space ? queue_space->used_ratio() : -1;
  input.manual = to_remove_ == 0 && is_asked_.exchange(false);
  input.was_refusing = was_refusing_;
  const auto segments = deps_.log.segments();
  for (size_t i = 0; i < segments.size(); ++i)
    input.files.push_back(
        {segments[i]->start, segments[i]->bytes,
         last_written(segments[i], i + 1 < segments.size() ? &segments[i + 1] : nullptr)});
  return input;
}

void Housekeeping::remove_what_pointed_below(PhysicalOffset begin) {
  bool is_done = true;
  for (ConsumeQueue* queue : deps_.queues.all()) {
    auto removed = deps_.queues.remove_below(*queue, begin);
    if (removed) continue;
    is_done = false;
    AGENA_LOG(warn, "storage", "old files of queue {}/{} stay: {}", queue->topic, queue->id.value,
              describe(removed.error()));
  }
  if (deps_.keys != nullptr) {
    if (auto done = deps_.keys->remove_below(begin); !done) {
      is_done = false;
      AGENA_LOG(warn, "storage", "old index files stay: {}", describe(done.error()));
    }
  }
  ASSERT(begin >= swept_to_, "the log only begins later");
  if (is_done) swept_to_ = begin;  // Otherwise the next round tries again.
}

void Housekeeping::adopt(const RetentionPlan& plan, const RetentionInput& input) {
  if (plan.is_helpless)
    AGENA_LOG(warn, "storage", "the disk is too full and no commit log file may be removed");
  if (to_remove_ > 0 || plan.remove == 0) return;
  ASSERT(plan.remove < input.files.size(), "the newest file stays");
  to_remove_ = plan.remove;
  if (deps_.first_unconsumed) first_unconsumed_ = deps_.first_unconsumed();
  if (!first_unconsumed_) return;
  int64_t bytes = 0;
  for (size_t i = 0; i < plan.remove; ++i)
    bytes += unconsumed_bytes(input.files[i], first_unconsumed_->from);
  if (bytes == 0) return;
  AGENA_LOG(warn, "storage",
            "{} commit log files go with {} bytes from {} on that were not consumed by every "
            "group: {} is the furthest behind",
            plan.remove, bytes, first_unconsumed_->from.value, first_unconsumed_->who);
}

void Housekeeping::remove_one() {
  if (to_remove_ == 0) return;
  const auto segments = deps_.log.segments();
  ASSERT(segments.size() > 1, "the newest file always stays");
  const CommitLog::Segment& oldest = segments.front();
  LogFileAge file{oldest->start, oldest->bytes, {}};
  if (auto done = deps_.log.remove_oldest(); !done) {
    AGENA_LOG(error, "storage", "cannot remove the oldest commit log file: {}",
              describe(done.error()));
    to_remove_ = 0;
    return;
  }
  last_written_.erase(file.start.value);
  --to_remove_;
  AGENA_LOG(info, "storage", "removed a commit log file, the log begins at {} now",
            deps_.log.begin().value);
  if (to_remove_ == 0) remove_what_pointed_below(deps_.log.begin());
  const auto missed = first_unconsumed_ ? unconsumed_bytes(file, first_unconsumed_->from) : 0;
  MutexLock lock(mutex_);
  ++figures_.expired_files;
  figures_.expired_unconsumed_bytes += static_cast<uint64_t>(missed);
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

void Housekeeping::begin() {
  const RetentionInput input = look();
  judge(plan_retention(deps_.options, input), input);
}

void Housekeeping::round() {
  const RetentionInput input = look();
  const RetentionPlan plan = plan_retention(deps_.options, input);
  adopt(plan, input);
  if (to_remove_ == 0 && deps_.log.begin() != swept_to_)
    remove_what_pointed_below(deps_.log.begin());
  empty_trash();
  judge(plan, input);
}

void Housekeeping::judge(const RetentionPlan& plan, const RetentionInput& input) {
  was_refusing_ = plan.refuse_writes;
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
