// Offsets by queue: requests and answers 220 to 223, and the answer to 308.
//
// Over:   heartbeat.h (MessageQueue).  Under: broker/ (reset, relay).
// Source: JSON of the Java broker. The C++ client cannot read objects as member names, so it gets a
//         list instead.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json_fields.h"
#include "wire/bodies/heartbeat.h"

namespace agena::wire {

struct QueueOffsets {
  std::map<MessageQueue, int64_t> offsets;
  static constexpr auto fields = std::tuple{field("offsetTable", &QueueOffsets::offsets)};
};

struct ListedQueueOffset {
  std::string broker_name;
  int64_t offset = 0;
  int32_t queue_id = 0;
  std::string topic;
  static constexpr auto fields = std::tuple{field("brokerName", &ListedQueueOffset::broker_name),
                                            field("offset", &ListedQueueOffset::offset),
                                            field("queueId", &ListedQueueOffset::queue_id),
                                            field("topic", &ListedQueueOffset::topic)};
};
struct ListedQueueOffsets {
  std::vector<ListedQueueOffset> offsets;
  static constexpr auto fields = std::tuple{field("offsetTable", &ListedQueueOffsets::offsets)};
};

// A client answers 221 with its queues; the broker answers 223 with those of its clients.
struct ConsumerStatus {
  std::map<std::string, std::map<MessageQueue, int64_t>> clients;  // By client id.
  std::map<MessageQueue, int64_t> queues;
  static constexpr auto fields = std::tuple{field("consumerTable", &ConsumerStatus::clients),
                                            field("messageQueueTable", &ConsumerStatus::queues)};
};

struct CorrectionOffsets {
  std::map<int32_t, int64_t> offsets;  // By queue id.
  static constexpr auto fields =
      std::tuple{field("correctionOffsets", &CorrectionOffsets::offsets)};
};

}  // namespace agena::wire
