// The consumer groups of this broker, their settings, and which of them may not read which topics.
//
// Over:    config_file.h, wire/bodies/subscription_group.h.  Under: handlers/.
// Threads: any.  Lifetime: a GroupRef stays valid and unchanged.
// Durable: config/subscriptionGroup.json, saved in the background.
// Errors:  Errc::invalid_parameter for bad names, subscription_group_not_exist.
#pragma once
#include <memory>
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
#include "wire/bodies/data_version.h"
#include "wire/bodies/subscription_group.h"

namespace agena::broker {

using GroupRef = std::shared_ptr<const wire::SubscriptionGroupConfig>;

// Body of request 201 and of config/subscriptionGroup.json.
struct GroupConfigTable {
  wire::DataVersion data_version;
  std::map<std::string, std::map<std::string, int32_t>> forbidden;  // group -> topic -> bits.
  std::map<std::string, wire::SubscriptionGroupConfig> groups;
  static constexpr auto fields =
      std::tuple{field("dataVersion", &GroupConfigTable::data_version),
                 field("forbiddenTable", &GroupConfigTable::forbidden),
                 field("subscriptionGroupTable", &GroupConfigTable::groups)};
};

struct GroupTableDeps {
  const io::Clock& clock;
  const Options& options;
  ConfigFileDeps files;
  std::string config_dir;
};

class GroupTable {
 public:
  explicit GroupTable(GroupTableDeps deps);

  Status load();
  // Makes the group when autoCreateSubscriptionGroup allows it; null otherwise.
  GroupRef find_or_create(std::string_view group);
  GroupRef find(std::string_view group) const;
  std::vector<GroupRef> all() const;  // By name.
  GroupConfigTable snapshot() const;
  wire::DataVersion version() const;

  Status put(wire::SubscriptionGroupConfig config);
  bool remove(std::string_view group);

  // Bit 0: the group may not read the topic.
  int32_t forbidden(std::string_view group, std::string_view topic) const;
  void set_forbidden(std::string_view group, std::string_view topic, int32_t bit, bool is_set);

  ConfigFile& file() { return file_; }

 private:
  using Map = std::unordered_map<std::string, GroupRef, StringKeyHash, std::equal_to<>>;
  std::string encode() const;

  GroupTableDeps deps_;
  mutable Mutex mutex_;
  Map groups_ GUARDED_BY(mutex_);
  std::map<std::string, std::map<std::string, int32_t>> forbidden_ GUARDED_BY(mutex_);
  wire::DataVersion version_ GUARDED_BY(mutex_);
  ConfigFile file_;
};

}  // namespace agena::broker
