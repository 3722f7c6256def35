// Carries out retention: removes log files, and the queue and index files that pointed into them,
// and says whether new messages are refused because the disk is too full.
//
// Over:     retention.h (the decisions), commit_log.h, queue_table.h, key_index.h.
// Under:    the store.
// Threads:  begin() before all others; round(), remove_one() and has_more_to_remove() on the
//           background loop; the rest from any thread.
// Errors:   what cannot be removed stays and is tried again with the next round; logged.
#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/thread.h"
#include "io/clock.h"
#include "io/files.h"
#include "storage/commit_log.h"
#include "storage/key_index.h"
#include "storage/options.h"
#include "storage/queue_reader.h"
#include "storage/queue_table.h"
#include "storage/retention.h"
#include "storage/store.h"

namespace agena::storage {

class Housekeeping {
 public:
  struct Deps {
    io::Files& files;
    const io::Clock& clock;
    CommitLog& log;
    QueueTable& queues;
    KeyIndex* keys;
    const StoreOptions& options;
    std::string trash_dir;
    std::function<std::optional<Unconsumed>()> first_unconsumed;
  };
  explicit Housekeeping(Deps deps) : deps_(std::move(deps)) {}

  // Before the first message: a disk that is too full refuses it already. Removes nothing.
  void begin() EXCLUDES(mutex_);
  void ask_for_round() { is_asked_ = true; }
  // Removes the oldest file of what the last round decided; the owner spaces the calls.
  void remove_one();
  bool has_more_to_remove() const { return to_remove_ > 0; }
  void round() EXCLUDES(mutex_);

  // Cheap, for every append.
  bool refuses() const { return refuses_.load(std::memory_order_relaxed); }
  std::string refusal() EXCLUDES(mutex_);

  struct Figures {
    double log_ratio = 0, queue_ratio = 0;
    uint64_t expired_files = 0, expired_unconsumed_bytes = 0;
  };
  Figures figures() EXCLUDES(mutex_);

 private:
  RetentionInput look();
  UnixMillis last_written(const CommitLog::Segment& segment, const CommitLog::Segment* next);
  void adopt(const RetentionPlan& plan, const RetentionInput& input);
  void judge(const RetentionPlan& plan, const RetentionInput& input) EXCLUDES(mutex_);
  void remove_what_pointed_below(PhysicalOffset begin);
  void empty_trash();
  void refuse(std::string remark) EXCLUDES(mutex_);

  const Deps deps_;
  SteadyWall wall_;
  std::atomic<bool> is_asked_ = false;
  std::atomic<bool> refuses_ = false;
  bool was_refusing_ = false;
  size_t to_remove_ = 0;                        // Files of the plan that are still there,
  std::optional<Unconsumed> first_unconsumed_;  // and what of them would be missed.
  PhysicalOffset swept_to_;                     // Queue and index files below it were looked for.
  std::map<int64_t, UnixMillis> last_written_;  // Of full files, by start.

  Mutex mutex_;
  std::string refusal_ GUARDED_BY(mutex_);
  Figures figures_ GUARDED_BY(mutex_);
};

}  // namespace agena::storage
