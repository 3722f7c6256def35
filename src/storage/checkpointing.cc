#include "storage/checkpointing.h"

#include "base/assert.h"
#include "base/hash.h"

namespace agena::storage {
namespace {
constexpr size_t kQueuesPerStep = 256;
constexpr size_t kSyncsPerStep = 16;
}  // namespace

Checkpointing::Checkpointing(const Deps& deps, const Checkpoint& found, UnixMillis newest)
    : deps_(deps), checkpoint_(found) {
  // Recovery has brought the log and all queue entries to the disk.
  mark_.flushed = mark_.dispatched = deps_.log.flushed();
  mark_.newest = newest;
  mark_.checkpoint_crc = checkpoint_crc();
  last_.target = mark_.dispatched;
  last_.newest = {checkpoint_.queues_flushed, newest};
  for (ConsumeQueue* queue : deps_.queues.all()) last_.claims.push_back({queue, queue->max()});
}

uint32_t Checkpointing::checkpoint_crc() const {
  std::array<std::byte, kCheckpointSize> page{};
  encode_checkpoint(checkpoint_, page);
  return crc32(Bytes(page).first(kCheckpointUsedSize));
}

Status Checkpointing::open() {
  ASSERT(!mark_.is_clean);
  return deps_.mark.write(mark_);
}

bool Checkpointing::has_news() const {
  return deps_.dispatch.published() > last_.target || is_stale_;
}

void Checkpointing::begin() {
  ASSERT(!round_);
  Round round;
  // The point first, the claims after: whatever is below the point is in the queues by then.
  round.target = deps_.dispatch.published();
  round.newest = deps_.dispatch.newest();
  for (ConsumeQueue* queue : deps_.queues.all()) round.claims.push_back({queue, queue->max()});
  round_ = std::move(round);
}

Result<bool> Checkpointing::step() {
  ASSERT(round_);
  if (!round_->is_written) {
    if (deps_.queues.write_some(kQueuesPerStep)) return true;
    if (Error error = deps_.queues.write_error(); error.code != Errc::ok) {
      round_.reset();  // Tried again with the next round; the store refuses messages until then.
      return false;
    }
    round_->is_written = true;
    return true;
  }
  TRY(done, deps_.queues.sync_some(kSyncsPerStep));
  if (!done) return true;
  TRY_OK(finish(false));
  return false;
}

Status Checkpointing::finish(bool is_clean) {
  ASSERT(round_);
  if (deps_.log.flushed() < round_->target && !deps_.log.flush()) return Errc::io_error;
  ASSERT(deps_.log.flushed() >= round_->target, "what is published was written");
  if (deps_.keys != nullptr) {
    TRY(full_files_time, deps_.keys->flush(round_->target));
    if (full_files_time > checkpoint_.index_time) checkpoint_.index_time = full_files_time;
  }
  last_ = std::move(*round_);
  round_.reset();
  is_stale_ = true;  // Until the snapshot is written.
  if (last_.newest.stored.value != 0) {
    checkpoint_.log_time = checkpoint_.queue_time = last_.newest.stored;
    checkpoint_.queues_flushed = last_.newest.at;
    if (last_.newest.stored > mark_.newest) mark_.newest = last_.newest.stored;
  }
  mark_.flushed = deps_.log.flushed();
  mark_.dispatched = last_.target;
  mark_.is_clean = is_clean;
  mark_.checkpoint_crc = checkpoint_crc();
  // The snapshot's claims and the mark are true by now, whichever of them gets written. The mark
  // comes before the checkpoint: messages newer than the mark would look like another broker's.
  TRY_OK(write_snapshot());
  TRY_OK(deps_.mark.write(mark_));
  return deps_.checkpoint.write(checkpoint_);
}

Status Checkpointing::write_snapshot() {
  QueueSnapshot snapshot;
  snapshot.file_bytes = deps_.queues.entries_per_file() * kQueueEntrySize;
  snapshot.queues.reserve(last_.claims.size());
  std::erase_if(last_.claims, [](const Claim& claim) { return claim.queue->is_deleted(); });
  for (const Claim& claim : last_.claims)
    if (claim.max.value > 0)
      snapshot.queues.push_back({claim.queue->topic, claim.queue->id,
                                 std::min(claim.queue->floor(), claim.max), claim.max});
  TRY_OK(write_queue_snapshot(deps_.files, deps_.own_dir, snapshot));
  is_stale_ = false;
  return ok();
}

Status Checkpointing::rewrite_snapshot_if_stale() {
  return is_stale_ ? write_snapshot() : ok();
}

Status Checkpointing::note_flushed() {
  if (deps_.log.flushed() == mark_.flushed) return ok();
  mark_.flushed = deps_.log.flushed();
  const Dispatch::Newest newest = deps_.dispatch.newest();
  if (newest.stored > mark_.newest) mark_.newest = newest.stored;
  mark_.is_clean = false;
  return deps_.mark.write(mark_);
}

Status Checkpointing::close() {
  // Whatever came since a round under way began belongs to the last one.
  round_.reset();
  begin();
  while (deps_.queues.write_some(SIZE_MAX)) continue;
  if (Error error = deps_.queues.write_error(); error.code != Errc::ok) return error;
  while (true) {
    TRY(done, deps_.queues.sync_some(SIZE_MAX));
    if (done) return finish(true);
  }
}

}  // namespace agena::storage
