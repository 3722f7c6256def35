// All consume queues of the store: found by topic and queue id, written to their files in slices,
// read wherever their entries are.
//
// Over:     consume_queue.h, queue_files.h.  Under: appender.h, dispatch.h, readers, recovery.h,
//           retention.h.
// Threads:  any; writing, flushing and deleting exclude each other inside.
// Lifetime: queues stay valid until the table goes, also when their topic was deleted.
// Errors:   a queue file that cannot be written stays on the list and is tried again; the store
//           refuses new messages as long as write_error() is set. A file that cannot be read is an
//           error, and nothing is concluded from it.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/string_key.h"
#include "base/thread.h"
#include "storage/consume_queue.h"
#include "storage/queue_files.h"

namespace agena::storage {

class QueueTable {
 public:
  QueueTable(io::Files& files, std::string dir, std::string trash_dir, int64_t file_bytes,
             size_t open_files_max);

  // Makes a queue of all that the directory holds. Before any other thread knows the table.
  struct Loaded {
    std::vector<ConsumeQueue*> incomplete;  // A file is missing or cannot be read.
    std::vector<ConsumeQueue*> uncut;       // Something is left behind the end.
  };
  Result<Loaded> load();

  ConsumeQueue* find(std::string_view topic, QueueId id) EXCLUDES(mutex_);
  // Errc::message_illegal for names that are no directory of their own, and negative ids.
  Result<ConsumeQueue*> find_or_add(std::string_view topic, QueueId id) EXCLUDES(mutex_);
  std::vector<std::string> topics() EXCLUDES(mutex_);
  std::vector<ConsumeQueue*> queues_of(std::string_view topic) EXCLUDES(mutex_);
  std::vector<ConsumeQueue*> all() EXCLUDES(mutex_);

  // Decodes entries from memory and files; fewer than asked at the end or where a file is missing.
  // What a file has lost (zeros) reads as blank.
  Result<size_t> read(ConsumeQueue& queue, QueueOffset from, std::span<QueueEntry> out);
  bool read_one(ConsumeQueue& queue, QueueOffset at, QueueEntry& entry);  // False for errors, too.
  // The first entry that lies at or behind `log_begin`; the maximum when none does.
  Result<QueueOffset> min_of(ConsumeQueue& queue, PhysicalOffset log_begin);
  // For those who want to show one: while the files cannot be read, the first entry they hold.
  QueueOffset known_min_of(ConsumeQueue& queue, PhysicalOffset log_begin);
  // The first entry in [from, to) that no blank is; `to` when there is none.
  Result<QueueOffset> skip_blanks(ConsumeQueue& queue, QueueOffset from, QueueOffset to,
                                  QueueEntry& entry);

  // ---- Writing.
  void mark_dirty(ConsumeQueue& queue) EXCLUDES(mutex_);  // push() said that it became so.
  bool has_dirty() EXCLUDES(mutex_);
  // Writes up to `queues_max` dirty queues; true when more are waiting.
  bool write_some(size_t queues_max) EXCLUDES(mutex_, files_mutex_);
  // Flushes up to `files_max` written files; Result: whether there was nothing left to flush.
  Result<bool> sync_some(size_t files_max) EXCLUDES(files_mutex_);
  void cool_down() EXCLUDES(mutex_);     // Memory of queues where nothing moves.
  Error write_error() EXCLUDES(mutex_);  // Errc::ok while no queue waits for a second try.

  // ---- Removing.
  // `while_stopped` runs what it is given while nobody appends. `before_files` runs when the topic
  // is gone from the table and its files are not yet; they go whatever it returns. Files that could
  // not go do so when this is called again, and before anything is written to a topic of that name.
  using WhileStopped = std::function<void(const std::function<void()>&)>;
  Status remove_topic(std::string_view topic, const WhileStopped& while_stopped,
                      const std::function<Status()>& before_files) EXCLUDES(mutex_, files_mutex_);
  // What remove_topic() could not do.
  Status finish_removals() EXCLUDES(mutex_, files_mutex_);
  // Files whose entries all lie below `log_begin`; returns how many entries they held.
  Result<int64_t> remove_below(ConsumeQueue& queue, PhysicalOffset log_begin)
      EXCLUDES(files_mutex_);

  // ---- Recovery, one thread.
  bool has_file_of(std::string_view topic, QueueId id, QueueOffset at) {
    return files_.has_file_of(topic, id, at);
  }
  // A queue as it was noted, instead of load().
  void take_up(std::string_view topic, QueueId id, QueueOffset floor, QueueOffset max)
      EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    add(topic, id).start_at(floor, max);
  }
  // What the files hold, also behind the queue's maximum.
  Result<size_t> read_files(const ConsumeQueue& queue, QueueOffset from,
                            std::span<QueueEntry> out) {
    return files_.read(queue, from, out);
  }
  // Nothing is left in the files behind the queue's maximum.
  Status cut(ConsumeQueue& queue) EXCLUDES(files_mutex_);
  // What was written is flushed with the names of its files, whoever made them.
  void distrust_names() EXCLUDES(files_mutex_) {
    MutexLock lock(files_mutex_);
    files_.distrust_names();
  }

  int64_t entries_per_file() const { return files_.entries_per_file(); }
  size_t open_files() { return files_.open_files(); }

 private:
  struct Topic {
    std::string name;
    std::vector<std::unique_ptr<ConsumeQueue>> queues;  // By id.
  };
  ConsumeQueue& add(std::string_view topic, QueueId id) REQUIRES(mutex_);
  ConsumeQueue* find_locked(std::string_view topic, QueueId id) REQUIRES(mutex_);
  bool write_one(ConsumeQueue& queue) REQUIRES(files_mutex_);
  Status write_entries(const ConsumeQueue& queue, QueueOffset from, bool is_first)
      REQUIRES(files_mutex_);  // Those in scratch_.
  Status finish_removal(const std::string& topic) REQUIRES(files_mutex_);

  const std::string trash_dir_;
  Mutex files_mutex_;  // Held across file operations; never taken by appenders or readers.
  QueueFiles files_;   // Reads need no lock, the rest files_mutex_.
  Buffer scratch_ GUARDED_BY(files_mutex_);
  std::set<std::string, std::less<>> unmoved_ GUARDED_BY(files_mutex_);  // Deleted topics' files.

  Mutex mutex_;
  std::unordered_map<std::string, std::unique_ptr<Topic>, StringKeyHash, std::equal_to<>> topics_
      GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Topic>> deleted_ GUARDED_BY(mutex_);
  std::vector<ConsumeQueue*> dirty_ GUARDED_BY(mutex_);
  std::vector<ConsumeQueue*> warm_ GUARDED_BY(mutex_);        // May hold recent entries in memory.
  std::map<ConsumeQueue*, Error> failed_ GUARDED_BY(mutex_);  // Of the dirty ones.
};

}  // namespace agena::storage
