// Which messages carry a key, a unique key or a tag: Java's index files behind three calls.
//
// Over:     index_file.h.  Under: dispatch.h (add), recovery.h (open, safe_end), the store (query).
// Keys:     `topic#key` for each of KEYS and for the unique key, `topic#T#tag` for the tag. A file
//           holds hashes only, so what query() finds is a suspicion until the message is read.
// Threads:  any; flush() and remove_below() one at a time. add() holds the mutex, also while it
// makes a file or asks for blocks, which is
//           once in 50,000 keys; queries read files beside it, without the mutex.
// Errors:   add() cannot fail: when the disk is full the index is switched off, says so once and
//           counts; messages keep flowing. The next start adds what is missing.
// Memory:   nothing is made before the first key. Under load the newest file's slots (20 MB) and a
//           megabyte of entries are mapped; cool_down() lets go of them.
// Source:   docs/formats/index.md.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/thread.h"
#include "io/files.h"
#include "message/record_format.h"
#include "storage/index_file.h"

namespace agena::storage {

struct KeyIndexOptions {
  std::string dir;
  std::string mark_path;  // Where it keeps what it knows about itself: STORE/cpp/index_mark.
  IndexLayout layout;     // maxHashSlotNum, maxIndexNum
};

// How far the index was complete when it was flushed, and which file tells that it still is the
// same index.
struct IndexMark {
  PhysicalOffset complete_to;  // The keys of every record before it are in the index.
  int64_t newest_file = 0;     // Its name as a number; 0: there was none.
  PhysicalOffset newest_at;    // The newest record that was indexed.

  friend bool operator==(const IndexMark&, const IndexMark&) = default;
};

std::string encode_index_mark(const IndexMark& mark);
std::optional<IndexMark> decode_index_mark(Bytes raw);  // Nothing when it is damaged.

// What is known when the store opens.
struct IndexStart {
  bool clean = false;          // The last stop was clean: every file is as it was left.
  PhysicalOffset log_begin{};  // The log holds [log_begin, log_end); keys outside it are forgotten.
  PhysicalOffset log_end{};
  UnixMillis flushed_time{};  // Checkpoint::index_time.
};

struct IndexQuery {
  std::string_view topic;
  std::string_view key;
  char type = 'K';  // K key or unique key, U the same, T tag.
  int32_t messages_max = 32;
  UnixMillis begin;
  UnixMillis end;
};
// Whether the message really carries the key that was asked for.
bool has_key(const message::RecordView& record, const IndexQuery& query);

struct IndexAnswer {
  std::vector<PhysicalOffset> found;  // Newest first, each once. Java answers oldest first.
  UnixMillis last_update;             // Of the newest key in the index, whatever it is.
  PhysicalOffset last_update_offset;
};

class KeyIndex {
 public:
  static constexpr int32_t kQueryMessagesMax = 64;  // maxMsgsNumBatch

  // Keeps what is proven complete and removes the rest: safe_end() says where the rest begins.
  // Errc::bad_config when files have another layout than the options say.
  static Result<std::unique_ptr<KeyIndex>> open(io::Files& files, KeyIndexOptions options,
                                                const IndexStart& start);
  ~KeyIndex();

  // The keys of every record before it are in the index; recovery adds those of the records from
  // here to the end of the log, in log order.
  PhysicalOffset safe_end() const { return safe_end_; }

  // In log order. The caller leaves out rolled back messages. Records before the newest one that
  // is indexed are ignored, as they are there already.
  void add(std::string_view topic, std::string_view keys, std::string_view uniq_key,
           std::string_view tags, PhysicalOffset at, UnixMillis store_time) EXCLUDES(mutex_);

  // Offsets whose key hash and time match and for which `is_match` (called without the mutex) is
  // true, up to messages_max.
  using IsMatch = std::function<bool(PhysicalOffset)>;
  IndexAnswer query(const IndexQuery& query, const IsMatch& is_match) EXCLUDES(mutex_);

  // Everything added so far is on the disk when it returns. `added_to`: the keys of every record
  // before it have been added. The answer is the checkpoint's index_time: the end of the newest
  // full file, 0 when no file is full.
  Result<UnixMillis> flush(PhysicalOffset added_to) EXCLUDES(mutex_);

  // Removes files that hold only records before `log_begin`; the newest file stays.
  Status remove_below(PhysicalOffset log_begin) EXCLUDES(mutex_);
  // Lets go of memory unless keys came since the last call.
  void cool_down() EXCLUDES(mutex_);

  struct Stats {
    size_t files = 0;
    uint64_t keys_added = 0;
    uint64_t keys_missed = 0;  // While it was switched off.
    bool switched_off = false;
  };
  Stats stats() EXCLUDES(mutex_);

  KeyIndex(io::Files& files, KeyIndexOptions options);  // For open().

 private:
  using FileRef = std::shared_ptr<IndexFile>;

  // key_index_open.cc.
  Status load(const IndexStart& start) EXCLUDES(mutex_);
  Status load_file(int64_t number, const IndexStart& start, bool is_last) REQUIRES(mutex_);
  Status remove_files(const std::vector<int64_t>& numbers, std::string_view why) REQUIRES(mutex_);
  void find_safe_end(const IndexStart& start) REQUIRES(mutex_);
  Status open_mark();
  Status write_mark(const IndexMark& mark);

  // Keys wait here while the processor fetches their slots, which lie anywhere in 20 MB.
  struct Pending {
    int32_t hash = 0;
    PhysicalOffset at;
    UnixMillis stored;
  };
  static constexpr size_t kPendingMax = 16;
  void put_pending() REQUIRES(mutex_);
  void put(const Pending& key) REQUIRES(mutex_);
  Result<FileRef> writable_file(UnixMillis store_time) REQUIRES(mutex_);
  void switch_off(const Error& why, PhysicalOffset at) REQUIRES(mutex_);
  void drop_from(const FileRef& bad, const Error& why) EXCLUDES(mutex_);

  io::Files& files_;
  const KeyIndexOptions options_;
  // Set by open(), constant afterwards.
  PhysicalOffset safe_end_;
  PhysicalOffset skip_below_;  // Records before it are in the index with all their keys.

  // flush() alone touches these, one at a time.
  std::unique_ptr<io::File> mark_file_;
  IndexMark mark_;  // As on the disk.

  Mutex mutex_;
  std::vector<FileRef> list_ GUARDED_BY(mutex_);  // Oldest first.
  std::vector<int32_t> hashes_ GUARDED_BY(mutex_);
  std::array<Pending, kPendingMax> pending_ GUARDED_BY(mutex_);
  size_t first_pending_ GUARDED_BY(mutex_) = 0, next_pending_ GUARDED_BY(mutex_) = 0;
  PhysicalOffset newest_at_ GUARDED_BY(mutex_);
  PhysicalOffset first_missed_ GUARDED_BY(mutex_);
  Stats stats_ GUARDED_BY(mutex_);
  bool names_changed_ GUARDED_BY(mutex_) = false;
  bool touched_ GUARDED_BY(mutex_) = false;
};

}  // namespace agena::storage
