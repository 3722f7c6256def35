#include "storage/dispatch.h"

#include <algorithm>
#include <charconv>

#include "base/assert.h"
#include "message/names.h"
#include "message/properties.h"
#include "message/sys_flag.h"
#include "message/tag.h"

namespace agena::storage {

DispatchTexts dispatch_texts(std::string_view properties) {
  namespace property = message::property;
  DispatchTexts texts;
  for (const auto& [name, value] : message::each_property(properties)) {
    if (name == property::tags)
      texts.tags = value;
    else if (name == property::keys)
      texts.keys = value;
    else if (name == property::uniq_key)
      texts.uniq_key = value;
    else if (name == property::delay_level)
      texts.delay_level = value;
  }
  return texts;
}

int64_t queue_tag_code(std::string_view topic, const DispatchTexts& texts, UnixMillis stored,
                       const std::vector<int64_t>& delay_levels_ms) {
  if (topic == message::system_topic::schedule && !texts.delay_level.empty()) {
    int32_t level = 0;
    const char* end = texts.delay_level.data() + texts.delay_level.size();
    auto [stop, error] = std::from_chars(texts.delay_level.data(), end, level);
    if (error == std::errc{} && stop == end && level > 0 && !delay_levels_ms.empty()) {
      const auto index = std::min(static_cast<size_t>(level), delay_levels_ms.size()) - 1;
      return (stored + delay_levels_ms[index]).value;
    }
  }
  return message::tag_code(texts.tags);
}

void add_keys(KeyIndex& keys, const message::RecordView& record) {
  namespace sys_flag = message::sys_flag;
  if (sys_flag::transaction_of(record.sys_flag) == sys_flag::transaction_rollback) return;
  const DispatchTexts texts = dispatch_texts(record.properties);
  keys.add(record.topic, texts.keys, texts.uniq_key, texts.tags, record.physical_offset,
           record.store_time);
}

void Dispatch::publish_one(const DispatchRecord& record, std::vector<Arrival>& arrivals) {
  ASSERT(record.queue != nullptr && record.size > 0);
  ASSERT(record.at >= newest_.at, "messages are published in log order");
  newest_ = {record.at, record.stored};
  if (keys_ != nullptr && record.takes_keys)
    keys_->add(record.queue->topic, record.keys, record.uniq_key, record.tags, record.at,
               record.stored);
  if (!record.takes_slot) return;
  ConsumeQueue& queue = *record.queue;
  if (queue.push(record.queue_offset, {record.at, record.size, record.tag_code}))
    queues_.mark_dirty(queue);
  if (queue.arrival < 0) {
    queue.arrival = static_cast<int32_t>(arrivals.size());
    touched_.push_back(&queue);
    arrivals.push_back({queue.topic, queue.id, {}, 0});
  }
  ASSERT(static_cast<size_t>(queue.arrival) < arrivals.size(), "one list of arrivals a publish");
  Arrival& arrival = arrivals[static_cast<size_t>(queue.arrival)];
  arrival.next_offset = record.queue_offset + 1;
  arrival.tag_code = record.tag_code;
}

void Dispatch::finish(PhysicalOffset end, const std::vector<Arrival>& arrivals) {
  for (ConsumeQueue* queue : touched_) queue->arrival = -1;
  touched_.clear();
  ASSERT(end >= published() || arrivals.empty(), "records are published in log order");
  if (end > published()) published_.store(end.value, std::memory_order_release);
}

void Dispatch::publish(std::vector<DispatchRecord>& records, PhysicalOffset end,
                       std::vector<Arrival>& arrivals) {
  MutexLock lock(mutex_);
  ASSERT(held_.empty(), "what waits for a flush comes first");
  ASSERT(records.empty() || records.front().at >= published(), "nobody has passed these over");
  for (const DispatchRecord& record : records) publish_one(record, arrivals);
  unwritten_.fetch_add(static_cast<int64_t>(records.size()), std::memory_order_relaxed);
  records.clear();
  finish(end, arrivals);
}

void Dispatch::hold(std::vector<DispatchRecord>& records) {
  MutexLock lock(mutex_);
  ASSERT(held_.empty() || records.empty() || held_.back().at < records.front().at);
  ASSERT(records.empty() || records.front().at >= published(), "nobody has passed these over");
  held_.insert(held_.end(), records.begin(), records.end());
  records.clear();
}

void Dispatch::publish_flushed(PhysicalOffset flushed, std::vector<Arrival>& arrivals) {
  MutexLock lock(mutex_);
  PhysicalOffset end = published();
  while (!held_.empty() && held_.front().at + held_.front().size <= flushed) {
    publish_one(held_.front(), arrivals);
    end = held_.front().at + held_.front().size;
    held_.pop_front();
    unwritten_.fetch_add(1, std::memory_order_relaxed);
  }
  if (held_.empty() && flushed > end) end = flushed;
  finish(end, arrivals);
}

Dispatch::Newest Dispatch::newest() {
  MutexLock lock(mutex_);
  return newest_;
}

}  // namespace agena::storage
