#include "storage/queue_table.h"

#include <algorithm>

#include "base/assert.h"
#include "base/log.h"

namespace agena::storage {

QueueTable::QueueTable(io::Files& files, std::string dir, std::string trash_dir, int64_t file_bytes,
                       size_t open_files_max)
    : trash_dir_(std::move(trash_dir)), files_(files, std::move(dir), file_bytes, open_files_max) {}

Result<QueueTable::Loaded> QueueTable::load() {
  TRY(found, files_.load());
  Loaded loaded;
  MutexLock lock(mutex_);
  for (const QueueFiles::Found& f : found) {
    ConsumeQueue& queue = add(f.topic, f.id);
    queue.start_at(f.floor, f.max);
    if (!f.is_whole) loaded.incomplete.push_back(&queue);
    if (!f.is_cut) loaded.uncut.push_back(&queue);
  }
  return loaded;
}

ConsumeQueue* QueueTable::find_locked(std::string_view topic, QueueId id) {
  auto found = topics_.find(topic);
  if (found == topics_.end()) return nullptr;
  auto& queues = found->second->queues;
  // Ids are nearly always 0, 1, 2 ...
  const auto index = static_cast<size_t>(id.value);
  if (index < queues.size() && queues[index]->id == id) return queues[index].get();
  auto at = std::lower_bound(queues.begin(), queues.end(), id,
                             [](const auto& queue, QueueId wanted) { return queue->id < wanted; });
  return at != queues.end() && (*at)->id == id ? at->get() : nullptr;
}

ConsumeQueue& QueueTable::add(std::string_view topic, QueueId id) {
  ASSERT(id.value >= 0 && !topic.empty(), "a queue has a directory");
  auto found = topics_.find(topic);
  if (found == topics_.end()) {
    auto made = std::make_unique<Topic>();
    made->name = topic;
    found = topics_.emplace(std::string(topic), std::move(made)).first;
  }
  Topic& owner = *found->second;
  auto at = std::lower_bound(owner.queues.begin(), owner.queues.end(), id,
                             [](const auto& queue, QueueId wanted) { return queue->id < wanted; });
  ASSERT(at == owner.queues.end() || (*at)->id != id, "added once");
  return **owner.queues.insert(at, std::make_unique<ConsumeQueue>(owner.name, id));
}

ConsumeQueue* QueueTable::find(std::string_view topic, QueueId id) {
  MutexLock lock(mutex_);
  return find_locked(topic, id);
}

Result<ConsumeQueue*> QueueTable::find_or_add(std::string_view topic, QueueId id) {
  MutexLock lock(mutex_);
  if (ConsumeQueue* queue = find_locked(topic, id)) return queue;
  const bool is_directory_name = !topic.empty() && topic != "." && topic != ".." &&
                                 topic.find('/') == std::string_view::npos &&
                                 topic.find('\0') == std::string_view::npos && topic.size() <= 255;
  if (!is_directory_name || id.value < 0)
    return Error{Errc::message_illegal, "no queue can have this topic or id"};
  return &add(topic, id);
}

std::vector<std::string> QueueTable::topics() {
  MutexLock lock(mutex_);
  std::vector<std::string> names;
  names.reserve(topics_.size());
  for (const auto& [name, topic] : topics_) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<ConsumeQueue*> QueueTable::queues_of(std::string_view topic) {
  MutexLock lock(mutex_);
  std::vector<ConsumeQueue*> queues;
  auto found = topics_.find(topic);
  if (found == topics_.end()) return queues;
  for (const auto& queue : found->second->queues) queues.push_back(queue.get());
  return queues;
}

std::vector<ConsumeQueue*> QueueTable::all() {
  MutexLock lock(mutex_);
  std::vector<ConsumeQueue*> queues;
  for (const auto& [name, topic] : topics_)
    for (const auto& queue : topic->queues) queues.push_back(queue.get());
  return queues;
}

Result<size_t> QueueTable::read(ConsumeQueue& queue, QueueOffset from, std::span<QueueEntry> out) {
  if (from.value < 0) return size_t{0};
  size_t done = 0;
  // What is not in memory is in a file, and may have left memory between the two looks.
  while (done < out.size()) {
    done += queue.read_recent(from + static_cast<int64_t>(done), out.subspan(done));
    const QueueOffset at = from + static_cast<int64_t>(done);
    const int64_t on_disk = queue.persisted() - at;
    if (on_disk <= 0) return done;
    const size_t wanted = std::min(out.size() - done, static_cast<size_t>(on_disk));
    TRY(got, files_.read(queue, at, out.subspan(done, wanted)));
    for (QueueEntry& entry : out.subspan(done, got))
      if (!entry.is_written()) entry = QueueEntry::blank();
    done += got;
    ASSERT(got <= wanted && done <= out.size());
    if (got < wanted) return done;
  }
  return done;
}

bool QueueTable::read_one(ConsumeQueue& queue, QueueOffset at, QueueEntry& entry) {
  const auto got = read(queue, at, {&entry, 1});
  return got && *got == 1;
}

Result<QueueOffset> QueueTable::skip_blanks(ConsumeQueue& queue, QueueOffset from, QueueOffset to,
                                            QueueEntry& entry) {
  QueueEntry block[64];
  while (from < to) {
    const size_t count = std::min(std::size(block), static_cast<size_t>(to - from));
    TRY(got, read(queue, from, std::span(block, count)));
    for (size_t i = 0; i < got; ++i) {
      if (block[i].is_blank()) continue;
      entry = block[i];
      return from + static_cast<int64_t>(i);
    }
    // Where a file is missing nothing can be read: the next file may go on.
    if (got < count) {
      const int64_t per_file = files_.entries_per_file();
      from = QueueOffset((from.value + static_cast<int64_t>(got)) / per_file * per_file + per_file);
    } else {
      from += static_cast<int64_t>(got);
    }
  }
  return to;
}

Result<QueueOffset> QueueTable::min_of(ConsumeQueue& queue, PhysicalOffset log_begin) {
  QueueOffset known;
  if (queue.known_min(log_begin, known)) return known;
  const QueueOffset max = queue.max();
  QueueOffset low = queue.floor();
  QueueOffset high = max;
  while (low < high) {
    const QueueOffset middle = low + (high - low) / 2;
    QueueEntry entry;
    TRY(real, skip_blanks(queue, middle, high, entry));
    if (real == high || entry.at >= log_begin)
      high = middle;
    else
      low = real + 1;
  }
  QueueEntry first;
  TRY(min, skip_blanks(queue, low, max, first));
  ASSERT(min <= max);
  queue.remember_min(log_begin, min);
  return min;
}

QueueOffset QueueTable::known_min_of(ConsumeQueue& queue, PhysicalOffset log_begin) {
  const auto min = min_of(queue, log_begin);
  if (min) return *min;
  AGENA_LOG(error, "storage", "the minimum of queue {}/{} is not known: {}", queue.topic,
            queue.id.value, describe(min.error()));
  return queue.floor();
}

void QueueTable::mark_dirty(ConsumeQueue& queue) {
  MutexLock lock(mutex_);
  dirty_.push_back(&queue);
}

bool QueueTable::has_dirty() {
  MutexLock lock(mutex_);
  return !dirty_.empty();
}

Status QueueTable::write_entries(const ConsumeQueue& queue, QueueOffset from, bool is_first) {
  if (scratch_.empty()) return ok();
  TRY_OK(finish_removal(queue.topic));
  return files_.write(queue, from, scratch_.view(), is_first);
}

bool QueueTable::write_one(ConsumeQueue& queue) {
  scratch_.clear();
  const ConsumeQueue::Unwritten range = queue.copy_unwritten(scratch_);
  ASSERT(scratch_.size() == static_cast<size_t>(range.entries * kQueueEntrySize));
  const Status done = write_entries(queue, range.from, range.from == queue.floor());
  const bool is_written = static_cast<bool>(done);
  {
    MutexLock lock(mutex_);
    if (!is_written && failed_.empty())
      AGENA_LOG(error, "storage", "cannot write queue {}/{}: {}", queue.topic, queue.id.value,
                describe(done.error()));
    if (is_written)
      failed_.erase(&queue);
    else
      failed_.insert_or_assign(&queue, done.error());
  }
  return queue.finish_write(is_written ? range.from + range.entries : range.from, is_written);
}

bool QueueTable::write_some(size_t queues_max) {
  MutexLock files_lock(files_mutex_);
  std::vector<ConsumeQueue*> batch;
  {
    MutexLock lock(mutex_);
    const size_t count = std::min(queues_max, dirty_.size());
    batch.assign(dirty_.end() - static_cast<ptrdiff_t>(count), dirty_.end());
    dirty_.resize(dirty_.size() - count);
  }
  std::vector<ConsumeQueue*> again;
  for (ConsumeQueue* queue : batch)
    if (write_one(*queue)) again.push_back(queue);
  MutexLock lock(mutex_);
  // While some fail, the rest waits for the next round: they would be tried again without end.
  const bool more = !dirty_.empty() && failed_.empty();
  dirty_.insert(dirty_.begin(), again.begin(), again.end());
  warm_.insert(warm_.end(), batch.begin(), batch.end());
  return more;
}

Result<bool> QueueTable::sync_some(size_t files_max) {
  QueueFiles::Unsynced taken;
  {
    MutexLock files_lock(files_mutex_);
    taken = files_.take_unsynced(files_max);
  }
  TRY_OK(files_.sync(taken));
  return taken.empty();
}

void QueueTable::cool_down() {
  std::vector<ConsumeQueue*> warm;
  {
    MutexLock lock(mutex_);
    warm.swap(warm_);
  }
  std::sort(warm.begin(), warm.end());
  warm.erase(std::unique(warm.begin(), warm.end()), warm.end());
  std::erase_if(warm, [](ConsumeQueue* queue) { return queue->cool_down(); });
  MutexLock lock(mutex_);
  warm_.insert(warm_.end(), warm.begin(), warm.end());
}

Error QueueTable::write_error() {
  MutexLock lock(mutex_);
  return failed_.empty() ? Error{Errc::ok, {}} : failed_.begin()->second;
}

Status QueueTable::finish_removal(const std::string& topic) {
  auto left = unmoved_.find(topic);
  if (left == unmoved_.end()) return ok();
  TRY_OK(files_.remove_topic(topic, trash_dir_));
  unmoved_.erase(left);
  return ok();
}

Status QueueTable::remove_topic(std::string_view topic, const WhileStopped& while_stopped,
                                const std::function<Status()>& before_files) {
  MutexLock files_lock(files_mutex_);
  std::unique_ptr<Topic> gone;
  while_stopped([&] {
    {
      MutexLock lock(mutex_);
      auto found = topics_.find(topic);
      if (found == topics_.end()) return;
      gone = std::move(found->second);
      topics_.erase(found);
    }
    for (const auto& queue : gone->queues) queue->mark_deleted();
  });
  if (!gone) return finish_removal(std::string(topic));
  ASSERT(gone->name == topic);
  // Before anybody can write files of the same names again, as that takes files_mutex_.
  for (const auto& queue : gone->queues) files_.forget(*queue);
  const Status noted = before_files();
  unmoved_.insert(gone->name);
  const Status done = finish_removal(gone->name);
  MutexLock lock(mutex_);
  for (const auto& queue : gone->queues) failed_.erase(queue.get());
  deleted_.push_back(std::move(gone));
  return noted ? done : noted;
}

Status QueueTable::finish_removals() {
  MutexLock files_lock(files_mutex_);
  while (!unmoved_.empty()) TRY_OK(finish_removal(std::string(*unmoved_.begin())));
  return ok();
}

Result<int64_t> QueueTable::remove_below(ConsumeQueue& queue, PhysicalOffset log_begin) {
  TRY(min, min_of(queue, log_begin));
  const QueueOffset floor = queue.floor();
  // The newest file always stays: it says how far the queue has come.
  const int64_t per_file = files_.entries_per_file();
  const int64_t newest = std::max<int64_t>(queue.persisted().value - 1, 0) / per_file * per_file;
  const QueueOffset keep_from(std::min(min.value, newest));
  if (keep_from.value / per_file <= floor.value / per_file) return int64_t{0};
  MutexLock files_lock(files_mutex_);
  if (queue.is_deleted()) return int64_t{0};
  TRY(raised, files_.remove_below(queue, keep_from));
  if (raised > floor) queue.raise_floor(raised);
  return std::max<int64_t>(0, raised - floor);
}

Status QueueTable::cut(ConsumeQueue& queue) {
  MutexLock files_lock(files_mutex_);
  if (queue.is_deleted()) return ok();
  ASSERT(queue.persisted() == queue.max(), "what is in memory only has no file yet");
  return files_.cut(queue, queue.max());
}

}  // namespace agena::storage
