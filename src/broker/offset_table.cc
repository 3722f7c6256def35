#include "broker/offset_table.h"

#include "base/assert.h"
#include "base/log.h"

namespace agena::broker {
namespace {

constexpr char kSeparator = '@';

struct TopicAndGroup {
  std::string_view topic, group;
};
// Names may not contain '@', so there is one; other keys in a file belong to nobody.
std::optional<TopicAndGroup> split_key(std::string_view key) {
  size_t at = key.find(kSeparator);
  if (at == std::string_view::npos || key.find(kSeparator, at + 1) != std::string_view::npos) {
    return std::nullopt;
  }
  return TopicAndGroup{key.substr(0, at), key.substr(at + 1)};
}

}  // namespace

OffsetTable::OffsetTable(OffsetTableDeps deps)
    : deps_(std::move(deps)),
      file_(deps_.files, deps_.config_dir + "/consumerOffset.json", [this] { return encode(); }) {}

Status OffsetTable::load() {
  return file_.load([this](const std::string& text) -> Status {
    auto body = json::parse_json<OffsetTableBody>(text);
    if (!body) return body.error();
    MutexLock lock(mutex_);
    committed_.clear();
    for (auto& [key, offsets] : body->offsets) committed_[key] = std::move(offsets);
    version_ = body->data_version;
    return ok();
  });
}

std::string OffsetTable::key_of(std::string_view topic, std::string_view group) {
  std::string key;
  key.reserve(topic.size() + group.size() + 1);
  key.append(topic).push_back(kSeparator);
  return key.append(group);
}

std::optional<QueueOffset> OffsetTable::look_up(const Map& map, const GroupQueue& at) {
  if (map.empty()) return std::nullopt;
  auto queues = map.find(key_of(at.topic, at.group));
  if (queues == map.end()) return std::nullopt;
  auto offset = queues->second.find(at.queue_id.value);
  if (offset == queues->second.end()) return std::nullopt;
  return QueueOffset(offset->second);
}

bool OffsetTable::commit(const GroupQueue& at, QueueOffset offset) {
  MutexLock lock(mutex_);
  if (deps_.options.use_server_side_reset_offset && look_up(resets_, at)) return false;
  auto& queues = committed_[key_of(at.topic, at.group)];
  auto [slot, is_new] = queues.try_emplace(at.queue_id.value, offset.value);
  if (!is_new) {
    if (slot->second == offset.value) return true;
    if (offset.value < slot->second) {
      AGENA_LOG(warn, "broker", "group {} goes back in {}/{}: {} after {}", at.group, at.topic,
                at.queue_id.value, offset.value, slot->second);
    }
    slot->second = offset.value;
  }
  changed_ = true;
  return true;
}

std::optional<QueueOffset> OffsetTable::query(const GroupQueue& at) const {
  MutexLock lock(mutex_);
  if (deps_.options.use_server_side_reset_offset) {
    if (auto reset = look_up(resets_, at)) return reset;
  }
  return look_up(committed_, at);
}

std::optional<QueueOffset> OffsetTable::committed(const GroupQueue& at) const {
  MutexLock lock(mutex_);
  return look_up(committed_, at);
}

void OffsetTable::commit_pull(const GroupQueue& at, QueueOffset offset) {
  MutexLock lock(mutex_);
  pulled_[key_of(at.topic, at.group)][at.queue_id.value] = offset.value;
}

std::optional<QueueOffset> OffsetTable::pulled(const GroupQueue& at) const {
  {
    MutexLock lock(mutex_);
    if (auto offset = look_up(pulled_, at)) return offset;
  }
  return query(at);
}

void OffsetTable::set_reset(const GroupQueue& at, QueueOffset offset) {
  MutexLock lock(mutex_);
  std::string key = key_of(at.topic, at.group);
  resets_[key][at.queue_id.value] = offset.value;
  committed_[key][at.queue_id.value] = offset.value;
  pulled_.erase(key);
  changed_ = true;
}

bool OffsetTable::has_reset(const GroupQueue& at) const {
  MutexLock lock(mutex_);
  return look_up(resets_, at).has_value();
}

std::optional<QueueOffset> OffsetTable::take_reset(const GroupQueue& at) {
  MutexLock lock(mutex_);
  auto offset = look_up(resets_, at);
  if (!offset) return std::nullopt;
  auto queues = resets_.find(key_of(at.topic, at.group));
  ASSERT(queues != resets_.end(), "it was found under the same lock");
  queues->second.erase(at.queue_id.value);
  if (queues->second.empty()) resets_.erase(queues);
  return offset;
}

std::set<std::string> OffsetTable::topics_of(std::string_view group) const {
  std::set<std::string> out;
  MutexLock lock(mutex_);
  for (const auto& [key, queues] : committed_) {
    auto parts = split_key(key);
    if (parts && parts->group == group) out.emplace(parts->topic);
  }
  return out;
}

std::set<std::string> OffsetTable::groups_of(std::string_view topic) const {
  std::set<std::string> out;
  MutexLock lock(mutex_);
  for (const auto& [key, queues] : committed_) {
    auto parts = split_key(key);
    if (parts && parts->topic == topic) out.emplace(parts->group);
  }
  return out;
}

OffsetTable::ByQueue OffsetTable::offsets_of(std::string_view group, std::string_view topic) const {
  MutexLock lock(mutex_);
  auto at = committed_.find(key_of(topic, group));
  return at == committed_.end() ? ByQueue{} : at->second;
}

OffsetTable::ByQueue OffsetTable::smallest_offsets(std::string_view topic,
                                                   const std::set<std::string>& without) const {
  ByQueue out;
  MutexLock lock(mutex_);
  for (const auto& [key, queues] : committed_) {
    auto parts = split_key(key);
    if (!parts || parts->topic != topic || without.contains(std::string(parts->group))) continue;
    for (auto [queue, offset] : queues) {
      auto [slot, is_new] = out.try_emplace(queue, offset);
      if (!is_new && offset < slot->second) slot->second = offset;
    }
  }
  return out;
}

void OffsetTable::copy_group(std::string_view from, std::string_view to, std::string_view topic) {
  MutexLock lock(mutex_);
  auto at = committed_.find(key_of(topic, from));
  if (at == committed_.end()) return;
  ByQueue copy = at->second;
  committed_[key_of(topic, to)] = std::move(copy);
  changed_ = true;
}

void OffsetTable::remove_group(std::string_view group) {
  auto theirs = [&](const auto& entry) {
    auto parts = split_key(entry.first);
    return parts && parts->group == group;
  };
  MutexLock lock(mutex_);
  if (std::erase_if(committed_, theirs) > 0) changed_ = true;
  std::erase_if(pulled_, theirs);
  std::erase_if(resets_, theirs);
}

void OffsetTable::remove_topic(std::string_view topic) {
  auto its = [&](const auto& entry) {
    auto parts = split_key(entry.first);
    return parts && parts->topic == topic;
  };
  MutexLock lock(mutex_);
  if (std::erase_if(committed_, its) > 0) changed_ = true;
  std::erase_if(pulled_, its);
  std::erase_if(resets_, its);
}

OffsetTableBody OffsetTable::snapshot() const {
  OffsetTableBody out;
  MutexLock lock(mutex_);
  out.data_version = version_;
  for (const auto& [key, queues] : committed_) {
    out.offsets.emplace(key, queues);
    if (auto parts = split_key(key)) {
      out.group_topics[std::string(parts->group)].emplace(parts->topic);
    }
  }
  for (const auto& [key, queues] : pulled_) out.pull_offsets.emplace(key, queues);
  return out;
}

void OffsetTable::save_if_changed() {
  {
    MutexLock lock(mutex_);
    if (!std::exchange(changed_, false)) return;
    version_.advance(deps_.clock.wall());
  }
  // A save that fails is logged and counted, and leaves everything marked for the next round.
  file_.when_saved([this](const Status& saved) {
    if (saved) return;
    MutexLock lock(mutex_);
    changed_ = true;
  });
}

std::string OffsetTable::encode() const {
  return json::to_json(snapshot(), {.is_pretty = true});
}

}  // namespace agena::broker
