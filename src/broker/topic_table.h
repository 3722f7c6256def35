// The topics of this broker and their settings.
//
// Over:    config_file.h, wire/bodies/topic_config.h.  Under: handlers/, registration.h.
// Threads: any; every method locks for a map look-up.
// Lifetime: a TopicRef stays valid and unchanged; a later look-up may give a newer one.
// Durable: changes are saved in the background; file().when_saved() tells when.
// Errors:  Errc::invalid_parameter for bad names or settings, topic_not_exist, no_permission.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/string_key.h"
#include "base/thread.h"
#include "broker/config_file.h"
#include "broker/options.h"
#include "io/clock.h"
#include "wire/bodies/topic_config.h"

namespace agena::broker {

using TopicRef = std::shared_ptr<const wire::TopicConfig>;

struct TopicTableDeps {
  const io::Clock& clock;
  const Options& options;
  ConfigFileDeps files;
  std::string config_dir;
};

class TopicTable {
 public:
  explicit TopicTable(TopicTableDeps deps);

  // Reads topics.json and adds the topics that every broker has.
  Status load();
  // Called (outside the lock) after a change that name servers must learn of.
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

  TopicRef find(std::string_view topic) const;
  std::vector<TopicRef> all() const;  // By name.
  size_t size() const;
  wire::TopicConfigTable snapshot() const;
  wire::DataVersion version() const;
  bool is_system(std::string_view topic) const;  // Also this broker's and its cluster's own.

  // A producer's first send: the settings of `example` (TBW102, or a topic named by the client)
  // decide whether and how the topic is made. Errc::topic_not_exist when it may not be made.
  Result<TopicRef> create_by_example(std::string_view topic, std::string_view example,
                                     int32_t queues_wanted, int32_t sys_flag);
  // Retry, dead-letter and other topics that the broker makes for itself.
  Result<TopicRef> ensure(const wire::TopicConfig& wanted);
  // An operator's create or change. `attributes` holds changes: `+key`, `-key` (attributes.h).
  Status put(wire::TopicConfig config);
  Status set_unit_subscription(std::string_view topic, bool has_unit_subscription);
  bool remove(std::string_view topic);
  // Something that name servers are told with the topics changed: the broker's own permission.
  void touch();

  ConfigFile& file() { return file_; }
  // Whether the file has the topic: until then a crash forgets it, and with it its messages.
  bool is_saved(std::string_view topic) const;

 private:
  using Map = std::unordered_map<std::string, TopicRef, StringKeyHash, std::equal_to<>>;
  void add_own_topics() REQUIRES(mutex_);
  TopicRef store(wire::TopicConfig config) REQUIRES(mutex_);
  void announce();
  std::string encode() const;

  TopicTableDeps deps_;
  std::function<void()> changed_;
  mutable Mutex mutex_;
  Map topics_ GUARDED_BY(mutex_);
  wire::DataVersion version_ GUARDED_BY(mutex_);
  std::set<std::string, std::less<>> unsaved_ GUARDED_BY(mutex_);  // New ones.
  std::atomic<size_t> unsaved_count_ = 0;  // So that whoever sends need not look.
  ConfigFile file_;
};

}  // namespace agena::broker
