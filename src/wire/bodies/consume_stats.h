// How far groups have come: answers to requests 208 and 317.
//
// Over:   heartbeat.h (MessageQueue).  Under: broker/ (views).
// Source: JSON of the Java broker; queues are member names, written as objects.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json_fields.h"
#include "wire/bodies/heartbeat.h"

namespace agena::wire {

struct QueueProgress {
  int64_t broker_offset = 0;  // The queue's end.
  int64_t consumer_offset = 0;
  int64_t last_timestamp = 0;  // When the last consumed message was stored.
  int64_t pull_offset = 0;
  static constexpr auto fields =
      std::tuple{field("brokerOffset", &QueueProgress::broker_offset),
                 field("consumerOffset", &QueueProgress::consumer_offset),
                 field("lastTimestamp", &QueueProgress::last_timestamp),
                 field("pullOffset", &QueueProgress::pull_offset)};
  friend bool operator==(const QueueProgress&, const QueueProgress&) = default;
};

struct ConsumeStats {
  double consume_tps = 0;
  std::map<MessageQueue, QueueProgress> offsets;
  static constexpr auto fields = std::tuple{field("consumeTps", &ConsumeStats::consume_tps),
                                            field("offsetTable", &ConsumeStats::offsets)};
};

struct ConsumeStatsList {
  using ByGroup = std::map<std::string, std::vector<ConsumeStats>>;  // One entry each.
  std::string broker_addr;
  std::vector<ByGroup> groups;
  int64_t total_diff = 0;
  int64_t total_inflight_diff = 0;
  static constexpr auto fields =
      std::tuple{field("brokerAddr", &ConsumeStatsList::broker_addr),
                 field("consumeStatsList", &ConsumeStatsList::groups),
                 field("totalDiff", &ConsumeStatsList::total_diff),
                 field("totalInflightDiff", &ConsumeStatsList::total_inflight_diff)};
};

}  // namespace agena::wire
