// Recovery's part that knows queues: which of their entries are believed, and where each goes on.
#include <algorithm>
#include <unordered_set>

#include "base/assert.h"
#include "base/log.h"
#include "message/names.h"
#include "storage/recovery.h"

namespace agena::storage {

Status Recovery::load_queues() {
  TRY(loaded, deps_.queues.load());
  incomplete_ = std::move(loaded.incomplete);
  uncut_ = std::move(loaded.uncut);
  return ok();
}

// Every queue's newest file is where it was: then the queues are taken up as they were noted, which
// costs one question a queue where looking for its ends costs thirty.
bool Recovery::are_queues_as_left() {
  if (!input_.snapshot) return false;
  const auto& noted = *input_.snapshot;
  if (noted.file_bytes != deps_.queues.entries_per_file() * kQueueEntrySize) return false;
  const bool are_there =
      std::all_of(noted.queues.begin(), noted.queues.end(), [&](const QueueClaim& claim) {
        return deps_.queues.has_file_of(claim.topic, claim.id, claim.max - 1);
      });
  if (!are_there) return false;
  for (const QueueClaim& claim : noted.queues)
    deps_.queues.take_up(claim.topic, claim.id, claim.floor, claim.max);
  return true;
}

// A crash can leave a deleted topic's files where they were: their first entry points to before the
// deletion, that of a topic made again behind it.
Status Recovery::finish_deletions() {
  for (const auto& deletion : input_.deleted) {
    const std::string& topic = deletion.first;
    const auto queues = deps_.queues.queues_of(topic);
    bool is_old = false;
    for (ConsumeQueue* queue : queues) {
      QueueEntry first;
      const auto found = deps_.queues.skip_blanks(*queue, queue->floor(), queue->max(), first);
      if (!found) incomplete_.push_back(queue);  // Made again without what was deleted.
      is_old = is_old || (found && *found < queue->max() && first.at < deletion.second);
    }
    if (!is_old) continue;
    AGENA_LOG(info, "storage", "the deletion of topic {} is finished", topic);
    TRY_OK(deps_.queues.remove_topic(
        topic, [](const std::function<void()>& work) { work(); }, [] { return ok(); }));
  }
  return ok();
}

// Whether what is known of the topic may be from before its deletion: while the log holds anything
// from then.
bool Recovery::may_be_deleted(const std::string& topic) const {
  const auto deletion = input_.deleted.find(topic);
  return deletion != input_.deleted.end() && deletion->second > deps_.log.begin();
}

// Queues that were there when the checkpoint moved are not, or not whole. What they lack lies
// anywhere in the log.
bool Recovery::lacks_queues() {
  if (deps_.log.segments().empty()) return false;
  bool lacks = deps_.queues.all().empty();
  // A topic that another broker has deleted since is in our snapshot all the same.
  if (!input_.snapshot || !is_only_ours()) return lacks;
  for (const QueueClaim& claim : input_.snapshot->queues) {
    ConsumeQueue* queue = deps_.queues.find(claim.topic, claim.id);
    if (claim.max.value == 0 || (queue != nullptr && queue->max() >= claim.max)) continue;
    if (may_be_deleted(claim.topic)) continue;
    AGENA_LOG(warn, "storage", "queue {}/{} lacks entries below {}", claim.topic, claim.id.value,
              claim.max.value);
    lacks = true;
    auto made = deps_.queues.find_or_add(claim.topic, claim.id);
    if (!made) continue;  // Nobody's name for a queue.
    incomplete_.push_back(*made);
    known_ends_[*made].claimed = claim.max;
  }
  return lacks;
}

// How many entries of the queue point before `from`, as an offset. Blanks that follow them stand
// for messages before it, too.
Result<QueueOffset> Recovery::entries_before(ConsumeQueue& queue, PhysicalOffset from) {
  QueueOffset low = queue.floor();
  QueueOffset high = queue.max();
  while (low < high) {
    const QueueOffset middle = low + (high - low) / 2;
    QueueEntry entry;
    TRY(real, deps_.queues.skip_blanks(queue, middle, high, entry));
    if (real < high && entry.at < from)
      low = real + 1;
    else
      high = middle;
  }
  const QueueOffset max = queue.max();
  QueueEntry block[64];
  while (low < max) {
    const size_t count = std::min(std::size(block), static_cast<size_t>(max - low));
    TRY(got, deps_.queues.read_files(queue, low, std::span(block, count)));
    const auto* end =
        std::find_if_not(block, block + got, [](const auto& e) { return e.is_blank(); });
    low = low + (end - block);
    if (end != block + count) break;
  }
  return low;
}

// Queues keep only what points before `from`; queues that are not whole keep nothing.
Status Recovery::take_back_entries(PhysicalOffset from) {
  while (deps_.queues.write_some(SIZE_MAX)) continue;
  const std::unordered_set<ConsumeQueue*> broken(incomplete_.begin(), incomplete_.end());
  incomplete_.clear();
  for (ConsumeQueue* queue : deps_.queues.all()) {
    // Their entries are made by other rules, from properties of messages of other topics.
    if (message::is_lmq(queue->topic)) continue;
    const QueueOffset max = queue->max();
    auto kept = broken.contains(queue) ? Error{Errc::corrupt, "it is not whole"}
                                       : entries_before(*queue, from);
    if (!kept) {
      AGENA_LOG(warn, "storage", "queue {}/{} is made again from the log: {}", queue->topic,
                queue->id.value, describe(kept.error()));
      if (!broken.contains(queue)) incomplete_.push_back(queue);
      QueueOffset& found = known_ends_[queue].found;
      found = std::max(found, max);
      kept = QueueOffset(0);
    }
    if (*kept == max) continue;
    ASSERT(*kept < max, "entries are only taken back");
    note_on_disk(*queue, max);
    queue->start_at(std::min(queue->floor(), *kept), *kept);
  }
  return ok();
}

void Recovery::note_on_disk(ConsumeQueue& queue, QueueOffset max) {
  QueueOffset& known = on_disk_[&queue];
  known = std::max(known, max);
}

bool Recovery::in_hole(PhysicalOffset at) const {
  return std::any_of(result_.holes.begin(), result_.holes.end(),
                     [at](const Hole& hole) { return at >= hole.from && at < hole.to; });
}

// An offset that was given away, and whose message is lost now or was before.
bool Recovery::is_lost(const QueueEntry& old) const {
  return old.is_blank() || (old.is_written() && in_hole(old.at));
}

// The offsets of lost messages stay taken; blanks stand for them, so that nobody is sent there.
Status Recovery::fill_up(ConsumeQueue& queue, QueueOffset until) {
  for (QueueOffset index = queue.max(); index < until; ++index)
    if (!push(queue, index, QueueEntry::blank())) return deps_.queues.write_error();
  return ok();
}

// A queue that was made again ends no earlier than it did, also when the log holds less of it now.
Status Recovery::keep_known_ends() {
  for (const auto& [queue, end] : known_ends_) {
    if (queue->is_deleted() || may_be_deleted(queue->topic)) continue;
    if (queue->max().value > 0) {
      TRY_OK(fill_up(*queue, end.claimed));
      continue;
    }
    const QueueOffset known = std::max(end.claimed, end.found);
    if (known.value == 0) continue;
    const int64_t per_file = deps_.queues.entries_per_file();
    const QueueOffset first((known.value - 1) / per_file * per_file);
    queue->start_at(first, first);
    TRY_OK(fill_up(*queue, known));
  }
  return ok();
}

// Where the newest messages of a queue are damaged, their offsets are taken all the same.
Status Recovery::keep_lost_offsets() {
  QueueEntry block[64];
  for (const auto& [queue, disk_max] : on_disk_) {
    QueueOffset lost_to = queue->max();
    for (QueueOffset at = lost_to; at < disk_max;) {
      const size_t count = std::min(std::size(block), static_cast<size_t>(disk_max - at));
      const auto got = deps_.queues.read_files(*queue, at, std::span(block, count));
      const bool may_be_lost = !got && !result_.holes.empty();
      for (size_t i = 0; i < count; ++i)
        if (may_be_lost || (got && i < *got && is_lost(block[i])))
          lost_to = at + static_cast<int64_t>(i) + 1;
      at += static_cast<int64_t>(count);
    }
    TRY_OK(fill_up(*queue, lost_to));
  }
  return ok();
}

// Writes what was made, takes back what no record stands for, and says where each queue goes on.
Status Recovery::settle_queues() {
  TRY_OK(keep_known_ends());
  TRY_OK(keep_lost_offsets());
  while (deps_.queues.write_some(SIZE_MAX)) continue;
  if (Error error = deps_.queues.write_error(); error.code != Errc::ok) return error;
  for (const auto& [queue, disk_max] : on_disk_)
    if (queue->max() < disk_max) TRY_OK(deps_.queues.cut(*queue));
  for (ConsumeQueue* queue : uncut_) TRY_OK(deps_.queues.cut(*queue));
  for (ConsumeQueue* queue : deps_.queues.all()) queue->next = queue->max();
  // The process before may have made files whose names it never flushed.
  deps_.queues.distrust_names();
  while (true) {
    TRY(done, deps_.queues.sync_some(SIZE_MAX));
    if (done) return ok();
  }
}

}  // namespace agena::storage
