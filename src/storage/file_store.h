// The store in files: puts the parts together and gives each its turn on the background loop.
//
// Over:     appender.h, flusher.h, queue_reader.h, recovery.h, checkpointing.h, key_index.h,
//           retention.h.  Under: nothing; Store::open() makes it.
// Threads:  as store.h says. Background work runs inside the gate, one piece at a time.
// Lifetime: posted tasks hold the gate only; after close() they find it shut.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "storage/appender.h"
#include "storage/checkpointing.h"
#include "storage/deleted_topics.h"
#include "storage/dispatch.h"
#include "storage/fence.h"
#include "storage/flusher.h"
#include "storage/gate.h"
#include "storage/housekeeping.h"
#include "storage/key_index.h"
#include "storage/queue_reader.h"
#include "storage/recovery.h"
#include "storage/store.h"

namespace agena::storage {

class FileStore final : public Store {
 public:
  static Result<std::unique_ptr<Store>> open(StoreDeps deps, StoreOptions options);
  FileStore(StoreDeps deps, StoreOptions options);
  ~FileStore() override;

  Result<Appended> append(const message::Draft& draft) override;
  Result<Appended> append_batch(const message::Draft& draft) override;
  void commit() override;
  void when_durable(PhysicalOffset end, io::Loop& loop, std::function<void()> done) override;
  ReadResult read(std::string_view topic, QueueId queue, QueueOffset from, const ReadLimits& limits,
                  const TagCodes& tags, Buffer& out) override;
  Result<int64_t> read_record(PhysicalOffset at, Buffer& out) override;
  QueueOffset max_offset(std::string_view topic, QueueId queue) override;
  QueueOffset min_offset(std::string_view topic, QueueId queue) override;
  std::optional<PhysicalOffset> position(std::string_view topic, QueueId queue,
                                         QueueOffset at) override;
  std::optional<UnixMillis> store_time(std::string_view topic, QueueId queue,
                                       QueueOffset at) override;
  QueueOffset offset_by_time(std::string_view topic, QueueId queue, UnixMillis time,
                             Boundary boundary) override;
  bool in_memory(std::string_view topic, QueueId queue, QueueOffset at) override;
  KeyQueryResult query(const KeyQuery& query, Buffer& out) override;
  std::vector<QueueRange> queues(std::string_view topic) override;
  std::vector<std::string> topics() override;
  Status delete_topic(std::string_view topic) override;
  Status delete_expired_files() override;
  StoreState state() override;
  Status close() override;

 private:
  // The parts, from the bottom up; made by open_parts(), in this order.
  struct Parts {
    std::unique_ptr<io::FileLock> lock;
    std::unique_ptr<CheckpointFile> checkpoint;
    std::unique_ptr<DurableMark> mark;
    std::unique_ptr<CommitLog> log;
    std::unique_ptr<QueueTable> queues;
    std::unique_ptr<KeyIndex> keys;
    std::unique_ptr<Dispatch> dispatch;
    std::unique_ptr<Appender> appender;
    std::unique_ptr<QueueReader> reader;
    std::unique_ptr<Flusher> flusher;
    std::unique_ptr<Checkpointing> checkpointing;
    std::unique_ptr<Housekeeping> housekeeping;
  };

  Status open_parts();
  Result<Recovered> recover(RecoveryInput input);
  Status note_deleted(std::string_view topic, PhysicalOffset before);
  Status write_deletions();
  Status forget_deletions_behind(PhysicalOffset end) REQUIRES(deleted_mutex_);
  Status open_keys(const RecoveryInput& input, const Recovered& recovered);
  void report(const Recovered& recovered, LastStop stop, MonoNanos began);
  void start_background();
  Status check_open() const;

  // On the background loop.
  void in_background(void (FileStore::*work)());
  void flush_round();
  void queue_round();
  void checkpoint_step();
  void clean_round();
  void remove_step();
  void remove_later();
  void request_flush();
  void tell(const std::vector<Arrival>& arrivals);

  struct Timers;

  const StoreDeps deps_;
  const StoreOptions options_;
  const std::string own_dir_;
  Fence fence_;
  const UnixMillis started_;
  Recovered recovered_;
  std::string recovery_sentence_;
  Parts parts_;
  std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
  std::shared_ptr<Timers> timers_;

  Mutex deleted_mutex_;  // Held across the write of their file.
  DeletedTopics deleted_ GUARDED_BY(deleted_mutex_);
  bool is_deleted_unwritten_ GUARDED_BY(deleted_mutex_) = false;

  std::atomic<bool> is_open_ = false;
  std::atomic<bool> flush_asked_ = false;
  std::atomic<bool> work_asked_ = false;
  MonoNanos last_checkpoint_;  // The background loop's own, as what follows.
  MonoNanos last_mark_;
  MonoNanos last_cool_down_;
  uint64_t bytes_at_last_round_ = 0;
};

}  // namespace agena::storage
