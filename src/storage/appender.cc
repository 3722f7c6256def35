#include "storage/appender.h"

#include <fmt/core.h>

#include <algorithm>
#include <span>

#include "base/assert.h"
#include "message/batch.h"
#include "message/properties.h"
#include "message/record_format.h"
#include "message/sys_flag.h"

namespace agena::storage {
namespace {

// A clock that was set back a little does not reorder times in a queue; one that was wrong by more
// and is right again is believed.
constexpr int64_t kClockStepBelievedMs = 10 * 60 * 1'000;

// Where the properties of an encoded record lie: they end it.
std::string_view stored_properties(Bytes record, const message::Draft& draft,
                                   message::Version version) {
  const size_t overhead =
      version == message::Version::v1 ? message::kRecordOverheadV1 : message::kRecordOverheadV2;
  const size_t hosts = size_t{draft.born_host.ip_length == 16 ? 12u : 0u} +
                       size_t{draft.store_host.ip_length == 16 ? 12u : 0u};
  const size_t before = overhead + hosts + draft.body.size() + draft.topic.size();
  ASSERT(before <= record.size());
  return as_text(record.subspan(before));
}

}  // namespace

void Appender::start_after(UnixMillis newest) {
  MutexLock lock(append_mutex_);
  newest_ = newest;
  committed_.store(deps_.log.staged().value, std::memory_order_release);
}

UnixMillis Appender::store_time() {
  const UnixMillis now = deps_.clock.wall();
  if (now > newest_ || newest_ - now > kClockStepBelievedMs) newest_ = now;
  return newest_;
}

PhysicalOffset Appender::append_one(const Item& item, ConsumeQueue& queue, UnixMillis stored) {
  const message::Draft& draft = item.draft;
  const bool takes_slot = message::sys_flag::takes_queue_slot(draft.sys_flag);
  const message::Version version = message::version_for(draft.topic);
  const PhysicalOffset at = deps_.log.staged();
  const QueueOffset offset = takes_slot ? queue.next : QueueOffset(0);
  MutableBytes place = deps_.log.extend(static_cast<int64_t>(item.size));
  ASSERT(place.size() == item.size);
  message::encode(draft, {at, offset, stored, version}, place);

  const DispatchTexts texts = dispatch_texts(stored_properties(place, draft, version));
  staged_.push_back({
      .queue = &queue,
      .takes_slot = takes_slot,
      .takes_keys = message::sys_flag::transaction_of(draft.sys_flag) !=
                    message::sys_flag::transaction_rollback,
      .queue_offset = offset,
      .at = at,
      .size = static_cast<int32_t>(item.size),
      .tag_code = queue_tag_code(draft.topic, texts, stored, deps_.options.delay_levels_ms),
      .stored = stored,
      .keys = texts.keys,
      .uniq_key = texts.uniq_key,
      .tags = texts.tags,
  });
  if (takes_slot) ++queue.next;
  return at;
}

Result<Appended> Appender::append_items(std::span<const Item> items, bool is_batch) {
  ASSERT(!items.empty());
  int64_t total = 0;
  for (const Item& item : items) total += static_cast<int64_t>(item.size);
  const message::Draft& first = items.front().draft;

  MutexLock lock(append_mutex_);
  TRY(at, deps_.log.reserve(total));
  ASSERT(at == deps_.log.staged(), "nobody else appends under the lock");
  TRY(found, deps_.queues.find_or_add(first.topic, first.queue_id));
  ConsumeQueue& queue = *found;
  Appended appended{.at = at, .size_bytes = total, .queue_offset = {}, .stored = {}, .batch = {}};
  appended.stored = store_time();
  if (message::sys_flag::takes_queue_slot(first.sys_flag)) appended.queue_offset = queue.next;
  if (is_batch) appended.batch.reserve(items.size());
  for (const Item& item : items) {
    const PhysicalOffset place = append_one(item, queue, appended.stored);
    if (is_batch) appended.batch.push_back(place);
  }
  ASSERT(deps_.log.staged() == appended.end(), "all records of a batch are in one place");
  messages_.fetch_add(items.size(), std::memory_order_relaxed);
  bytes_.fetch_add(static_cast<uint64_t>(total), std::memory_order_relaxed);
  return appended;
}

Result<Appended> Appender::append(const message::Draft& draft) {
  if (draft.body.size() > static_cast<size_t>(deps_.options.message_bytes_max))
    return Error{Errc::message_illegal,
                 fmt::format("the body of {} bytes exceeds maxMessageSize={}", draft.body.size(),
                             deps_.options.message_bytes_max)};
  TRY(size, message::encoded_size(draft, message::version_for(draft.topic)));
  const Item item{draft, size};
  return append_items({&item, 1}, false);
}

Result<Appended> Appender::append_batch(const message::Draft& draft) {
  // As in Java, the batch counts as it was sent: its items with their heads and properties.
  if (draft.body.size() > static_cast<size_t>(deps_.options.message_bytes_max))
    return Error{Errc::message_illegal,
                 fmt::format("the batch of {} bytes exceeds maxMessageSize={}", draft.body.size(),
                             deps_.options.message_bytes_max)};
  // The batch's own properties go to each of its messages.
  std::string shared(draft.properties);
  if (!shared.empty() && !draft.more_properties.empty() && shared.back() != message::kValueEnd)
    shared += message::kValueEnd;
  shared += draft.more_properties;

  std::vector<Item> items;
  message::BatchReader reader(draft.body);
  while (auto next = reader.next()) {
    if (items.size() == message::kBatchItemsMax)
      return Error{Errc::message_illegal,
                   fmt::format("a batch holds {} messages at most", message::kBatchItemsMax)};
    Item item{draft, 0};
    item.draft.flag = next->flag;
    item.draft.body = next->body;
    item.draft.properties = next->properties;
    item.draft.more_properties = shared;
    TRY(size, message::encoded_size(item.draft, message::version_for(draft.topic)));
    item.size = size;
    items.push_back(item);
  }
  TRY_OK(reader.status());
  if (items.empty()) return Error{Errc::message_illegal, "the batch holds no message"};
  return append_items(items, true);
}

bool Appender::commit(std::vector<Arrival>& arrivals) {
  if (committed_.load(std::memory_order_acquire) == deps_.log.staged().value) return false;
  MutexLock writing(write_mutex_);
  PhysicalOffset to;
  {
    MutexLock lock(append_mutex_);
    to = deps_.log.staged();
    ASSERT(writing_.empty(), "the last commit passed on what it wrote");
    writing_.swap(staged_);
  }
  ASSERT(to >= deps_.log.written());
  if (to == deps_.log.written()) {
    ASSERT(writing_.empty(), "staged records have staged bytes");
    return false;
  }
  const bool publishes = deps_.options.flush_mode == FlushMode::async;
  // Before `written` moves: as soon as it has, the flusher publishes up to there what is held.
  if (!publishes) deps_.dispatch.hold(writing_);
  const MonoNanos began = deps_.clock.mono();
  if (!deps_.log.write_to(to)) {
    writing_.clear();
    return false;
  }
  // Only this thread writes it, under the mutex.
  const int64_t nanos = deps_.clock.mono() - began;
  if (nanos > write_nanos_max()) write_nanos_max_.store(nanos, std::memory_order_relaxed);
  if (publishes) deps_.dispatch.publish(writing_, to, arrivals);
  ASSERT(writing_.empty() && deps_.log.written() >= to, "written, and passed on");
  committed_.store(to.value, std::memory_order_release);
  deps_.log.trim_tail(deps_.dispatch.published());
  return true;
}

}  // namespace agena::storage
