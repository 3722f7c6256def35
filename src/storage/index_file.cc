#include "storage/index_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <limits>

#include "base/assert.h"

namespace agena::storage {
namespace {

constexpr uint64_t kPageSize = 4096;
constexpr int kNameDigits = 17;
constexpr int64_t kMillisPerSecond = 1000;
// Entries that are read at once when a chain turns out to be dense, as that of a common tag is.
constexpr int32_t kBlockEntries = 4096;

// Not before 1970, and before the year 287,396: sums with seconds of an entry are times too.
bool is_plausible_time(UnixMillis time) {
  return time.value >= 0 && time.value < (int64_t{1} << 53);
}

UnixMillis add_seconds(UnixMillis time, int32_t seconds) {
  int64_t sum = 0;
  if (__builtin_add_overflow(time.value, seconds * kMillisPerSecond, &sum)) {
    return UnixMillis(std::numeric_limits<int64_t>::max());
  }
  return UnixMillis(sum);
}

int32_t seconds_since(UnixMillis begin, UnixMillis time) {
  int64_t millis = 0;
  if (__builtin_sub_overflow(time.value, begin.value, &millis)) return 0;
  return static_cast<int32_t>(
      std::clamp<int64_t>(millis / kMillisPerSecond, 0, std::numeric_limits<int32_t>::max()));
}

// Entries by number, one at a time or, when the numbers lie close together, a block at a time.
class EntryReader {
 public:
  EntryReader(const io::File& file, const IndexLayout& layout) : file_(file), layout_(layout) {}

  Result<IndexEntry> at(int32_t number) {
    if (number < first_ || number >= first_ + count_) {
      const bool near = last_ - number > 0 && last_ - number < kBlockEntries;
      TRY_OK(load(near ? std::max(1, number - kBlockEntries + 1) : number, number));
    }
    last_ = number;
    return load_index_entry(block_.data() + static_cast<size_t>(number - first_) * kIndexEntrySize);
  }

 private:
  Status load(int32_t first, int32_t last) {
    block_.resize(static_cast<size_t>(last - first + 1) * kIndexEntrySize);
    TRY(got, file_.read_at(block_, layout_.entry_at(first)));
    if (got != block_.size()) return Error{Errc::corrupt, "an index file ends early"};
    first_ = first;
    count_ = last - first + 1;
    return ok();
  }

  const io::File& file_;
  const IndexLayout layout_;
  std::vector<std::byte> block_;
  int32_t first_ = 0, count_ = 0;
  int32_t last_ = 0;
};

}  // namespace

IndexHeader load_index_header(const std::byte* at) {
  return {.begin_time = UnixMillis(load_be<int64_t>(at)),
          .end_time = UnixMillis(load_be<int64_t>(at + 8)),
          .begin_at = PhysicalOffset(load_be<int64_t>(at + 16)),
          .end_at = PhysicalOffset(load_be<int64_t>(at + 24)),
          .used_slots = load_be<int32_t>(at + 32),
          .count = std::max(1, load_be<int32_t>(at + 36))};
}

void store_index_header(std::byte* at, const IndexHeader& header) {
  store_be<int64_t>(at, header.begin_time.value);
  store_be<int64_t>(at + 8, header.end_time.value);
  store_be<int64_t>(at + 16, header.begin_at.value);
  store_be<int64_t>(at + 24, header.end_at.value);
  store_be<int32_t>(at + 32, header.used_slots);
  store_be<int32_t>(at + 36, header.count);
}

IndexEntry load_index_entry(const std::byte* at) {
  return {.hash = load_be<int32_t>(at),
          .at = PhysicalOffset(load_be<int64_t>(at + 4)),
          .seconds = load_be<int32_t>(at + 12),
          .previous = load_be<int32_t>(at + 16)};
}

void store_index_entry(std::byte* at, const IndexEntry& entry) {
  store_be<int32_t>(at, entry.hash);
  store_be<int64_t>(at + 4, entry.at.value);
  store_be<int32_t>(at + 12, entry.seconds);
  store_be<int32_t>(at + 16, entry.previous);
}

int32_t index_hash(int32_t java_hash) {
  if (java_hash == std::numeric_limits<int32_t>::min()) return 0;  // Has no absolute value.
  return java_hash < 0 ? -java_hash : java_hash;
}

bool is_plausible(const IndexHeader& header, const IndexLayout& layout) {
  return header.count <= layout.entries && header.used_slots >= 0 &&
         header.used_slots < header.count && header.begin_at.value >= 0 &&
         header.begin_at <= header.end_at && is_plausible_time(header.begin_time) &&
         is_plausible_time(header.end_time);
}

std::optional<int64_t> number_of_index_name(std::string_view name) {
  int64_t number = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  if (name.size() != kNameDigits || number <= 0) return std::nullopt;
  return number;
}

std::string index_path(const std::string& dir, int64_t number) {
  return fmt::format("{}/{:0{}}", dir, number, kNameDigits);
}

IndexFile::IndexFile(Name name, const IndexLayout& file_layout, std::unique_ptr<io::File> file)
    : path(std::move(name.path)), number(name.number), layout(file_layout), file_(std::move(file)) {
  ASSERT(layout.slots > 0 && layout.entries > 1, "the options are checked when they are read");
}

Result<std::shared_ptr<IndexFile>> IndexFile::create(io::Files& files, const std::string& dir,
                                                     int64_t number, const IndexLayout& layout) {
  const std::string path = index_path(dir, number);
  TRY(file, files.open(path, io::Open::create));
  auto made = std::make_shared<IndexFile>(Name{path, number}, layout, std::move(file));
  Status sized = made->file_->resize(0);  // Whatever bore that name before.
  if (sized) sized = made->file_->resize(layout.file_bytes());
  if (sized) sized = made->map_slots();
  if (sized) {
    made->unsynced_ = true;
    return made;
  }
  if (Status gone = files.remove(path); !gone) {
    return Error{sized.error().code, describe(sized.error()) + "; " + describe(gone.error())};
  }
  return sized.error();
}

Result<std::shared_ptr<IndexFile>> IndexFile::open(io::Files& files, const std::string& dir,
                                                   int64_t number, const IndexLayout& layout) {
  const std::string path = index_path(dir, number);
  TRY(file, files.open(path, io::Open::write));
  TRY(size, file->size());
  if (size != layout.file_bytes()) {
    return Error{size < layout.file_bytes() ? Errc::corrupt : Errc::bad_config,
                 fmt::format("{} has {} bytes instead of the {} that maxHashSlotNum={} and "
                             "maxIndexNum={} ask for",
                             path, size, layout.file_bytes(), layout.slots, layout.entries)};
  }
  std::byte raw[kIndexHeaderSize];
  TRY(got, file->read_at(raw, 0));
  if (got != sizeof raw) return Error{Errc::io_error, "short read of " + path};
  auto opened = std::make_shared<IndexFile>(Name{path, number}, layout, std::move(file));
  opened->header_ = load_index_header(raw);
  return opened;
}

Status IndexFile::map_slots() {
  const uint64_t end = layout.entry_at(0);
  if (allocated_to_ < end) {
    TRY_OK(file_->allocate(0, end));
    allocated_to_ = end;
  }
  TRY(mapping, file_->map(0, end));
  slots_mapping_ = std::move(mapping);
  slots_ = slots_mapping_->bytes();
  ASSERT(slots_.size() >= end);
  return ok();
}

// The window holds every entry that starts in one allocation step, so also the rest of its last.
Status IndexFile::map_entries(uint64_t position) {
  const uint64_t start = position / kAllocationStep * kAllocationStep;
  const uint64_t end = std::min(start + kAllocationStep + kPageSize, layout.file_bytes());
  if (allocated_to_ < end) {
    const uint64_t from = std::min(allocated_to_, start);
    TRY_OK(file_->allocate(from, end - from));
    allocated_to_ = end;
  }
  entries_ = {};
  entries_mapping_.reset();
  TRY(mapping, file_->map(start, end - start));
  entries_mapping_ = std::move(mapping);
  entries_ = entries_mapping_->bytes();
  entries_start_ = start;
  ASSERT(position + kIndexEntrySize <= entries_start_ + entries_.size());
  return ok();
}

void IndexFile::prefetch(int32_t hash) const {
  if (!slots_.empty()) __builtin_prefetch(slot(hash % layout.slots), 1);
}

Status IndexFile::put(int32_t hash, PhysicalOffset at, UnixMillis store_time) {
  ASSERT(hash >= 0 && at.value >= 0);
  ASSERT(header_.empty() || at >= header_.end_at, "messages come in log order");
  if (full()) return Error{Errc::limit_exceeded, path + " is full"};
  const uint64_t position = layout.entry_at(header_.count);
  if (slots_.empty()) TRY_OK(map_slots());
  // Of two windows that hold the position the later one counts: each begins at a step.
  if (entries_.empty() || position / kAllocationStep * kAllocationStep != entries_start_) {
    TRY_OK(map_entries(position));
  }
  if (header_.empty()) {
    header_.begin_time = store_time;
    header_.begin_at = at;
  }
  std::byte* head = slot(hash % layout.slots);
  int32_t previous = load_be<int32_t>(head);
  if (previous < 0 || previous >= header_.count) previous = 0;
  store_index_entry(entries_.data() + (position - entries_start_),
                    {.hash = hash,
                     .at = at,
                     .seconds = seconds_since(header_.begin_time, store_time),
                     .previous = previous});
  // find() reads beside us, and a kill may end us here: entry, then slot, then count.
  std::atomic_thread_fence(std::memory_order_release);
  store_be<int32_t>(head, header_.count);
  std::atomic_thread_fence(std::memory_order_release);
  if (previous == 0) ++header_.used_slots;
  ++header_.count;
  header_.end_at = at;
  header_.end_time = store_time;
  store_index_header(slots_.data(), header_);
  unsynced_ = true;
  ASSERT(header_.count <= layout.entries);
  return ok();
}

Status IndexFile::find(const Search& search, const Visit& visit) const {
  ASSERT(search.hash >= 0);
  std::byte raw[kIndexSlotSize];
  TRY(got, file_->read_at(raw, layout.slot_at(search.hash % layout.slots)));
  if (got != sizeof raw) return Error{Errc::corrupt, path + " ends within its slots"};
  EntryReader entries(*file_, layout);
  int32_t current = load_be<int32_t>(raw);
  while (current > 0 && current < layout.entries) {
    TRY(entry, entries.at(current));
    if (entry.seconds < 0) break;  // No writer writes that: the file is damaged here.
    const UnixMillis time = add_seconds(search.begin_time, entry.seconds);
    if (add_seconds(time, 1) <= search.earliest) break;
    if (entry.hash == search.hash && !visit({entry.at, time})) break;
    if (entry.previous >= current) break;  // Damaged: a chain only goes back.
    current = entry.previous;
  }
  return ok();
}

struct IndexFile::Proven {
  IndexHeader header;
  std::vector<int32_t> slots;
  std::vector<IndexEntry> last_message;  // Its entries, the newest last.
};

// An entry is believed when it points to exactly the entry that was the newest of its slot so far,
// and when positions never go back. Blocks that a crash has lost read as zeros and fail that.
Result<IndexFile::Proven> IndexFile::prove(PhysicalOffset log_end) const {
  Proven proven;
  proven.header.begin_time = header_.begin_time;
  proven.header.begin_at = header_.begin_at;
  proven.slots.resize(static_cast<size_t>(layout.slots));
  std::vector<std::byte> block(size_t{kBlockEntries} * 16 * kIndexEntrySize);
  // A header that never reached the disk reads as zeros: times counted from there are wrong.
  if (!is_plausible_time(header_.begin_time) || header_.begin_time.value == 0) return proven;
  IndexHeader& header = proven.header;
  for (bool going = true; going && header.count < layout.entries;) {
    const auto want = std::min<size_t>(
        block.size(), static_cast<size_t>(layout.entries - header.count) * kIndexEntrySize);
    TRY(got, file_->read_at(MutableBytes(block).first(want), layout.entry_at(header.count)));
    if (got < kIndexEntrySize) break;
    for (size_t i = 0; i + kIndexEntrySize <= got; i += kIndexEntrySize) {
      const IndexEntry entry = load_index_entry(block.data() + i);
      const bool is_first = header.empty();
      going = entry != IndexEntry{} && entry.hash >= 0 && entry.seconds >= 0 &&
              entry.at < log_end && entry.at >= (is_first ? PhysicalOffset(0) : header.end_at) &&
              (!is_first || entry.at == header_.begin_at);
      if (!going) break;
      int32_t& head = proven.slots[static_cast<size_t>(entry.hash % layout.slots)];
      going = entry.previous == head;
      if (!going) break;
      if (head == 0) ++header.used_slots;
      head = header.count++;
      if (entry.at != header.end_at) proven.last_message.clear();
      proven.last_message.push_back(entry);
      header.end_at = entry.at;
      header.end_time = add_seconds(header.begin_time, entry.seconds) + (kMillisPerSecond - 1);
    }
  }
  if (!header.empty() && header.end_at == header_.end_at) header.end_time = header_.end_time;
  return proven;
}

Status IndexFile::repair(PhysicalOffset log_end, PhysicalOffset whole_at) {
  ASSERT(slots_.empty() && entries_.empty(), "repair comes before the first put()");
  TRY(proven, prove(log_end));
  IndexHeader& header = proven.header;
  const bool reaches_end = header.count >= layout.entries;
  if (!header.empty() && !reaches_end && header.end_at != whole_at) {
    // The last message goes, newest entry first, so that each slot points back where it did.
    auto& last = proven.last_message;
    for (auto entry = last.rbegin(); entry != last.rend(); ++entry) {
      proven.slots[static_cast<size_t>(entry->hash % layout.slots)] = entry->previous;
      if (entry->previous == 0) --header.used_slots;
      --header.count;
    }
    ASSERT(header.count >= 1 && header.used_slots >= 0);
    if (!header.empty()) {
      EntryReader entries(*file_, layout);
      TRY(newest, entries.at(header.count - 1));
      header.end_at = newest.at;
      header.end_time = add_seconds(header.begin_time, newest.seconds) + (kMillisPerSecond - 1);
    }
  }
  if (header.empty()) header = {};
  return rewrite(proven);
}

Status IndexFile::rewrite(const Proven& proven) {
  const IndexHeader& header = proven.header;
  // Always, whatever the count says: an entry left behind the last one could pass for a
  // continuation the next time. Cutting the file and growing it again is the shortest way to zeros
  // there.
  TRY_OK(file_->resize(layout.entry_at(header.count)));
  TRY_OK(file_->resize(layout.file_bytes()));
  std::vector<std::byte> front(layout.entry_at(0));
  store_index_header(front.data(), header);
  for (int32_t i = 0; i < layout.slots; ++i) {
    store_be<int32_t>(front.data() + layout.slot_at(i), proven.slots[static_cast<size_t>(i)]);
  }
  TRY_OK(file_->allocate(0, front.size()));
  TRY_OK(file_->write_at(front, 0));
  allocated_to_ = front.size();
  header_ = header;
  unsynced_ = true;
  return ok();
}

void IndexFile::release() {
  slots_ = {};
  entries_ = {};
  slots_mapping_.reset();
  entries_mapping_.reset();
}

}  // namespace agena::storage
