// A topic's settings, as registrations, requests 17, 18, 21 and 351 and config/topics.json write
// them.
//
// Over: data_version.h.  Under: registration.h, broker/ (topic table), namesrv/ (route table).
#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/json_fields.h"
#include "wire/bodies/data_version.h"

namespace agena::wire {

inline constexpr int32_t kPermInherit = 1;  // New topics may be made after this one's example.
inline constexpr int32_t kPermWrite = 2;
inline constexpr int32_t kPermRead = 4;
inline constexpr int32_t kPermPriority = 8;

inline constexpr int32_t kTopicFlagUnit = 1;
inline constexpr int32_t kTopicFlagUnitSub = 2;

struct TopicConfig {
  std::map<std::string, std::string> attributes = {};
  bool is_order = false;
  int32_t perm = kPermRead | kPermWrite;
  int32_t read_queues = 16;
  std::string filter_type = "SINGLE_TAG";
  std::string name = {};
  int32_t sys_flag = 0;
  int32_t write_queues = 16;
  static constexpr auto fields = std::tuple{field("attributes", &TopicConfig::attributes),
                                            field("order", &TopicConfig::is_order),
                                            field("perm", &TopicConfig::perm),
                                            field("readQueueNums", &TopicConfig::read_queues),
                                            field("topicFilterType", &TopicConfig::filter_type),
                                            field("topicName", &TopicConfig::name),
                                            field("topicSysFlag", &TopicConfig::sys_flag),
                                            field("writeQueueNums", &TopicConfig::write_queues)};
  friend bool operator==(const TopicConfig&, const TopicConfig&) = default;

  bool may_read() const { return (perm & kPermRead) != 0; }
  bool may_write() const { return (perm & kPermWrite) != 0; }
};

// Body of request 21 and of config/topics.json.
struct TopicConfigTable {
  DataVersion data_version;
  std::map<std::string, TopicConfig> topics;
  static constexpr auto fields = std::tuple{field("dataVersion", &TopicConfigTable::data_version),
                                            field("topicConfigTable", &TopicConfigTable::topics)};
};

// Body of request 18.
struct TopicConfigList {
  std::vector<TopicConfig> topics;
  static constexpr auto fields = std::tuple{required("topicConfigList", &TopicConfigList::topics)};
};

}  // namespace agena::wire
