#include "broker/group_table.h"

#include <algorithm>
#include <array>

#include "base/log.h"
#include "broker/attributes.h"
#include "message/names.h"

namespace agena::broker {
namespace {

// Groups that tools and the broker itself use; clients expect to find them.
constexpr std::array<std::string_view, 8> kOwnGroups = {
    "TOOLS_CONSUMER",  "FILTERSRV_CONSUMER",    "SELF_TEST_C_GROUP", "CID_ONS-HTTP-PROXY",
    "CID_ONSAPI_PULL", "CID_ONSAPI_PERMISSION", "CID_ONSAPI_OWNER",  "CID_RMQ_SYS_TRANS"};

}  // namespace

GroupTable::GroupTable(GroupTableDeps deps)
    : deps_(std::move(deps)),
      file_(deps_.files, deps_.config_dir + "/subscriptionGroup.json",
            [this] { return encode(); }) {}

Status GroupTable::load() {
  TRY_OK(file_.load([this](const std::string& text) -> Status {
    auto table = json::parse_json<GroupConfigTable>(text);
    if (!table) return table.error();
    MutexLock lock(mutex_);
    groups_.clear();
    for (auto& [name, config] : table->groups) {
      config.group_name = name;
      groups_[name] = std::make_shared<const wire::SubscriptionGroupConfig>(std::move(config));
    }
    forbidden_ = std::move(table->forbidden);
    version_ = table->data_version;
    return ok();
  }));
  {
    MutexLock lock(mutex_);
    for (auto name : kOwnGroups) {
      if (groups_.contains(name)) continue;
      wire::SubscriptionGroupConfig config;
      config.group_name = name;
      groups_[std::string(name)] =
          std::make_shared<const wire::SubscriptionGroupConfig>(std::move(config));
    }
    if (version_ == wire::DataVersion{}) version_.timestamp = deps_.clock.wall();
  }
  file_.save_soon();
  return ok();
}

GroupRef GroupTable::find(std::string_view group) const {
  MutexLock lock(mutex_);
  auto at = groups_.find(group);
  return at == groups_.end() ? nullptr : at->second;
}

GroupRef GroupTable::find_or_create(std::string_view group) {
  if (GroupRef found = find(group)) return found;
  bool allowed = deps_.options.auto_create_subscription_group || message::is_system_group(group);
  if (!allowed || !message::check_group(group)) return nullptr;
  GroupRef made;
  {
    MutexLock lock(mutex_);
    auto [at, is_new] = groups_.try_emplace(std::string(group));
    if (!is_new) return at->second;
    wire::SubscriptionGroupConfig config;
    config.group_name = group;
    made = at->second = std::make_shared<const wire::SubscriptionGroupConfig>(std::move(config));
    version_.advance(deps_.clock.wall());
  }
  file_.save_soon();
  AGENA_LOG(info, "broker", "group {} created at its first use", group);
  return made;
}

std::vector<GroupRef> GroupTable::all() const {
  std::vector<GroupRef> out;
  {
    MutexLock lock(mutex_);
    for (const auto& [name, config] : groups_) out.push_back(config);
  }
  std::sort(out.begin(), out.end(), [](auto& a, auto& b) { return a->group_name < b->group_name; });
  return out;
}

GroupConfigTable GroupTable::snapshot() const {
  GroupConfigTable out;
  MutexLock lock(mutex_);
  out.data_version = version_;
  out.forbidden = forbidden_;
  for (const auto& [name, config] : groups_) out.groups.emplace(name, *config);
  return out;
}

wire::DataVersion GroupTable::version() const {
  MutexLock lock(mutex_);
  return version_;
}

Status GroupTable::put(wire::SubscriptionGroupConfig config) {
  TRY_OK(message::check_group(config.group_name));
  {
    MutexLock lock(mutex_);
    auto at = groups_.find(config.group_name);
    bool is_new = at == groups_.end();
    TRY(altered,
        alter_attributes(AttributeOwner::group, is_new,
                         is_new ? Attributes{} : at->second->attributes, config.attributes));
    config.attributes = std::move(altered);
    std::string name = config.group_name;
    groups_[name] = std::make_shared<const wire::SubscriptionGroupConfig>(std::move(config));
    version_.advance(deps_.clock.wall());
  }
  file_.save_soon();
  return ok();
}

bool GroupTable::remove(std::string_view group) {
  {
    MutexLock lock(mutex_);
    auto at = groups_.find(group);
    if (at == groups_.end()) return false;
    forbidden_.erase(at->first);
    groups_.erase(at);
    version_.advance(deps_.clock.wall());
  }
  file_.save_soon();
  return true;
}

int32_t GroupTable::forbidden(std::string_view group, std::string_view topic) const {
  MutexLock lock(mutex_);
  if (forbidden_.empty()) return 0;
  auto by_group = forbidden_.find(std::string(group));
  if (by_group == forbidden_.end()) return 0;
  auto by_topic = by_group->second.find(std::string(topic));
  return by_topic == by_group->second.end() ? 0 : std::max(0, by_topic->second);
}

void GroupTable::set_forbidden(std::string_view group, std::string_view topic, int32_t bit,
                               bool is_set) {
  {
    MutexLock lock(mutex_);
    auto& topics = forbidden_[std::string(group)];
    int32_t& bits = topics[std::string(topic)];
    bits = is_set ? bits | (1 << bit) : bits & ~(1 << bit);
    if (bits == 0) topics.erase(std::string(topic));
    if (topics.empty()) forbidden_.erase(std::string(group));
    version_.advance(deps_.clock.wall());
  }
  file_.save_soon();
}

std::string GroupTable::encode() const {
  return json::to_json(snapshot(), {.is_pretty = true});
}

}  // namespace agena::broker
