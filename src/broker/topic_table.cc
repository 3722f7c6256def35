#include "broker/topic_table.h"

#include "broker/faq.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/log.h"
#include "broker/attributes.h"
#include "message/names.h"

namespace agena::broker {
namespace {

namespace topics = message::system_topic;
constexpr int32_t kReadWrite = wire::kPermRead | wire::kPermWrite;

wire::TopicConfig make_topic(std::string_view name, int32_t queues, int32_t perm = kReadWrite) {
  wire::TopicConfig config;
  config.name = name;
  config.read_queues = config.write_queues = queues;
  config.perm = perm;
  return config;
}

}  // namespace

TopicTable::TopicTable(TopicTableDeps deps)
    : deps_(std::move(deps)),
      file_(deps_.files, deps_.config_dir + "/topics.json", [this] { return encode(); }) {}

Status TopicTable::load() {
  TRY_OK(file_.load([this](const std::string& text) -> Status {
    auto table = json::parse_json<wire::TopicConfigTable>(text);
    if (!table) return table.error();
    MutexLock lock(mutex_);
    topics_.clear();
    for (auto& [name, config] : table->topics) {
      config.name = name;
      topics_[name] = std::make_shared<const wire::TopicConfig>(std::move(config));
    }
    version_ = table->data_version;
    return ok();
  }));
  {
    MutexLock lock(mutex_);
    add_own_topics();
    if (version_ == wire::DataVersion{}) version_.timestamp = deps_.clock.wall();
  }
  file_.save_soon();
  return ok();
}

// What is configured for these wins over what a file of an earlier configuration says.
void TopicTable::add_own_topics() {
  const Options& options = deps_.options;
  auto add = [this](wire::TopicConfig config) REQUIRES(mutex_) {
    auto& slot = topics_[config.name];
    slot = std::make_shared<const wire::TopicConfig>(std::move(config));
  };
  auto add_if_absent = [&](wire::TopicConfig config) REQUIRES(mutex_) {
    if (!topics_.contains(config.name)) add(std::move(config));
  };
  add_if_absent(make_topic(topics::self_test, 1));
  if (options.auto_create_topic_enable) {
    add(make_topic(topics::auto_create, options.default_topic_queue_nums,
                   wire::kPermInherit | kReadWrite));
  }
  add_if_absent(make_topic(topics::benchmark, 1024));
  add(make_topic(options.broker_cluster_name, 16,
                 wire::kPermInherit | (options.cluster_topic_enable ? kReadWrite : 0)));
  add(make_topic(options.broker_name, 1,
                 wire::kPermInherit | (options.broker_topic_enable ? kReadWrite : 0)));
  add_if_absent(make_topic(topics::offset_moved, 1));
  add_if_absent(make_topic(topics::schedule, 18));
  if (options.trace_topic_enable) add_if_absent(make_topic(options.msg_trace_topic_name, 1));
  add_if_absent(make_topic(message::reply_topic(options.broker_cluster_name), 1));
  add_if_absent(make_topic("rmq_sys_REVIVE_LOG_" + options.broker_cluster_name, 8));
  add_if_absent(
      make_topic("rmq_sys_SYNC_BROKER_MEMBER_" + options.broker_name, 1, wire::kPermInherit));
  for (auto name : {topics::half, topics::op_half, topics::rocksdb_half, topics::rocksdb_op_half,
                    topics::wheel_timer}) {
    add_if_absent(make_topic(name, 1));
  }
}

TopicRef TopicTable::find(std::string_view topic) const {
  MutexLock lock(mutex_);
  auto at = topics_.find(topic);
  return at == topics_.end() ? nullptr : at->second;
}

std::vector<TopicRef> TopicTable::all() const {
  std::vector<TopicRef> out;
  {
    MutexLock lock(mutex_);
    out.reserve(topics_.size());
    for (const auto& [name, config] : topics_) out.push_back(config);
  }
  std::sort(out.begin(), out.end(), [](auto& a, auto& b) { return a->name < b->name; });
  return out;
}

size_t TopicTable::size() const {
  MutexLock lock(mutex_);
  return topics_.size();
}

wire::TopicConfigTable TopicTable::snapshot() const {
  wire::TopicConfigTable out;
  MutexLock lock(mutex_);
  out.data_version = version_;
  for (const auto& [name, config] : topics_) out.topics.emplace(name, *config);
  return out;
}

wire::DataVersion TopicTable::version() const {
  MutexLock lock(mutex_);
  return version_;
}

bool TopicTable::is_system(std::string_view topic) const {
  return message::is_system_topic(topic,
                                  {deps_.options.broker_cluster_name, deps_.options.broker_name});
}

TopicRef TopicTable::store(wire::TopicConfig config) {
  auto stored = std::make_shared<const wire::TopicConfig>(std::move(config));
  auto [at, is_new] = topics_.insert_or_assign(stored->name, stored);
  if (is_new) {
    unsaved_.insert(stored->name);
    unsaved_count_ = unsaved_.size();
  }
  version_.advance(deps_.clock.wall());
  return stored;
}

void TopicTable::announce() {
  std::set<std::string, std::less<>> covered;
  {
    MutexLock lock(mutex_);
    covered = unsaved_;
  }
  file_.when_saved([this, covered = std::move(covered)](const Status& saved) {
    if (!saved) return;  // It was logged; whoever waits for it was told, too.
    MutexLock lock(mutex_);
    for (const std::string& topic : covered) unsaved_.erase(topic);
    unsaved_count_ = unsaved_.size();
  });
  if (changed_) changed_();
}

bool TopicTable::is_saved(std::string_view topic) const {
  if (unsaved_count_.load(std::memory_order_relaxed) == 0) return true;
  MutexLock lock(mutex_);
  return !unsaved_.contains(topic);
}

Result<TopicRef> TopicTable::create_by_example(std::string_view topic, std::string_view example,
                                               int32_t queues_wanted, int32_t sys_flag) {
  TRY_OK(message::check_topic(topic));
  TopicRef made;
  {
    MutexLock lock(mutex_);
    if (auto at = topics_.find(topic); at != topics_.end()) return at->second;
    auto like = topics_.find(example);
    bool allowed = like != topics_.end() && (like->second->perm & wire::kPermInherit) != 0 &&
                   (example != topics::auto_create || deps_.options.auto_create_topic_enable);
    if (!allowed) {
      return Error{Errc::topic_not_exist,
                   fmt::format("topic[{}] not exist, apply first please!{}", topic, kSeeFaq)};
    }
    int32_t queues = std::clamp(queues_wanted, 0, like->second->write_queues);
    auto config = make_topic(topic, queues, like->second->perm & ~wire::kPermInherit);
    config.sys_flag = sys_flag;
    config.filter_type = like->second->filter_type;
    made = store(std::move(config));
  }
  AGENA_LOG(info, "broker", "topic {} created with {} queues, as {} allows", topic,
            made->write_queues, example);
  announce();
  return made;
}

Result<TopicRef> TopicTable::ensure(const wire::TopicConfig& wanted) {
  TRY_OK(message::check_topic(wanted.name));
  TopicRef made;
  {
    MutexLock lock(mutex_);
    auto at = topics_.find(wanted.name);
    if (at != topics_.end() && at->second->is_order == wanted.is_order) return at->second;
    wire::TopicConfig config = at == topics_.end() ? wanted : *at->second;
    config.is_order = wanted.is_order;
    made = store(std::move(config));
  }
  announce();
  return made;
}

Status TopicTable::put(wire::TopicConfig config) {
  TRY_OK(message::check_topic(config.name));
  {
    MutexLock lock(mutex_);
    auto at = topics_.find(config.name);
    bool is_new = at == topics_.end();
    TRY(altered,
        alter_attributes(AttributeOwner::topic, is_new,
                         is_new ? Attributes{} : at->second->attributes, config.attributes));
    config.attributes = std::move(altered);
    store(std::move(config));
  }
  announce();
  return ok();
}

Status TopicTable::set_unit_subscription(std::string_view topic, bool has_unit_subscription) {
  {
    MutexLock lock(mutex_);
    auto at = topics_.find(topic);
    if (at == topics_.end()) return Errc::topic_not_exist;
    wire::TopicConfig config = *at->second;
    config.sys_flag = has_unit_subscription ? config.sys_flag | wire::kTopicFlagUnitSub
                                            : config.sys_flag & ~wire::kTopicFlagUnitSub;
    if (config == *at->second) return ok();
    store(std::move(config));
  }
  announce();
  return ok();
}

bool TopicTable::remove(std::string_view topic) {
  {
    MutexLock lock(mutex_);
    auto at = topics_.find(topic);
    if (at == topics_.end()) return false;
    topics_.erase(at);
    unsaved_.erase(std::string(topic));
    unsaved_count_ = unsaved_.size();
    version_.advance(deps_.clock.wall());
  }
  announce();
  return true;
}

void TopicTable::touch() {
  {
    MutexLock lock(mutex_);
    version_.advance(deps_.clock.wall());
  }
  announce();
}

std::string TopicTable::encode() const {
  return json::to_json(snapshot(), {.is_pretty = true});
}

}  // namespace agena::broker
