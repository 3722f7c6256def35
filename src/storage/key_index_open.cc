// How an index is taken up again when the store opens: which files are believed, which are mended
// or removed, and from where the log has to be read for keys.
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/hash.h"
#include "base/log.h"
#include "storage/key_index.h"

namespace agena::storage {
namespace {

constexpr uint32_t kMarkMagic = 0x4147494D;  // "AGIM"
constexpr uint32_t kMarkVersion = 1;
constexpr size_t kMarkSize = 4 + 4 + 8 + 8 + 8 + 4;

}  // namespace

std::optional<IndexMark> decode_index_mark(Bytes raw) {
  if (raw.size() < kMarkSize) return std::nullopt;
  raw = raw.first(kMarkSize);
  if (load_be<uint32_t>(raw.data() + kMarkSize - 4) != crc32(raw.first(kMarkSize - 4))) {
    return std::nullopt;
  }
  ByteReader in(raw);
  if (in.take<uint32_t>() != kMarkMagic || in.take<uint32_t>() != kMarkVersion) {
    return std::nullopt;
  }
  IndexMark mark;
  mark.complete_to = PhysicalOffset(in.take<int64_t>());
  mark.newest_file = in.take<int64_t>();
  mark.newest_at = PhysicalOffset(in.take<int64_t>());
  ASSERT(in.ok());
  return mark;
}

std::string encode_index_mark(const IndexMark& mark) {
  std::string raw;
  append_be<uint32_t>(raw, kMarkMagic);
  append_be<uint32_t>(raw, kMarkVersion);
  append_be<int64_t>(raw, mark.complete_to.value);
  append_be<int64_t>(raw, mark.newest_file);
  append_be<int64_t>(raw, mark.newest_at.value);
  append_be<uint32_t>(raw, crc32(as_bytes(raw)));
  ASSERT(raw.size() == kMarkSize);
  return raw;
}

Status KeyIndex::open_mark() {
  const size_t slash = options_.mark_path.rfind('/');
  ASSERT(slash != std::string::npos, "the mark has a directory");
  TRY_OK(files_.make_dirs(options_.mark_path.substr(0, slash)));
  TRY(file, files_.open(options_.mark_path, io::Open::create));
  std::byte raw[kMarkSize];
  TRY(got, file->read_at(raw, 0));
  if (auto mark = decode_index_mark(Bytes(raw, got))) mark_ = *mark;
  mark_file_ = std::move(file);
  return ok();
}

// In place: the mark lies in one sector, and a damaged one reads as none.
Status KeyIndex::write_mark(const IndexMark& mark) {
  if (mark == mark_) return ok();
  const std::string raw = encode_index_mark(mark);
  TRY_OK(mark_file_->write_at(as_bytes(raw), 0));
  TRY_OK(mark_file_->sync());
  mark_ = mark;
  return ok();
}

Result<std::unique_ptr<KeyIndex>> KeyIndex::open(io::Files& files, KeyIndexOptions options,
                                                 const IndexStart& start) {
  ASSERT(start.log_begin <= start.log_end);
  auto index = std::make_unique<KeyIndex>(files, std::move(options));
  TRY_OK(index->open_mark());
  TRY_OK(index->load(start));
  return index;
}

Status KeyIndex::load(const IndexStart& start) {
  MutexLock lock(mutex_);
  std::vector<int64_t> numbers;
  if (files_.exists(options_.dir)) {
    TRY(names, files_.list(options_.dir));
    for (const std::string& name : names) {
      if (auto number = number_of_index_name(name)) numbers.push_back(*number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  // Java removes the file that a crash has left open and begins a new one where its own recovery
  // starts, so between our last file and the first of its files keys are missing.
  const bool is_mark_gone = mark_.newest_file != 0 &&
                            !std::binary_search(numbers.begin(), numbers.end(), mark_.newest_file);
  if (is_mark_gone && mark_.newest_at >= start.log_begin) {
    const auto later = std::upper_bound(numbers.begin(), numbers.end(), mark_.newest_file);
    TRY_OK(remove_files({later, numbers.end()}, "keys before them are missing"));
    numbers.erase(later, numbers.end());
  }
  for (size_t i = 0; i < numbers.size(); ++i) {
    const size_t files_before = list_.size();
    TRY_OK(load_file(numbers[i], start, i + 1 == numbers.size()));
    const bool is_gone = list_.size() == files_before;
    const bool is_cut = !is_gone && !list_.back()->full() && !start.clean;
    if (!(is_gone || is_cut) || i + 1 == numbers.size()) continue;
    TRY_OK(remove_files({numbers.begin() + static_cast<std::ptrdiff_t>(i) + 1, numbers.end()},
                        "an older file is gone or had to be cut"));
    break;
  }
  find_safe_end(start);
  return ok();
}

Status KeyIndex::load_file(int64_t number, const IndexStart& start, bool is_last) {
  Result<FileRef> opened = IndexFile::open(files_, options_.dir, number, options_.layout);
  if (!opened) {
    // A file that is too short was being made when the power went; other sizes are a matter of
    // configuration, and removing the files would hide that.
    const bool is_unborn = opened.error().code == Errc::corrupt && is_last && !start.clean;
    if (is_unborn) return remove_files({number}, "it was never finished");
    return Error{Errc::bad_config, opened.error().text +
                                       "; set them as they were, or remove the directory " +
                                       options_.dir + " to have the index made again"};
  }
  IndexFile& file = **opened;
  const bool was_flushed = file.full() && file.header().end_time <= start.flushed_time;
  const bool is_sound = is_plausible(file.header(), options_.layout);
  const bool is_beyond = !file.header().empty() && file.header().end_at >= start.log_end;
  if (!(start.clean || was_flushed) || !is_sound || is_beyond) {
    const IndexHeader before = file.header();
    const bool is_marked = number == mark_.newest_file;
    Status mended = file.repair(start.log_end, is_marked ? mark_.newest_at : PhysicalOffset(-1));
    if (!mended) return remove_files({number}, describe(mended.error()));
    AGENA_LOG(info, "index", "{} checked: {} of {} entries are proven", file.path,
              file.header().count - 1, before.count - 1);
  }
  const bool is_out_of_order =
      !list_.empty() && file.header().begin_at < list_.back()->header().end_at;
  if (file.header().empty() || is_out_of_order) {
    return remove_files({number}, file.header().empty() ? "it is empty" : "it overlaps another");
  }
  list_.push_back(*opened);
  return ok();
}

Status KeyIndex::remove_files(const std::vector<int64_t>& numbers, std::string_view why) {
  for (int64_t number : numbers) {
    const std::string path = index_path(options_.dir, number);
    AGENA_LOG(info, "index", "{} removed, its keys will be made again: {}", path, why);
    TRY_OK(files_.remove(path));
    names_changed_ = true;
  }
  return ok();
}

void KeyIndex::find_safe_end(const IndexStart& start) {
  PhysicalOffset proven = start.log_begin;
  bool is_mark_valid = mark_.newest_file == 0;  // Otherwise its file has to be found.
  if (!list_.empty()) {
    const PhysicalOffset end_at = list_.back()->header().end_at;
    proven = std::max(proven, end_at);
    for (const FileRef& file : list_) {
      if (file->number != mark_.newest_file) continue;
      is_mark_valid = file != list_.back() || end_at >= mark_.newest_at;
    }
    // The newest message may lack keys when its file was full before the last of them, or when the
    // mark says so. It is added again then, and queries see its other keys once all the same.
    const bool is_whole = !list_.back()->full() && (!is_mark_valid || mark_.complete_to != end_at);
    skip_below_ = end_at + (is_whole ? 1 : 0);
    newest_at_ = end_at;
  }
  safe_end_ = proven;
  // A log that ends before the mark is another one, or was cut: then only the files count.
  if (is_mark_valid && mark_.complete_to <= start.log_end)
    safe_end_ = std::max(proven, mark_.complete_to);
  safe_end_ = std::min(safe_end_, start.log_end);
  ASSERT(safe_end_ >= start.log_begin);
}

}  // namespace agena::storage
