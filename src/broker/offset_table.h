// How far each group has consumed each queue.
//
// Over:    config_file.h.  Under: handlers/ (offsets, pull, views, reset).
// Threads: any.
// Durable: config/consumerOffset.json, saved flushConsumerOffsetInterval after a change and at the
//          stop; a crash takes back what was committed since.
// Resets:  an offset set by an operator outlives commits of running consumers until the group's
//          next pull has taken it (server-side reset).
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/ids.h"
#include "base/string_key.h"
#include "base/thread.h"
#include "broker/config_file.h"
#include "broker/options.h"
#include "io/clock.h"
#include "wire/bodies/data_version.h"

namespace agena::broker {

// Body of request 43 and of config/consumerOffset.json.
struct OffsetTableBody {
  using ByQueue = std::map<int32_t, int64_t>;
  wire::DataVersion data_version;
  std::map<std::string, std::set<std::string>> group_topics;  // Written for Java's sake.
  std::map<std::string, ByQueue> offsets;                     // "topic@group".
  std::map<std::string, ByQueue> pull_offsets;  // How far was pulled; not taken from a file.
  static constexpr auto fields =
      std::tuple{field("dataVersion", &OffsetTableBody::data_version),
                 field("groupTopicMap", &OffsetTableBody::group_topics),
                 field("offsetTable", &OffsetTableBody::offsets),
                 field("pullOffsetTable", &OffsetTableBody::pull_offsets)};
};

// One group's place in one queue.
struct GroupQueue {
  std::string_view group;
  std::string_view topic;
  QueueId queue_id;
};

struct OffsetTableDeps {
  const io::Clock& clock;
  ConfigFileDeps files;
  std::string config_dir;
  const Options& options;
};

class OffsetTable {
 public:
  using ByQueue = OffsetTableBody::ByQueue;
  explicit OffsetTable(OffsetTableDeps deps);
  Status load();

  // False when a reset is pending: the commit is dropped.
  bool commit(const GroupQueue& at, QueueOffset offset);
  // A pending reset, or what was committed.
  std::optional<QueueOffset> query(const GroupQueue& at) const;
  std::optional<QueueOffset> committed(const GroupQueue& at) const;

  void commit_pull(const GroupQueue& at, QueueOffset offset);
  std::optional<QueueOffset> pulled(const GroupQueue& at) const;

  void set_reset(const GroupQueue& at, QueueOffset offset);
  bool has_reset(const GroupQueue& at) const;
  std::optional<QueueOffset> take_reset(const GroupQueue& at);

  std::set<std::string> topics_of(std::string_view group) const;
  std::set<std::string> groups_of(std::string_view topic) const;
  ByQueue offsets_of(std::string_view group, std::string_view topic) const;
  // Smallest committed offset a queue among all groups but `without`.
  ByQueue smallest_offsets(std::string_view topic, const std::set<std::string>& without) const;
  void copy_group(std::string_view from, std::string_view to, std::string_view topic);
  void remove_group(std::string_view group);
  void remove_topic(std::string_view topic);
  OffsetTableBody snapshot() const;

  // Saves if anything changed since the last save; called every flushConsumerOffsetInterval.
  void save_if_changed();
  ConfigFile& file() { return file_; }

 private:
  using Map = std::unordered_map<std::string, ByQueue, StringKeyHash, std::equal_to<>>;
  static std::string key_of(std::string_view topic, std::string_view group);
  static std::optional<QueueOffset> look_up(const Map& map, const GroupQueue& at);
  std::string encode() const;

  OffsetTableDeps deps_;
  mutable Mutex mutex_;
  Map committed_ GUARDED_BY(mutex_);
  Map pulled_ GUARDED_BY(mutex_);
  Map resets_ GUARDED_BY(mutex_);
  wire::DataVersion version_ GUARDED_BY(mutex_);
  bool changed_ GUARDED_BY(mutex_) = false;
  ConfigFile file_;
};

}  // namespace agena::broker
