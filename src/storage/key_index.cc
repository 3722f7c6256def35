#include "storage/key_index.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/hash.h"
#include "base/local_time.h"
#include "base/log.h"
#include "message/properties.h"

namespace agena::storage {
namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

// Java's hash of a text whose beginning hashes to `hash`, for plain ASCII: four characters a step,
// as each step waits for the one before.
uint32_t extend_hash(uint32_t hash, std::string_view ascii) {
  auto at = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(ascii[i])); };
  size_t i = 0;
  for (; i + 4 <= ascii.size(); i += 4) {
    const uint32_t four = at(i) * 29'791 + at(i + 1) * 961 + at(i + 2) * 31 + at(i + 3);
    hash = hash * 923'521 + four;
  }
  for (; i < ascii.size(); ++i) hash = hash * 31 + at(i);
  return hash;
}

constexpr std::string_view kTagInfix = "T#";

int32_t hash_of_key(std::string_view topic, std::string_view infix, std::string_view key) {
  if (is_ascii(topic) && is_ascii(key)) {
    const uint32_t prefix = extend_hash(extend_hash(extend_hash(0, topic), "#"), infix);
    return index_hash(static_cast<int32_t>(extend_hash(prefix, key)));
  }
  return index_hash(java_string_hash(fmt::format("{}#{}{}", topic, infix, key)));
}

// In the order in which Java stores them.
void hash_keys(std::string_view topic, std::string_view keys, std::string_view uniq_key,
               std::string_view tags, std::vector<int32_t>& hashes) {
  const bool is_plain_topic = is_ascii(topic);
  const uint32_t prefix = is_plain_topic ? extend_hash(extend_hash(0, topic), "#") : 0;
  const auto hash_one = [&](std::string_view key) {
    hashes.push_back(is_plain_topic && is_ascii(key)
                         ? index_hash(static_cast<int32_t>(extend_hash(prefix, key)))
                         : hash_of_key(topic, "", key));
  };
  if (!uniq_key.empty()) hash_one(uniq_key);
  message::for_each_key(keys, hash_one);
  if (!tags.empty()) hashes.push_back(hash_of_key(topic, kTagInfix, tags));
}

// Whether a second that begins at `time` touches [begin, end].
bool overlaps(UnixMillis time, UnixMillis begin, UnixMillis end) {
  return time <= end && (time >= begin || begin - time < 1000);
}

}  // namespace

bool has_key(const message::RecordView& record, const IndexQuery& query) {
  if (record.topic != query.topic) return false;
  if (record.store_time < query.begin || record.store_time > query.end) return false;
  const auto value = [&](std::string_view name) {
    return message::find_property(record.properties, name).value_or("");
  };
  if (query.key.empty()) return false;
  if (query.type == 'T') return value(message::property::tags) == query.key;
  if (value(message::property::uniq_key) == query.key) return true;
  bool found = false;
  message::for_each_key(value(message::property::keys),
                        [&](std::string_view key) { found = found || key == query.key; });
  return found;
}

KeyIndex::KeyIndex(io::Files& files, KeyIndexOptions options)
    : files_(files), options_(std::move(options)) {}

KeyIndex::~KeyIndex() {
  MutexLock lock(mutex_);
  put_pending();
}

void KeyIndex::add(std::string_view topic, std::string_view keys, std::string_view uniq_key,
                   std::string_view tags, PhysicalOffset at, UnixMillis store_time) {
  MutexLock lock(mutex_);
  if (at < skip_below_) return;
  ASSERT(at >= newest_at_, "messages come in log order");
  newest_at_ = at;
  hashes_.clear();
  hash_keys(topic, keys, uniq_key, tags, hashes_);
  if (!list_.empty()) {
    for (int32_t hash : hashes_) list_.back()->prefetch(hash);
  }
  for (int32_t hash : hashes_) {
    Pending& place = pending_[next_pending_ % kPendingMax];
    if (next_pending_ - first_pending_ == kPendingMax) {
      put(place);
      ++first_pending_;
    }
    place = {hash, at, store_time};
    ++next_pending_;
  }
}

void KeyIndex::put_pending() {
  ASSERT(next_pending_ - first_pending_ <= kPendingMax, "the ring holds no more");
  for (; first_pending_ != next_pending_; ++first_pending_) {
    put(pending_[first_pending_ % kPendingMax]);
  }
}

void KeyIndex::put(const Pending& key) {
  touched_ = true;
  if (stats_.switched_off) {
    ++stats_.keys_missed;
    return;
  }
  Result<FileRef> file = writable_file(key.stored);
  Status done = file ? (*file)->put(key.hash, key.at, key.stored) : Status(file.error());
  if (done) {
    ++stats_.keys_added;
    return;
  }
  ++stats_.keys_missed;
  switch_off(done.error(), key.at);
}

Result<KeyIndex::FileRef> KeyIndex::writable_file(UnixMillis store_time) {
  if (!list_.empty() && !list_.back()->full()) return list_.back();
  int64_t number = std::max<int64_t>(local_time_number(store_time), 1);
  if (list_.empty()) {
    TRY_OK(files_.make_dirs(options_.dir));
  } else {
    list_.back()->release();
    // Names are the order of the files, whatever the clock does.
    number = std::max(number, list_.back()->number + 1);
  }
  TRY(file, IndexFile::create(files_, options_.dir, number, options_.layout));
  ASSERT(!file->full() && (list_.empty() || list_.back()->number < number));
  list_.push_back(file);
  names_changed_ = true;
  return file;
}

void KeyIndex::switch_off(const Error& why, PhysicalOffset at) {
  ASSERT(!stats_.switched_off);
  stats_.switched_off = true;
  first_missed_ = at;
  AGENA_LOG(error, "index",
            "switched off, messages from position {} on are not found by key until the next "
            "start: {}",
            at.value, describe(why));
}

IndexAnswer KeyIndex::query(const IndexQuery& query, const IsMatch& is_match) {
  IndexAnswer answer;
  struct Snapshot {
    FileRef file;
    IndexHeader header;
  };
  std::vector<Snapshot> newest_first;
  {
    MutexLock lock(mutex_);
    put_pending();
    for (auto file = list_.rbegin(); file != list_.rend(); ++file) {
      newest_first.push_back({*file, (*file)->header()});
    }
  }
  if (newest_first.empty()) return answer;
  answer.last_update = newest_first.front().header.end_time;
  answer.last_update_offset = newest_first.front().header.end_at;
  const auto wanted = static_cast<size_t>(std::clamp(query.messages_max, 0, kQueryMessagesMax));
  const int32_t hash = hash_of_key(query.topic, query.type == 'T' ? kTagInfix : "", query.key);
  const auto visit = [&](const IndexFile::Hit& hit) {
    if (answer.found.size() >= wanted) return false;
    const bool is_new =
        std::find(answer.found.begin(), answer.found.end(), hit.at) == answer.found.end();
    if (is_new && overlaps(hit.time, query.begin, query.end) && is_match(hit.at)) {
      answer.found.push_back(hit.at);
    }
    return answer.found.size() < wanted;
  };
  for (const auto& [file, header] : newest_first) {
    if (answer.found.size() >= wanted) break;
    if (header.begin_time <= query.end && header.end_time >= query.begin) {
      Status searched = file->find({hash, header.begin_time, query.begin}, visit);
      if (!searched) AGENA_LOG(warn, "index", "query: {}", describe(searched.error()));
    }
    if (header.begin_time < query.begin) break;
  }
  return answer;
}

Result<UnixMillis> KeyIndex::flush(PhysicalOffset added_to) {
  std::vector<FileRef> unsynced;
  IndexMark mark{.complete_to = added_to, .newest_file = 0, .newest_at = {}};
  UnixMillis full_files_time;
  bool names_changed = false;
  {
    MutexLock lock(mutex_);
    put_pending();
    names_changed = std::exchange(names_changed_, false);
    for (const FileRef& file : list_) {
      if (file->full()) full_files_time = file->header().end_time;
      if (!file->unsynced()) continue;
      file->mark_synced();
      unsynced.push_back(file);
    }
    if (stats_.switched_off) mark.complete_to = std::min(added_to, first_missed_);
    if (!list_.empty()) {
      mark.newest_file = list_.back()->number;
      mark.newest_at = list_.back()->header().end_at;
    }
  }
  for (const FileRef& file : unsynced) {
    if (Status synced = file->sync(); !synced) {
      // The kernel may have dropped what it could not write: such files are not believed any more.
      drop_from(file, synced.error());
      return synced.error();
    }
  }
  if (names_changed) TRY_OK(files_.sync_dir(options_.dir));
  if (Status marked = write_mark(mark); !marked) {
    // An old mark is as true as it was; the next start only reads more of the log again.
    AGENA_LOG(warn, "index", "the mark stays as it was: {}", describe(marked.error()));
  }
  return full_files_time;
}

void KeyIndex::drop_from(const FileRef& bad, const Error& why) {
  MutexLock lock(mutex_);
  const auto first = std::find(list_.begin(), list_.end(), bad);
  const PhysicalOffset missed = bad->header().begin_at;
  if (!stats_.switched_off) switch_off(why, missed);
  first_missed_ = std::min(first_missed_, missed);
  for (auto file = first; file != list_.end(); ++file) {
    if (Status gone = files_.remove((*file)->path); !gone) {
      AGENA_LOG(error, "index", "remove {} by hand: {}", (*file)->path, describe(gone.error()));
    }
  }
  list_.erase(first, list_.end());
}

Status KeyIndex::remove_below(PhysicalOffset log_begin) {
  while (true) {
    FileRef oldest;
    {
      MutexLock lock(mutex_);
      if (list_.size() <= 1 || list_.front()->header().end_at >= log_begin) return ok();
      oldest = list_.front();
    }
    // One that cannot be removed stays the first, for the next try.
    Status gone = files_.remove(oldest->path);
    if (!gone && gone.error().code != Errc::not_found) return gone;
    AGENA_LOG(info, "index", "{} holds only messages that are gone: removed", oldest->path);
    MutexLock lock(mutex_);
    ASSERT(list_.front() == oldest, "only the background loop takes files away");
    list_.erase(list_.begin());
    names_changed_ = true;
  }
}

void KeyIndex::cool_down() {
  MutexLock lock(mutex_);
  put_pending();
  if (!std::exchange(touched_, false) && !list_.empty()) list_.back()->release();
}

KeyIndex::Stats KeyIndex::stats() {
  MutexLock lock(mutex_);
  put_pending();
  stats_.files = list_.size();
  return stats_;
}

}  // namespace agena::storage
