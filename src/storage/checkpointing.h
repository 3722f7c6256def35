// Moves the checkpoint: in small steps, so that flushes of the log find the background loop free.
//
// Over:     commit_log.h, queue_table.h, dispatch.h, key_index.h, checkpoint.h, durable_mark.h,
//           queue_snapshot.h.  Under: the store.
// Order:    first the queue entries below a point are written and flushed, then the key index, then
//           the log; only then do mark, checkpoint and snapshot say so.
// Threads:  one at a time: the background loop, or close().
// Errors:   a queue file that cannot be written postpones the round; a failed flush is returned,
//           and the store raises the fence.
#pragma once
#include <optional>

#include "base/ids.h"
#include "base/result.h"
#include "io/files.h"
#include "storage/checkpoint.h"
#include "storage/commit_log.h"
#include "storage/dispatch.h"
#include "storage/durable_mark.h"
#include "storage/key_index.h"
#include "storage/queue_snapshot.h"
#include "storage/queue_table.h"

namespace agena::storage {

class Checkpointing {
 public:
  struct Deps {
    io::Files& files;
    CommitLog& log;
    QueueTable& queues;
    Dispatch& dispatch;
    KeyIndex* keys;  // None when messageIndexEnable is off.
    CheckpointFile& checkpoint;
    DurableMark& mark;
    std::string own_dir;
  };
  Checkpointing(const Deps& deps, const Checkpoint& found, UnixMillis newest);

  // Makes what recovery did durable.
  Status open();

  // Begins a round up to what is published now.
  void begin();
  bool is_under_way() const { return round_.has_value(); }
  // Whether a round would have anything to do.
  bool has_news() const;
  int64_t bytes_since_last() const { return deps_.dispatch.published() - last_.target; }
  // One step of the round. Result: whether it should be called again at once.
  Result<bool> step();
  // After an error that will pass: the next round begins anew.
  void give_up() { round_.reset(); }

  // After a flush of the log: remembers how far it is on the disk.
  Status note_flushed();
  // A topic is gone: its queues are no longer claimed to be there.
  void note_deleted() { is_stale_ = true; }
  Status rewrite_snapshot_if_stale();

  // All of it at once, and the end of a clean life.
  Status close();

 private:
  struct Claim {
    ConsumeQueue* queue;
    QueueOffset max;
  };
  struct Round {
    PhysicalOffset target;
    Dispatch::Newest newest;
    std::vector<Claim> claims;
    bool is_written = false;
  };
  Status finish(bool is_clean);
  Status write_snapshot();
  uint32_t checkpoint_crc() const;

  const Deps deps_;
  Checkpoint checkpoint_;
  Mark mark_;
  std::optional<Round> round_;
  Round last_;
  bool is_stale_ = false;
};

}  // namespace agena::storage
