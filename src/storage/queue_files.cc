#include "storage/queue_files.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/assert.h"
#include "base/log.h"
#include "storage/remove_tree.h"
#include "storage/segment_file.h"

namespace agena::storage {
namespace {

// One flush of the file system instead of so many of files; it flushes other people's data too.
constexpr size_t kSyncAllAbove = 512;
constexpr size_t kBlockEntries = 3'276;  // 64 KiB of entries at a time.
constexpr int64_t kPage = 4'096;         // What a power cut loses or keeps as one.

std::optional<int32_t> queue_id_of(const std::string& name) {
  int32_t id = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (error != std::errc{} || end != name.data() + name.size() || id < 0) return std::nullopt;
  return id;
}

}  // namespace

QueueFiles::QueueFiles(io::Files& files, std::string dir, int64_t file_bytes, size_t open_max)
    : files_(files),
      dir_(std::move(dir)),
      file_bytes_((file_bytes + kQueueEntrySize - 1) / kQueueEntrySize * kQueueEntrySize),
      cache_(open_max) {
  ASSERT(file_bytes_ > 0);
}

std::string QueueFiles::dir_of(const ConsumeQueue& queue) const {
  return fmt::format("{}/{}/{}", dir_, queue.topic, queue.id.value);
}

Result<std::vector<QueueFiles::Found>> QueueFiles::load() {
  std::vector<Found> all;
  TRY_OK(files_.make_dirs(dir_));
  TRY(topics, files_.list(dir_));
  for (const std::string& topic : topics) {
    if (!files_.is_dir(dir_ + "/" + topic)) continue;  // Java skips it too.
    TRY(ids, files_.list(dir_ + "/" + topic));
    for (const std::string& name : ids) {
      auto id = queue_id_of(name);
      if (!id) continue;
      Found found{.topic = topic, .id = QueueId(*id), .floor = {}, .max = {}};
      TRY(has_files, load_queue(topic, *id, found));
      if (has_files) all.push_back(std::move(found));
    }
  }
  return all;
}

bool QueueFiles::has_file_of(std::string_view topic, QueueId id, QueueOffset at) {
  if (at.value < 0) return false;
  return files_.exists(
      fmt::format("{}/{}/{}/{}", dir_, topic, id.value, file_name_of(file_start(at.value))));
}

Result<bool> QueueFiles::load_queue(const std::string& topic, int32_t id, Found& found) {
  const std::string dir = fmt::format("{}/{}/{}", dir_, topic, id);
  TRY(names, files_.list(dir));
  std::vector<int64_t> starts;
  for (const std::string& name : names) {
    auto start = start_of_file_name(name);
    if (start && *start % file_bytes_ == 0) starts.push_back(*start);
    if (start && *start % file_bytes_ != 0)
      return Error{Errc::corrupt, fmt::format("{}/{} does not fit mappedFileSizeConsumeQueue={}",
                                              dir, name, file_bytes_)};
  }
  if (starts.empty()) return false;
  found.floor = QueueOffset(starts.front() / kQueueEntrySize);
  TRY_OK(find_newest(dir + "/" + file_name_of(starts.back()), starts.back(), found));
  const int64_t span = starts.back() - starts.front();
  if (span != static_cast<int64_t>(starts.size() - 1) * file_bytes_) found.is_whole = false;
  return true;
}

// One that cannot be read may hold entries to its end.
Status QueueFiles::find_newest(const std::string& path, int64_t start, Found& found) {
  TRY(file, files_.open(path, io::Open::read));
  const auto end = find_end(*file, start);
  const auto cut = end ? is_cut_at(*file, end->value * kQueueEntrySize - start) : end.error();
  if (cut) {
    found.max = *end;
    found.is_cut = *cut;
    return ok();
  }
  AGENA_LOG(error, "storage", "{}: made again from the log", describe(cut.error()));
  found.max = QueueOffset((start + file_bytes_) / kQueueEntrySize);
  found.is_whole = found.is_cut = false;
  return ok();
}

// Entries fill a file from the front, so the first zero one is found by halving.
Result<QueueOffset> QueueFiles::find_end(const io::File& file, int64_t start) const {
  TRY(size, file.size());
  const int64_t base = start / kQueueEntrySize;
  int64_t low = 0;
  int64_t high = std::min(static_cast<int64_t>(size), file_bytes_) / kQueueEntrySize;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    std::byte raw[kQueueEntrySize];
    TRY(count, file.read_at(raw, static_cast<uint64_t>(middle * kQueueEntrySize)));
    if (count == sizeof raw && load_entry(raw).is_written())
      low = middle + 1;
    else
      high = middle;
  }
  return QueueOffset(base + low);
}

// After a power cut, pages may be there that follow one which is not.
Result<bool> QueueFiles::is_cut_at(const io::File& file, int64_t bytes) const {
  std::byte rest[kPage];
  const int64_t in_page = kPage - bytes % kPage;
  TRY(got, file.read_at({rest, static_cast<size_t>(in_page)}, static_cast<uint64_t>(bytes)));
  if (std::any_of(rest, rest + got, [](std::byte b) { return b != std::byte(); })) return false;
  TRY(size, file.size());
  TRY(data, file.data_from(static_cast<uint64_t>(bytes + in_page)));
  return data >= size;
}

Result<FileCache::Handle> QueueFiles::open(const ConsumeQueue& queue, int64_t start,
                                           io::Open mode) {
  ASSERT(start >= 0 && start % file_bytes_ == 0);
  return cache_.get({&queue, start}, [&]() -> Result<std::unique_ptr<io::File>> {
    const std::string dir = dir_of(queue);
    const std::string path = dir + "/" + file_name_of(start);
    auto found = files_.open(path, io::Open::write);
    if (found) {
      TRY(size, (*found)->size());
      // Cut short by a crash between making the file and giving it its size.
      if (static_cast<int64_t>(size) < file_bytes_)
        TRY_OK((*found)->resize(static_cast<uint64_t>(file_bytes_)));
      return found;
    }
    if (found.error().code != Errc::not_found || mode != io::Open::create) return found;
    TRY_OK(files_.make_dirs(dir));
    TRY(made, files_.open(path, io::Open::create));
    TRY_OK(made->resize(static_cast<uint64_t>(file_bytes_)));
    note_names(queue);
    return std::move(made);
  });
}

void QueueFiles::note_names(const ConsumeQueue& queue) {
  unsynced_dirs_.insert(dir_of(queue));
  unsynced_dirs_.insert(dir_ + "/" + queue.topic);
  unsynced_dirs_.insert(dir_);
}

void QueueFiles::distrust_names() {
  for (const auto& [queue, start] : unsynced_) note_names(*queue);
}

Result<size_t> QueueFiles::read(const ConsumeQueue& queue, QueueOffset from,
                                std::span<QueueEntry> out) {
  ASSERT(from.value >= 0);
  size_t done = 0;
  std::byte raw[kBlockEntries * kQueueEntrySize];
  while (done < out.size()) {
    const int64_t index = from.value + static_cast<int64_t>(done);
    const int64_t start = file_start(index);
    const int64_t in_file = (start + file_bytes_) / kQueueEntrySize - index;
    const size_t count = std::min({out.size() - done, static_cast<size_t>(in_file), kBlockEntries});
    auto file = open(queue, start, io::Open::write);
    if (!file && file.error().code == Errc::not_found) return done;
    if (!file) return file.error();
    TRY(got, (*file)->read_at({raw, count * kQueueEntrySize},
                              static_cast<uint64_t>(index * kQueueEntrySize - start)));
    ASSERT(got <= count * kQueueEntrySize, "a read fills no more than its space");
    for (size_t i = 0; i < got / kQueueEntrySize; ++i)
      out[done++] = load_entry(raw + i * kQueueEntrySize);
    if (got < count * kQueueEntrySize) return done;
  }
  return done;
}

Status QueueFiles::fill_blanks(io::File& file, int64_t start, int64_t until_index) {
  const int64_t first = start / kQueueEntrySize;
  ASSERT(until_index >= first && start % file_bytes_ == 0);
  Buffer block;
  const int64_t count = std::min<int64_t>(until_index - first, kBlockEntries);
  for (int64_t i = 0; i < count; ++i)
    store_entry(block.extend(kQueueEntrySize), QueueEntry::blank());
  for (int64_t done = 0; done < until_index - first;) {
    const int64_t now = std::min(count, until_index - first - done);
    TRY_OK(file.write_at(block.view().first(static_cast<size_t>(now * kQueueEntrySize)),
                         static_cast<uint64_t>(done * kQueueEntrySize)));
    done += now;
  }
  return ok();
}

Status QueueFiles::write(const ConsumeQueue& queue, QueueOffset from, Bytes entries,
                         bool is_first) {
  ASSERT(from.value >= 0 && entries.size() % kQueueEntrySize == 0);
  int64_t index = from.value;
  while (!entries.empty()) {
    const int64_t start = file_start(index);
    const int64_t in_file = start + file_bytes_ - index * kQueueEntrySize;
    const size_t count = std::min(entries.size(), static_cast<size_t>(in_file));
    ASSERT(count > 0 && count % kQueueEntrySize == 0, "entries do not cross files");
    TRY(file, open(queue, start, io::Open::create));
    if (std::exchange(is_first, false)) TRY_OK(fill_blanks(*file, start, index));
    TRY_OK(file->write_at(entries.first(count),
                          static_cast<uint64_t>(index * kQueueEntrySize - start)));
    unsynced_.insert({&queue, start});
    entries = entries.subspan(count);
    index += static_cast<int64_t>(count) / kQueueEntrySize;
  }
  return ok();
}

Status QueueFiles::remove_file(const ConsumeQueue& queue, int64_t start) {
  cache_.forget({&queue, start});
  unsynced_.erase({&queue, start});
  return files_.remove(dir_of(queue) + "/" + file_name_of(start));
}

Status QueueFiles::cut(const ConsumeQueue& queue, QueueOffset max) {
  ASSERT(max.value >= 0);
  auto names = files_.list(dir_of(queue));
  if (!names && names.error().code == Errc::not_found) return ok();
  if (!names) return names.error();
  const int64_t newest = file_start(max.value);
  // From the back, so that a crash meanwhile leaves files that follow each other.
  for (auto name = names->rbegin(); name != names->rend(); ++name) {
    const auto start = start_of_file_name(*name);
    if (!start || *start < newest) continue;
    if (*start > newest) {
      TRY_OK(remove_file(queue, *start));
      note_names(queue);
      continue;
    }
    TRY(file, open(queue, newest, io::Open::write));
    TRY_OK(file->resize(static_cast<uint64_t>(max.value * kQueueEntrySize - newest)));
    TRY_OK(file->resize(static_cast<uint64_t>(file_bytes_)));
    unsynced_.insert({&queue, newest});
  }
  return ok();
}

QueueFiles::Unsynced QueueFiles::take_unsynced(size_t files_max) {
  ASSERT(files_max > 0, "otherwise it would never end");
  Unsynced taken;
  if (unsynced_.size() > kSyncAllAbove) {
    taken.all = true;
    files_max = SIZE_MAX;
  }
  while (taken.files.size() < files_max && !unsynced_.empty())
    taken.files.push_back(unsynced_.extract(unsynced_.begin()).value());
  while (unsynced_.empty() && taken.files.size() + taken.dirs.size() < files_max &&
         !unsynced_dirs_.empty())
    taken.dirs.push_back(unsynced_dirs_.extract(unsynced_dirs_.begin()).value());
  return taken;
}

Status QueueFiles::sync(const Unsynced& taken) {
  Status done = sync_files(taken);
  // It may be a full disk that the flush met, and the kernel has dropped the pages all the same.
  if (!done && done.error().code == Errc::disk_full)
    return Error{Errc::io_error, done.error().text};
  return done;
}

Status QueueFiles::sync_files(const Unsynced& taken) {
  if (taken.all) {
    auto done = files_.sync_all(dir_);
    if (done || done.error().code != Errc::illegal_operation) return done;
  }
  // What is gone was removed with its topic or by retention.
  for (const auto& [queue, start] : taken.files) {
    auto file = open(*queue, start, io::Open::write);
    if (!file && file.error().code != Errc::not_found) return file.error();
    if (file) TRY_OK((*file)->sync());
  }
  for (const std::string& dir : taken.dirs) {
    auto done = files_.sync_dir(dir);
    if (!done && done.error().code != Errc::not_found) return done.error();
  }
  return ok();
}

Result<QueueOffset> QueueFiles::remove_below(const ConsumeQueue& queue, QueueOffset keep_from) {
  ASSERT(keep_from.value >= 0);
  const std::string dir = dir_of(queue);
  TRY(names, files_.list(dir));
  int64_t floor = -1;
  for (const std::string& name : names) {
    auto start = start_of_file_name(name);
    if (!start) continue;
    const int64_t end = (*start + file_bytes_) / kQueueEntrySize;
    if (end <= keep_from.value && floor < 0) {
      TRY_OK(remove_file(queue, *start));
      continue;
    }
    if (floor < 0) floor = *start / kQueueEntrySize;
  }
  return QueueOffset(floor < 0 ? keep_from.value : floor);
}

Status QueueFiles::remove_topic(const std::string& topic, const std::string& trash_dir) {
  ASSERT(!topic.empty() && topic.find('/') == topic.npos, "a topic is one directory");
  const std::string dir = dir_ + "/" + topic;
  if (!files_.exists(dir)) return ok();
  TRY_OK(files_.make_dirs(trash_dir));
  std::string place;
  do {
    place = fmt::format("{}/{}", trash_dir, ++trash_count_);
  } while (files_.exists(place));
  const Status moved = files_.rename(dir, place);
  if (!moved && moved.error().code == Errc::disk_full) return moved;
  // A link to another file system cannot be crossed.
  if (!moved) TRY_OK(remove_tree(files_, dir));
  return files_.sync_dir(dir_);
}

void QueueFiles::forget(const ConsumeQueue& queue) {
  cache_.forget(&queue);
  std::erase_if(unsynced_, [&](const auto& written) { return written.first == &queue; });
}

}  // namespace agena::storage
