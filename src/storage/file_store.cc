#include "storage/file_store.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/assert.h"
#include "base/log.h"
#include "io/env.h"
#include "storage/log_scan.h"
#include "storage/remove_tree.h"

namespace agena::storage {
namespace {

constexpr int64_t kUnwrittenEntriesMax = 65'536;
constexpr int64_t kCheckpointBytes = int64_t{1} << 30;  // Of log behind the last checkpoint.
constexpr int64_t kCoolDownNanos = 10 * kNanosPerSecond;
constexpr uint64_t kBusyBytes = 4u << 20;  // A queue round: the tail in memory may grow.

}  // namespace

// The timers live on the background loop: made and ended there.
struct FileStore::Timers {
  std::vector<std::unique_ptr<io::Timer>> all;
  std::unique_ptr<io::Timer> removal;
};

Result<std::unique_ptr<Store>> Store::open(StoreDeps deps, StoreOptions options) {
  return FileStore::open(std::move(deps), std::move(options));
}

Result<std::unique_ptr<Store>> FileStore::open(StoreDeps deps, StoreOptions options) {
  if (options.log_dir.empty()) options.log_dir = options.root_dir + "/commitlog";
  auto store = std::make_unique<FileStore>(std::move(deps), std::move(options));
  TRY_OK(store->open_parts());
  store->start_background();
  store->is_open_ = true;
  return std::unique_ptr<Store>(std::move(store));
}

FileStore::FileStore(StoreDeps deps, StoreOptions options)
    : deps_(std::move(deps)),
      options_(std::move(options)),
      own_dir_(options_.root_dir + "/cpp"),
      fence_(deps_.on_fatal),
      started_(deps_.clock.wall()) {}

FileStore::~FileStore() {
  if (auto done = close(); !done)
    AGENA_LOG(error, "storage", "the store was not closed cleanly: {}", describe(done.error()));
}

Status FileStore::open_parts() {
  ASSERT(!parts_.log && !is_open_, "a store is opened once");
  const MonoNanos began = deps_.clock.mono();
  io::Files& files = deps_.files;
  TRY(lock, lock_store(files, options_.root_dir));
  parts_.lock = std::move(lock);
  RecoveryInput input;
  TRY(stop, last_stop(files, options_.root_dir, options_.log_dir));
  input.stop = stop;
  TRY(checkpoint, CheckpointFile::open(files, options_.root_dir + "/checkpoint"));
  parts_.checkpoint = std::move(checkpoint.file);
  input.checkpoint = checkpoint.found;
  TRY(mark, DurableMark::open(files, own_dir_));
  parts_.mark = std::move(mark);
  input.mark = parts_.mark->last();
  input.snapshot = read_queue_snapshot(files, own_dir_);
  input.deleted = read_deleted_topics(files, own_dir_);
  TRY_OK(mark_running(files, options_.root_dir, io::process_id()));

  TRY(recovered, recover(input));
  recovered_ = recovered;
  ASSERT(recovered.end >= parts_.log->begin() && recovered.end == parts_.log->staged(),
         "appending goes on where recovery ended");
  {
    MutexLock deleted_lock(deleted_mutex_);
    deleted_ = std::move(input.deleted);
    TRY_OK(forget_deletions_behind(recovered.end));
  }
  TRY_OK(open_keys(input, recovered));
  parts_.dispatch = std::make_unique<Dispatch>(*parts_.queues, parts_.keys.get());
  parts_.dispatch->start_at(recovered.end);
  parts_.appender = std::make_unique<Appender>(
      Appender::Deps{*parts_.log, *parts_.queues, *parts_.dispatch, deps_.clock, options_});
  parts_.appender->start_after(recovered.newest);
  parts_.reader = std::make_unique<QueueReader>(*parts_.log, *parts_.queues, options_);
  parts_.flusher = std::make_unique<Flusher>(*parts_.log, *parts_.dispatch, options_.flush_mode);
  parts_.checkpointing = std::make_unique<Checkpointing>(
      Checkpointing::Deps{files, *parts_.log, *parts_.queues, *parts_.dispatch, parts_.keys.get(),
                          *parts_.checkpoint, *parts_.mark, own_dir_},
      input.checkpoint, recovered.newest);
  parts_.housekeeping = std::make_unique<Housekeeping>(
      Housekeeping::Deps{files, deps_.clock, *parts_.log, *parts_.queues, parts_.keys.get(),
                         options_, own_dir_ + "/trash", [this]() -> std::optional<Unconsumed> {
                           if (!deps_.first_unconsumed) return std::nullopt;
                           return deps_.first_unconsumed(*this);
                         }});
  parts_.housekeeping->begin();
  TRY_OK(parts_.checkpointing->open());
  TRY_OK(sync_folders(files, options_.root_dir, options_.log_dir));
  report(recovered, input.stop, began);
  return ok();
}

Result<Recovered> FileStore::recover(RecoveryInput input) {
  TRY(log, CommitLog::open(deps_.files, fence_,
                           {options_.log_dir, options_.log_file_bytes, options_.tail_bytes_min,
                            options_.tail_bytes_max}));
  parts_.log = std::move(log);
  parts_.queues = std::make_unique<QueueTable>(deps_.files, options_.root_dir + "/consumequeue",
                                               own_dir_ + "/trash", options_.queue_file_bytes,
                                               static_cast<size_t>(options_.queue_files_open_max));
  Recovery recovery({*parts_.log, *parts_.queues, deps_.files, options_, deps_.clock},
                    std::move(input));
  return recovery.run();
}

// The index proves how far it is complete; the keys of what follows are added again.
Status FileStore::open_keys(const RecoveryInput& input, const Recovered& recovered) {
  ASSERT(!parts_.keys && parts_.queues, "keys follow the queues");
  if (!options_.index_enable) return ok();
  const IndexStart start{.clean = input.stop == LastStop::clean,
                         .log_begin = parts_.log->begin(),
                         .log_end = recovered.end,
                         .flushed_time = input.checkpoint.index_time};
  TRY(keys, KeyIndex::open(deps_.files,
                           {.dir = options_.root_dir + "/index",
                            .mark_path = own_dir_ + "/index_mark",
                            .layout = {options_.index_slots_max, options_.index_entries_max}},
                           start));
  parts_.keys = std::move(keys);
  LogScan scan(*parts_.log, message::Verify::none);
  scan.seek(std::max(parts_.keys->safe_end(), parts_.log->begin()));
  ScanProgress progress(deps_.clock, scan.position(), recovered.end);
  int64_t records = 0;
  while (scan.position() < recovered.end) {
    const LogScan::Item item = scan.next();
    if (item.kind == LogScan::Kind::end) break;
    if (item.kind == LogScan::Kind::bad) {
      auto hole = std::find_if(recovered.holes.begin(), recovered.holes.end(),
                               [&](const Hole& h) { return item.at >= h.from && item.at < h.to; });
      auto behind = hole != recovered.holes.end() ? std::optional(hole->to)
                                                  : scan.find_valid(item.at + 1, int64_t{64} << 20);
      if (!behind) break;
      scan.seek(*behind);
      continue;
    }
    if (item.kind != LogScan::Kind::record) continue;
    add_keys(*parts_.keys, item.record);
    ++records;
    if (!progress.is_due(item.at)) continue;
    const auto file = scan.file_start_of(item.at).value_or(item.at);
    AGENA_LOG(warn, "storage", "keys: {}", progress.line(item.at, file, records));
  }
  return ok();
}

void FileStore::report(const Recovered& r, LastStop stop, MonoNanos began) {
  const int64_t nanos = deps_.clock.mono() - began;
  recovery_sentence_ = sentence_of(r, stop, nanos);
  int64_t hole_bytes = 0;
  for (const Hole& hole : r.holes) hole_bytes += hole.to - hole.from;
  AGENA_LOG(info, "storage",
            "recovered files={} scanned_from={} scanned_bytes={} records={} end={} "
            "erased_bytes={} holes={} hole_bytes={} redispatched={} skipped={} trusted={} ms={}",
            r.files, r.scanned_from.value, r.scanned_bytes, r.records, r.end.value, r.erased_bytes,
            r.holes.size(), hole_bytes, r.redispatched, r.skipped, r.was_trusted,
            nanos / kNanosPerMilli);
}

void FileStore::start_background() {
  ASSERT(!timers_, "started once");
  last_checkpoint_ = last_cool_down_ = deps_.clock.mono();
  timers_ = std::make_shared<Timers>();
  deps_.background.post([this, gate = gate_, timers = timers_] {
    gate->run([&] {
      auto every = [&](int64_t ms, void (FileStore::*work)()) {
        timers->all.push_back(deps_.background.every(
            std::max<int64_t>(ms, 1), [this, gate, work] { gate->run([&] { (this->*work)(); }); }));
      };
      every(options_.log_flush_interval_ms, &FileStore::flush_round);
      every(options_.queue_flush_interval_ms, &FileStore::queue_round);
      every(options_.clean_interval_ms, &FileStore::clean_round);
    });
  });
}

void FileStore::in_background(void (FileStore::*work)()) {
  deps_.background.post([this, gate = gate_, work] { gate->run([&] { (this->*work)(); }); });
}

Status FileStore::check_open() const {
  if (!is_open_.load(std::memory_order_acquire) || fence_.raised()) return Errc::not_open;
  return ok();
}

Result<Appended> FileStore::append(const message::Draft& draft) {
  TRY_OK(check_open());
  if (parts_.housekeeping->refuses()) return Error{Errc::disk_full, parts_.housekeeping->refusal()};
  return parts_.appender->append(draft);
}

Result<Appended> FileStore::append_batch(const message::Draft& draft) {
  TRY_OK(check_open());
  if (parts_.housekeeping->refuses()) return Error{Errc::disk_full, parts_.housekeeping->refusal()};
  return parts_.appender->append_batch(draft);
}

void FileStore::commit() {
  if (!check_open()) return;
  std::vector<Arrival> arrivals;
  if (!parts_.appender->commit(arrivals)) return;
  tell(arrivals);
  if (options_.flush_mode == FlushMode::sync || parts_.flusher->has_waiters()) request_flush();
  const bool wants_work =
      parts_.log->wants_work() || parts_.dispatch->unwritten_entries() > kUnwrittenEntriesMax;
  if (wants_work && !work_asked_.exchange(true)) in_background(&FileStore::queue_round);
}

void FileStore::tell(const std::vector<Arrival>& arrivals) {
  if (deps_.arrivals != nullptr && !arrivals.empty()) deps_.arrivals->on_arrivals(arrivals);
}

void FileStore::when_durable(PhysicalOffset end, io::Loop& loop, std::function<void()> done) {
  if (parts_.flusher->when_durable(end, loop, std::move(done))) request_flush();
}

void FileStore::request_flush() {
  if (!flush_asked_.exchange(true)) in_background(&FileStore::flush_round);
}

void FileStore::flush_round() {
  flush_asked_ = false;
  std::vector<Arrival> arrivals;
  parts_.flusher->run(arrivals);
  tell(arrivals);
}

void FileStore::queue_round() {
  work_asked_ = false;
  if (fence_.raised()) return;
  parts_.log->work_ahead();
  parts_.dispatch->clear_unwritten_entries();
  if (parts_.queues->write_some(256) && !work_asked_.exchange(true))
    in_background(&FileStore::queue_round);

  const MonoNanos now = deps_.clock.mono();
  if (now - last_mark_ >= kNanosPerSecond) {
    last_mark_ = now;
    Status noted = parts_.checkpointing->note_flushed();
    if (noted) noted = parts_.checkpointing->rewrite_snapshot_if_stale();
    if (Status late = write_deletions(); !late)
      AGENA_LOG(warn, "storage", "a deletion is not noted yet: {}", describe(late.error()));
    if (!noted && noted.error().code != Errc::disk_full)
      return fence_.raise("write the durable mark", noted.error());
    const uint64_t bytes = parts_.appender->bytes();
    parts_.log->adapt_tail(bytes - bytes_at_last_round_ > kBusyBytes);
    bytes_at_last_round_ = bytes;
  }
  if (now - last_cool_down_ >= kCoolDownNanos) {
    last_cool_down_ = now;
    parts_.queues->cool_down();
    if (parts_.keys) parts_.keys->cool_down();
  }
  Checkpointing& checkpointing = *parts_.checkpointing;
  ASSERT(now >= last_checkpoint_, "the monotonic clock does not go back");
  if (checkpointing.is_under_way() || !checkpointing.has_news()) return;
  const bool is_due =
      now - last_checkpoint_ >= options_.queue_thorough_flush_interval_ms * kNanosPerMilli ||
      checkpointing.bytes_since_last() >= kCheckpointBytes;
  if (!is_due) return;
  last_checkpoint_ = now;
  checkpointing.begin();
  in_background(&FileStore::checkpoint_step);
}

void FileStore::checkpoint_step() {
  if (fence_.raised() || !parts_.checkpointing->is_under_way()) return;
  auto again = parts_.checkpointing->step();
  if (!again && again.error().code == Errc::disk_full) {
    // Nothing was claimed and nothing is lost: the next round tries again.
    AGENA_LOG(warn, "storage", "the checkpoint stays: {}", describe(again.error()));
    parts_.checkpointing->give_up();
    return;
  }
  if (!again) return fence_.raise("move the checkpoint", again.error());
  if (*again) in_background(&FileStore::checkpoint_step);
}

void FileStore::clean_round() {
  if (fence_.raised()) return;
  const bool was_removing = parts_.housekeeping->has_more_to_remove();
  parts_.housekeeping->round();
  if (!was_removing && parts_.housekeeping->has_more_to_remove()) remove_step();
}

// One file at a time, deleteCommitLogFilesInterval apart: freeing large files in a row would hold
// up the flushes that share the disk.
void FileStore::remove_step() {
  if (fence_.raised()) return;
  parts_.housekeeping->remove_one();
  // Posted, as a timer may not be replaced while it runs.
  if (parts_.housekeeping->has_more_to_remove()) in_background(&FileStore::remove_later);
}

void FileStore::remove_later() {
  ASSERT(timers_, "the gate lets nothing in once the timers are gone");
  timers_->removal = deps_.background.after(
      options_.log_delete_interval_ms, [this, gate = gate_] { gate->run([&] { remove_step(); }); });
}

Status FileStore::delete_expired_files() {
  TRY_OK(check_open());
  parts_.housekeeping->ask_for_round();
  in_background(&FileStore::clean_round);
  return ok();
}

Status FileStore::delete_topic(std::string_view topic) {
  TRY_OK(check_open());
  // What is staged for the topic reaches its queues first; they go with everything in them.
  commit();
  PhysicalOffset before;
  const auto while_stopped = [&](const std::function<void()>& work) {
    parts_.appender->while_stopped([&] {
      work();
      before = parts_.log->staged();
    });
  };
  TRY_OK(parts_.queues->remove_topic(topic, while_stopped,
                                     [&] { return note_deleted(topic, before); }));
  TRY_OK(write_deletions());
  // At the next start the snapshot must not ask for queues that are gone on purpose.
  Status noted = ok();
  gate_->run([&] {
    parts_.checkpointing->note_deleted();
    noted = parts_.checkpointing->rewrite_snapshot_if_stale();
  });
  return noted;
}

// A power cut may have taken the end of the log back: what is stored there from now on is new. It
// has to be on the disk before anything is stored, or the next recovery takes that for deleted.
Status FileStore::forget_deletions_behind(PhysicalOffset end) {
  const bool is_any_behind = std::any_of(deleted_.begin(), deleted_.end(),
                                         [&](const auto& each) { return each.second > end; });
  if (!is_any_behind) return ok();
  for (auto& [topic, before] : deleted_) before = std::min(before, end);
  return write_deleted_topics(deps_.files, own_dir_, deleted_);
}

// On the disk before the topic's files go: a crash from now on brings nothing of it back.
Status FileStore::note_deleted(std::string_view topic, PhysicalOffset before) {
  commit();  // Records of the topic that are still staged lie before that place.
  {
    MutexLock lock(deleted_mutex_);
    std::erase_if(deleted_, [&](const auto& each) { return each.second <= parts_.log->begin(); });
    deleted_[std::string(topic)] = before;
    is_deleted_unwritten_ = true;
  }
  return write_deletions();
}

// What an earlier call could not write, too.
Status FileStore::write_deletions() {
  MutexLock lock(deleted_mutex_);
  if (!is_deleted_unwritten_) return ok();
  TRY_OK(write_deleted_topics(deps_.files, own_dir_, deleted_));
  is_deleted_unwritten_ = false;
  return ok();
}

Status FileStore::close() {
  if (!is_open_.exchange(false)) return ok();
  gate_->close();
  deps_.background.post([timers = std::move(timers_)] {
    timers->all.clear();
    timers->removal.reset();
  });
  if (fence_.raised()) return Error{Errc::io_error, "the log could not be written"};
  std::vector<Arrival> arrivals;
  parts_.appender->commit(arrivals);
  parts_.flusher->run(arrivals);
  // A clean stop says that nothing is left to do.
  TRY_OK(write_deletions());
  TRY_OK(parts_.queues->finish_removals());
  TRY_OK(parts_.checkpointing->close());
  TRY_OK(mark_stopped(deps_.files, options_.root_dir));
  parts_.lock.reset();
  return ok();
}

}  // namespace agena::storage
