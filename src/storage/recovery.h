// What has to happen between opening a store's files and its first message: finds where the log
// really ends, takes back what a crash left half done, and makes queue entries that are missing.
//
// Over:     log_scan.h, queue_table.h, durable_mark.h, checkpoint.h, queue_snapshot.h.
// Under:    the store's open().
// Rules:    reliability first: a bad record below the durable mark is a hole, and everything behind
//           it stays; at or behind the mark it is a torn write, and the log is cut there. Without a
//           mark (Java's store, or a clean stop) it is a hole if any good record follows. What the
//           mark covers is a hole also where nothing good follows: offsets stay taken.
//           Queue entries of records from the dispatch point on are never believed but made anew
//           from the log, so running it twice gives what running it once gives.
// Threads:  one, before any other knows the store.
// Errors:   those of the files. Damage that can be told apart is repaired, reported and counted.
// Source:   docs/durability.md, section on recovery.
#pragma once
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "io/clock.h"
#include "storage/checkpoint.h"
#include "storage/commit_log.h"
#include "storage/deleted_topics.h"
#include "storage/durable_mark.h"
#include "storage/log_scan.h"
#include "storage/options.h"
#include "storage/queue_snapshot.h"
#include "storage/queue_table.h"
#include "storage/scan_progress.h"
#include "storage/store_marks.h"

namespace agena::storage {

// What is known before the log was read.
struct RecoveryInput {
  LastStop stop = LastStop::unclean;
  Checkpoint checkpoint;
  std::optional<Mark> mark;
  std::optional<QueueSnapshot> snapshot;
  DeletedTopics deleted;
};

struct Hole {
  PhysicalOffset from, to;
};

struct Recovered {
  PhysicalOffset end;
  PhysicalOffset newest_at;  // The newest record's place; 0 when none was read.
  UnixMillis newest;         // Its store time.
  PhysicalOffset scanned_from;
  int64_t files = 0;
  int64_t scanned_bytes = 0;
  int64_t records = 0;
  int64_t redispatched = 0;
  int64_t skipped = 0;       // Records that fit no queue.
  int64_t erased_bytes = 0;  // Behind the end.
  std::vector<Hole> holes;
  bool was_trusted = false;  // Clean stop, nothing changed since: nothing had to be read.
};

// The result for people: "recovered after an unclean stop: 12,345 messages read again in 0.4 s, 37
// torn bytes cut at offset 4,050,274". Empty when nothing had to be read.
std::string sentence_of(const Recovered& recovered, LastStop stop, int64_t nanos);

class Recovery {
 public:
  struct Deps {
    CommitLog& log;
    QueueTable& queues;
    io::Files& files;
    const StoreOptions& options;
    const io::Clock& clock;  // For the progress that is logged.
  };
  Recovery(const Deps& deps, RecoveryInput input);

  // Afterwards the log is started, on the disk to its end, and every queue stands where it should.
  Result<Recovered> run();

 private:
  // ---- The log: recovery.cc.
  bool is_log_as_left();
  bool is_only_ours() const;
  PhysicalOffset dispatch_point();
  bool must_go_back() const;
  Status scan_from(PhysicalOffset from);
  Status redo(const message::RecordView& record);
  bool push(ConsumeQueue& queue, QueueOffset index, const QueueEntry& entry);
  void say(ScanProgress& progress);
  std::optional<PhysicalOffset> next_behind_hole(PhysicalOffset bad);
  bool is_in_files(PhysicalOffset end) const;
  Status check_readable(PhysicalOffset end) const;
  Status cut_log(PhysicalOffset end);

  // ---- The queues: recovery_queues.cc.
  Status load_queues();
  bool are_queues_as_left();
  Status finish_deletions();
  bool may_be_deleted(const std::string& topic) const;
  bool lacks_queues();
  Result<QueueOffset> entries_before(ConsumeQueue& queue, PhysicalOffset from);
  Status take_back_entries(PhysicalOffset from);
  void note_on_disk(ConsumeQueue& queue, QueueOffset max);
  bool in_hole(PhysicalOffset at) const;
  bool is_lost(const QueueEntry& old) const;
  Status fill_up(ConsumeQueue& queue, QueueOffset until);
  Status keep_known_ends();
  Status keep_lost_offsets();
  Status settle_queues();

  const Deps deps_;
  const RecoveryInput input_;
  LogScan scan_;
  Recovered result_;
  std::unordered_map<ConsumeQueue*, QueueOffset> on_disk_;  // Where files of taken back queues end.
  std::vector<ConsumeQueue*> incomplete_;  // Entries before the dispatch point are missing.
  std::vector<ConsumeQueue*> uncut_;       // Their files hold something behind their end.
  struct KnownEnd {
    QueueOffset claimed;  // By our snapshot: offsets below were given away.
    QueueOffset found;    // In files that could not be believed; no less.
  };
  std::unordered_map<ConsumeQueue*, KnownEnd> known_ends_;  // Of queues that are made again.
  int64_t pushed_ = 0;
};

}  // namespace agena::storage
