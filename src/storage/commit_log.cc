#include "storage/commit_log.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/assert.h"
#include "base/log.h"
#include "message/record_format.h"

namespace agena::storage {
namespace {
constexpr int64_t kBlank = static_cast<int64_t>(message::kBlankSize);
constexpr int64_t kWriteBackStep = int64_t{8} << 20;
}  // namespace

CommitLog::CommitLog(io::Files& files, Fence& fence, CommitLogOptions options)
    : files_(files),
      fence_(fence),
      options_(std::move(options)),
      tail_bytes_(options_.tail_bytes_min) {
  ASSERT(options_.file_bytes > kBlank, "a file holds a record and the blank one");
}

Result<std::unique_ptr<CommitLog>> CommitLog::open(io::Files& files, Fence& fence,
                                                   CommitLogOptions options) {
  TRY_OK(files.make_dirs(options.dir));
  auto log = std::make_unique<CommitLog>(files, fence, std::move(options));
  TRY(names, files.list(log->options_.dir));
  MutexLock lock(log->segments_mutex_);
  for (const std::string& name : names) {
    auto start = start_of_file_name(name);
    if (!start) continue;
    if (*start % log->options_.file_bytes != 0)
      return Error{Errc::corrupt,
                   fmt::format("{}/{} does not start at a multiple of mappedFileSizeCommitLog={}",
                               log->options_.dir, name, log->options_.file_bytes)};
    TRY(segment, SegmentFile::open(files, log->options_.dir, PhysicalOffset(*start),
                                   log->options_.file_bytes));
    log->segments_.push_back(std::move(segment));
  }
  for (size_t i = 1; i < log->segments_.size(); ++i)
    if (log->segments_[i]->start != log->segments_[i - 1]->end())
      AGENA_LOG(error, "storage", "a commit log file is missing between {} and {}",
                log->segments_[i - 1]->path, log->segments_[i]->path);
  if (!log->segments_.empty()) {
    log->begin_ = log->segments_.front()->start.value;
    log->written_ = log->segments_.back()->end().value;  // Readable for recovery.
  }
  return log;
}

Status CommitLog::remove_behind(PhysicalOffset end) {
  MutexLock lock(segments_mutex_);
  prepared_.reset();
  while (!segments_.empty() && segments_.back()->start > end) {
    TRY_OK(files_.remove(segments_.back()->path));
    segments_.pop_back();
    TRY_OK(files_.sync_dir(options_.dir));
  }
  return ok();
}

Status CommitLog::start_at(PhysicalOffset end) {
  Segment next;
  {
    MutexLock lock(segments_mutex_);
    // The file that was made ahead of need is kept, if that is what it is.
    const bool may_keep = segments_.size() >= 2 && segments_.back()->start > end &&
                          segments_[segments_.size() - 2]->contains(end);
    if (may_keep) {
      std::byte head[kBlank];
      TRY_OK(segments_.back()->read(segments_.back()->start, head));
      if (std::all_of(head, head + kBlank, [](std::byte b) { return b == std::byte(); })) {
        next = segments_.back();
        segments_.pop_back();
      }
    }
  }
  TRY_OK(remove_behind(end));
  MutexLock lock(segments_mutex_);
  prepared_ = std::move(next);
  ASSERT(!segments_.empty() || end.value % options_.file_bytes == 0,
         "a log without files starts where a file may start");
  current_ = segments_.empty() ? nullptr : segments_.back();
  ASSERT(!current_ || (end >= current_->start && end <= current_->end()));
  begin_ = segments_.empty() ? end.value : segments_.front()->start.value;
  tail_.restart(end);
  staged_ = written_ = flushed_ = end.value;
  written_back_ = end;
  return ok();
}

Result<CommitLog::Segment> CommitLog::take_next(PhysicalOffset start) {
  MutexLock creation(creation_mutex_);
  Segment next;
  {
    MutexLock lock(segments_mutex_);
    next = std::exchange(prepared_, nullptr);
  }
  if (!next) {
    TRY(made, SegmentFile::create(files_, options_.dir, start, options_.file_bytes));
    next = made;
  }
  ASSERT(next->start == start, "files follow each other without a gap");
  MutexLock lock(segments_mutex_);
  ASSERT(segments_.empty() || segments_.back()->end() == start, "no gap between files");
  if (segments_.empty()) begin_.store(start.value, std::memory_order_release);
  segments_.push_back(next);
  work_at_ = 0;
  return next;
}

Status CommitLog::roll() {
  const PhysicalOffset at = tail_.end();
  if (!current_) {
    TRY(first, take_next(at));
    current_ = first;
    return ok();
  }
  // The next file comes first: without it, the current one must stay open.
  const int64_t left = current_->end() - at;
  ASSERT(left >= kBlank || left == 0, "every append leaves room for the blank record");
  TRY(next, take_next(current_->end()));
  if (left > 0) {
    message::encode_blank(static_cast<int32_t>(left),
                          {tail_.extend(kBlank), static_cast<size_t>(kBlank)});
    tail_.skip_to(current_->end());
  }
  current_ = next;
  staged_.store(tail_.end().value, std::memory_order_release);
  return ok();
}

Result<PhysicalOffset> CommitLog::reserve(int64_t bytes) {
  ASSERT(bytes > 0);
  if (fence_.raised()) return Errc::not_open;
  if (bytes + kBlank > options_.file_bytes)
    return Error{Errc::message_illegal,
                 fmt::format("a record of {} bytes does not fit into a commit log file", bytes)};
  if (!current_ || current_->end() - tail_.end() < bytes + kBlank) TRY_OK(roll());
  const int64_t position = tail_.end() - current_->start + bytes + kBlank;
  ASSERT(position <= current_->bytes);
  if (position > current_->allocated()) TRY_OK(current_->allocate_to(position));
  return tail_.end();
}

MutableBytes CommitLog::extend(int64_t bytes) {
  ASSERT(current_ && tail_.end() + bytes + kBlank <= current_->end(), "reserve() comes first");
  std::byte* at = tail_.extend(bytes);
  staged_.store(tail_.end().value, std::memory_order_release);
  return {at, static_cast<size_t>(bytes)};
}

bool CommitLog::write_to(PhysicalOffset to) {
  const PhysicalOffset from = written();
  ASSERT(from <= to && to <= staged());
  if (fence_.raised()) return false;
  if (from == to) return true;
  pieces_.clear();
  tail_.pieces(from, to, pieces_);
  for (const LogTail::Piece& piece : pieces_) {
    Segment segment = segment_of(piece.at);
    ASSERT(segment != nullptr, "what is staged has a file");
    if (auto done = segment->write(piece.at, piece.bytes); !done) {
      fence_.raise("write the commit log", done.error());
      return false;
    }
  }
  written_.store(to.value, std::memory_order_release);
  return true;
}

void CommitLog::trim_tail(PhysicalOffset needed) {
  ASSERT(written() <= staged());
  tail_.trim(tail_bytes_, std::min(needed, written()));
}

bool CommitLog::flush() {
  const PhysicalOffset target = written();
  const PhysicalOffset from = flushed();
  if (fence_.raised()) return false;
  if (from == target) return true;
  ASSERT(from < target && target <= staged());
  for (const Segment& segment : segments()) {
    if (segment->end() <= from || segment->start >= target) continue;
    if (auto done = segment->sync(); !done) {
      fence_.raise("flush the commit log", done.error());
      return false;
    }
  }
  flushed_.store(target.value, std::memory_order_release);
  return true;
}

void CommitLog::prepare_next(const Segment& last) {
  MutexLock creation(creation_mutex_);
  {
    MutexLock lock(segments_mutex_);
    if (prepared_ || segments_.back() != last) return;
  }
  auto made = SegmentFile::create(files_, options_.dir, last->end(), options_.file_bytes);
  if (!made) {
    // A full disk is reported to whoever appends; here it only means trying again later.
    AGENA_LOG(warn, "storage", "cannot prepare the next commit log file: {}",
              describe(made.error()));
    return;
  }
  MutexLock lock(segments_mutex_);
  prepared_ = *made;
}

void CommitLog::start_write_back(PhysicalOffset target) {
  ASSERT(target <= written(), "only what is in the file can be written back");
  if (target - written_back_ < kWriteBackStep) return;
  for (const Segment& segment : segments()) {
    PhysicalOffset from = std::max(written_back_, segment->start);
    PhysicalOffset to = std::min(target, segment->end());
    if (from < to) segment->write_back(from, to);
  }
  written_back_ = target;
}

void CommitLog::work_ahead() {
  Segment last;
  {
    MutexLock lock(segments_mutex_);
    if (segments_.empty()) return;
    last = segments_.back();
  }
  const PhysicalOffset now = written();
  start_write_back(now);
  const int64_t position = std::clamp(staged() - last->start, int64_t{0}, last->bytes);
  if (auto done = last->allocate_to(position); !done)
    AGENA_LOG(warn, "storage", "no blocks ahead in {}: {}", last->path, describe(done.error()));
  if (position * 2 >= last->bytes) prepare_next(last);
  work_at_ = (now + kWriteBackStep).value;
}

Status CommitLog::remove_oldest() {
  // One that could not be removed comes first: a later file must not go while it is there.
  if (unremoved_) TRY_OK(remove_file(std::exchange(unremoved_, nullptr)));
  Segment oldest;
  {
    MutexLock lock(segments_mutex_);
    // What is staged or not flushed yet needs its file.
    if (segments_.size() < 2 || segments_.front()->end() > flushed()) return Errc::not_found;
    oldest = segments_.front();
    segments_.erase(segments_.begin());
    begin_.store(segments_.front()->start.value, std::memory_order_release);
  }
  return remove_file(oldest);
}

Status CommitLog::remove_file(const Segment& segment) {
  if (auto done = files_.remove(segment->path); !done && done.error().code != Errc::not_found) {
    unremoved_ = segment;
    return done;
  }
  return files_.sync_dir(options_.dir);
}

Status CommitLog::read(PhysicalOffset at, MutableBytes into) {
  const PhysicalOffset end = at + static_cast<int64_t>(into.size());
  if (at < begin() || end > written())
    return Error{Errc::not_found, fmt::format("the log holds nothing at {}", at.value)};
  if (tail_.copy(at, into)) return ok();
  Segment segment = segment_of(at);
  if (!segment) return Error{Errc::not_found, fmt::format("no log file holds {}", at.value)};
  return segment->read(at, into);
}

std::vector<CommitLog::Segment> CommitLog::segments() {
  MutexLock lock(segments_mutex_);
  return segments_;
}

CommitLog::Segment CommitLog::segment_of(PhysicalOffset at) {
  MutexLock lock(segments_mutex_);
  auto after =
      std::upper_bound(segments_.begin(), segments_.end(), at,
                       [](PhysicalOffset offset, const Segment& s) { return offset < s->start; });
  if (after == segments_.begin()) return nullptr;
  Segment found = *std::prev(after);
  return found->contains(at) ? found : nullptr;
}

}  // namespace agena::storage
