// The consume queues' files: consumequeue/TOPIC/QUEUE/OFFSET, 20-byte entries, fixed sizes.
//
// Over:     file_cache.h, queue_entry.h, consume_queue.h.  Under: queue_table.h, recovery.h.
// Threads:  read() and sync() from any thread; everything else by one at a time, under the table's
//           persistence lock.
// Errors:   those of the files. A range that no file holds reads as nothing; a file that cannot be
//           opened or read does not, as nobody may take that for the end of a queue.
// Source:   docs/formats/consume_queue.md. Files are made when their first entry comes, at once
//           with their full size (sparse), because Java's loader insists on it. A queue's first
//           file is filled with blank entries up to where the queue starts.
#pragma once
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "io/files.h"
#include "storage/consume_queue.h"
#include "storage/file_cache.h"
#include "storage/queue_entry.h"

namespace agena::storage {

class QueueFiles {
 public:
  QueueFiles(io::Files& files, std::string dir, int64_t file_bytes, size_t open_max);

  // What a start finds in the directory.
  struct Found {
    std::string topic;
    QueueId id;
    QueueOffset floor;     // The first entry of the first file.
    QueueOffset max;       // One past the last entry written; no less, if not whole.
    bool is_whole = true;  // False: a file in the middle is missing, or the newest is unreadable.
    bool is_cut = true;    // False: something is left behind `max`.
  };
  Result<std::vector<Found>> load();

  bool has_file_of(std::string_view topic, QueueId id, QueueOffset at);

  // How many of `out` were read from `from` on; fewer where a file is missing or too short. What
  // was never written there reads as zeros (QueueEntry::is_written).
  Result<size_t> read(const ConsumeQueue& queue, QueueOffset from, std::span<QueueEntry> out);

  // Encoded entries from `from` on. `is_first`: the queue has no file yet.
  Status write(const ConsumeQueue& queue, QueueOffset from, Bytes entries, bool is_first);
  // Nothing is left from `max` on: entries that recovery has taken back, or never knew of.
  Status cut(const ConsumeQueue& queue, QueueOffset max);
  // The names of what was written since the last flush are flushed with it, whoever made them.
  void distrust_names();

  // What was written and not flushed since: up to `files_max` of it is taken off the list, and
  // flushed by sync(), which needs no lock.
  struct Unsynced {
    bool all = false;  // So many that the file system as a whole is flushed.
    std::vector<std::pair<const ConsumeQueue*, int64_t>> files;  // With the file's start.
    std::vector<std::string> dirs;                               // Names were made in them.
    bool empty() const { return !all && files.empty() && dirs.empty(); }
  };
  Unsynced take_unsynced(size_t files_max);
  // Not to be tried again: what could not be flushed is lost to the kernel (Errc::io_error).
  Status sync(const Unsynced& taken);

  // Removes the queue's files that end at or below `keep_from`; the answer is the new floor.
  Result<QueueOffset> remove_below(const ConsumeQueue& queue, QueueOffset keep_from);
  // The topic's directory leaves its place at once; its content is removed by empty_trash().
  Status remove_topic(const std::string& topic, const std::string& trash_dir);
  void forget(const ConsumeQueue& queue);

  int64_t entries_per_file() const { return file_bytes_ / kQueueEntrySize; }
  size_t open_files() { return cache_.open_files(); }
  const std::string& dir() const { return dir_; }

 private:
  std::string dir_of(const ConsumeQueue& queue) const;
  int64_t file_start(int64_t index) const { return index / entries_per_file() * file_bytes_; }
  Result<FileCache::Handle> open(const ConsumeQueue& queue, int64_t start, io::Open mode);
  Result<QueueOffset> find_end(const io::File& file, int64_t start) const;
  Result<bool> is_cut_at(const io::File& file, int64_t bytes) const;
  Status find_newest(const std::string& path, int64_t start, Found& found);
  Result<bool> load_queue(const std::string& topic, int32_t id, Found& found);
  Status sync_files(const Unsynced& taken);
  void note_names(const ConsumeQueue& queue);
  Status remove_file(const ConsumeQueue& queue, int64_t start);
  Status fill_blanks(io::File& file, int64_t start, int64_t until_index);

  io::Files& files_;
  const std::string dir_;
  const int64_t file_bytes_;
  FileCache cache_;
  std::set<std::pair<const ConsumeQueue*, int64_t>> unsynced_;
  std::set<std::string> unsynced_dirs_;  // Names were made in them.
  int64_t trash_count_ = 0;
};

}  // namespace agena::storage
