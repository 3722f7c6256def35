// One index file: a hash table of key hashes, each with the place and time of a message.
//
// Over:     io/files.h.  Under: key_index.h.
// Threads:  put(), header(), release() and the other writers by one at a time (the owner's mutex);
//           find() from any thread beside them: an entry is complete before a slot points to it.
// Disk:     the file has its full size from the start (sparse), as Java maps it whole. Header and
//           slots get real blocks when it is made, entries 1 MiB at a time, so that a full disk is
//           an error of put() and never a signal.
// Errors:   Errc::disk_full, io_error; Errc::limit_exceeded from put() when the file is full.
// Lifetime: shared: a query that holds it may go on while retention removes its name.
// Source:   docs/formats/index.md.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "io/files.h"

namespace agena::storage {

inline constexpr size_t kIndexHeaderSize = 40;
inline constexpr size_t kIndexSlotSize = 4;
inline constexpr size_t kIndexEntrySize = 20;

struct IndexLayout {
  int32_t slots = 5'000'000;
  int32_t entries = 20'000'000;  // Number 0 is never used.

  uint64_t slot_at(int32_t slot) const {
    return kIndexHeaderSize + static_cast<uint64_t>(slot) * kIndexSlotSize;
  }
  uint64_t entry_at(int32_t number) const {
    return slot_at(slots) + static_cast<uint64_t>(number) * kIndexEntrySize;
  }
  uint64_t file_bytes() const { return entry_at(entries); }
};

struct IndexHeader {
  UnixMillis begin_time, end_time;
  PhysicalOffset begin_at, end_at;  // Of the first and the newest message in the file.
  int32_t used_slots = 0;
  int32_t count = 1;  // The number of the next entry.

  bool empty() const { return count <= 1; }
  friend bool operator==(const IndexHeader&, const IndexHeader&) = default;
};
static_assert(8 + 8 + 8 + 8 + 4 + 4 == kIndexHeaderSize);
IndexHeader load_index_header(const std::byte* at);
// Whether it can be the header of a file whose entries need no proof.
bool is_plausible(const IndexHeader& header, const IndexLayout& layout);
void store_index_header(std::byte* at, const IndexHeader& header);

struct IndexEntry {
  int32_t hash = 0;
  PhysicalOffset at;
  int32_t seconds = 0;   // Since the file's begin_time.
  int32_t previous = 0;  // The entry before it in the same slot; 0: none.

  friend bool operator==(const IndexEntry&, const IndexEntry&) = default;
};
static_assert(4 + 8 + 4 + 4 == kIndexEntrySize);
IndexEntry load_index_entry(const std::byte* at);
void store_index_entry(std::byte* at, const IndexEntry& entry);

// Seventeen digits, yyyyMMddHHmmssSSS; nothing for other names.
std::optional<int64_t> number_of_index_name(std::string_view name);
std::string index_path(const std::string& dir, int64_t number);

// Java's hash of `topic#key` as the file wants it: never negative.
int32_t index_hash(int32_t java_hash);

class IndexFile {
 public:
  static constexpr uint64_t kAllocationStep = uint64_t{1} << 20;

  static Result<std::shared_ptr<IndexFile>> create(io::Files& files, const std::string& dir,
                                                   int64_t number, const IndexLayout& layout);
  // The header as it is in the file; what it says is believed only after repair(), or a clean stop.
  // Errc::bad_config when the size is another than the layout's, Errc::corrupt when it is smaller.
  static Result<std::shared_ptr<IndexFile>> open(io::Files& files, const std::string& dir,
                                                 int64_t number, const IndexLayout& layout);

  struct Name {
    std::string path;
    int64_t number = 0;
  };
  IndexFile(Name name, const IndexLayout& layout, std::unique_ptr<io::File> file);

  const std::string path;
  const int64_t number;  // Its name: files are ordered by it.
  const IndexLayout layout;
  const IndexHeader& header() const { return header_; }
  bool full() const { return header_.count >= layout.entries; }

  Status put(int32_t hash, PhysicalOffset at, UnixMillis store_time);
  // Asks the processor for the slot that put() will want.
  void prefetch(int32_t hash) const;

  // Visits the entries of that hash, newest first, while `visit` returns true and times are not
  // before `earliest`. `begin_time` is the header's, taken under the owner's mutex.
  struct Search {
    int32_t hash = 0;
    UnixMillis begin_time;
    UnixMillis earliest;
  };
  struct Hit {
    PhysicalOffset at;
    UnixMillis time;  // Of storing, to the second: the truth is up to 999 ms later.
  };
  using Visit = std::function<bool(const Hit&)>;
  Status find(const Search& search, const Visit& visit) const;

  // After an unclean stop: keeps the longest run of entries from the front that belong together
  // and lie before `log_end`; makes slots and header from them again. The last message of a file
  // that is not full goes too, as some of its keys may be missing, unless it is `whole_at`.
  // With an empty header afterwards nothing was left.
  Status repair(PhysicalOffset log_end, PhysicalOffset whole_at);

  // Forgets that something was written; the caller calls sync() then, without its mutex.
  void mark_synced() { unsynced_ = false; }
  Status sync() { return file_->sync(); }
  bool unsynced() const { return unsynced_; }
  void release();  // Unmaps; the next put() maps again.

 private:
  struct Proven;

  Status map_slots();
  Status map_entries(uint64_t position);
  Result<Proven> prove(PhysicalOffset log_end) const;
  Status rewrite(const Proven& proven);
  std::byte* slot(int32_t index) const { return slots_.data() + layout.slot_at(index); }

  std::unique_ptr<io::File> file_;
  IndexHeader header_;
  bool unsynced_ = false;
  uint64_t allocated_to_ = 0;

  std::unique_ptr<io::Mapping> slots_mapping_;
  MutableBytes slots_;  // Header and slots.
  std::unique_ptr<io::Mapping> entries_mapping_;
  MutableBytes entries_;  // The window that holds the next entry.
  uint64_t entries_start_ = 0;
};

}  // namespace agena::storage
