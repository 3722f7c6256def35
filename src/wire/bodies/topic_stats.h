// What lies in a topic's queues, and between which times: answers to requests 202, 303 and 321.
//
// Over:   heartbeat.h (MessageQueue, SubscriptionData).  Under: broker/ (views).
// Source: JSON of the Java broker. Times are ms since 1970; -1 means that there is no message.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json_fields.h"
#include "wire/bodies/heartbeat.h"

namespace agena::wire {

struct TopicOffset {
  int64_t last_update_timestamp = 0;
  int64_t max_offset = 0;
  int64_t min_offset = 0;
  static constexpr auto fields = std::tuple{
      field("lastUpdateTimestamp", &TopicOffset::last_update_timestamp),
      field("maxOffset", &TopicOffset::max_offset), field("minOffset", &TopicOffset::min_offset)};
};

struct TopicStats {
  std::map<MessageQueue, TopicOffset> offsets;
  double topic_put_tps = 0;
  static constexpr auto fields = std::tuple{field("offsetTable", &TopicStats::offsets),
                                            field("topicPutTps", &TopicStats::topic_put_tps)};
};

struct QueueTimeSpan {
  int64_t consume_timestamp = 0;
  std::string consume_timestamp_text;  // yyyy-MM-dd#HH:mm:ss:SSS in the broker's zone.
  int64_t delay_ms = 0;
  int64_t max_timestamp = 0;
  std::string max_timestamp_text;
  MessageQueue queue;
  int64_t min_timestamp = 0;
  std::string min_timestamp_text;
  static constexpr auto fields =
      std::tuple{field("consumeTimeStamp", &QueueTimeSpan::consume_timestamp),
                 field("consumeTimeStampStr", &QueueTimeSpan::consume_timestamp_text),
                 field("delayTime", &QueueTimeSpan::delay_ms),
                 field("maxTimeStamp", &QueueTimeSpan::max_timestamp),
                 field("maxTimeStampStr", &QueueTimeSpan::max_timestamp_text),
                 field("messageQueue", &QueueTimeSpan::queue),
                 field("minTimeStamp", &QueueTimeSpan::min_timestamp),
                 field("minTimeStampStr", &QueueTimeSpan::min_timestamp_text)};
};

struct ConsumeTimeSpans {
  std::vector<QueueTimeSpan> spans;
  static constexpr auto fields = std::tuple{field("consumeTimeSpanSet", &ConsumeTimeSpans::spans)};
};

struct ConsumeQueueEntry {
  bool passes_filter = false;  // Of a server-side filter; there is none yet.
  int64_t physical_offset = 0;
  int32_t size = 0;
  int64_t tag_code = 0;
  static constexpr auto fields =
      std::tuple{field("eval", &ConsumeQueueEntry::passes_filter),
                 field("physicOffset", &ConsumeQueueEntry::physical_offset),
                 field("physicSize", &ConsumeQueueEntry::size),
                 field("tagsCode", &ConsumeQueueEntry::tag_code)};
};

struct ConsumeQueueView {
  std::optional<std::string> filter_data;
  int64_t max_index = 0;
  int64_t min_index = 0;
  std::vector<ConsumeQueueEntry> entries;
  std::optional<SubscriptionData> subscription;
  static constexpr auto fields =
      std::tuple{field("filterData", &ConsumeQueueView::filter_data),
                 field("maxQueueIndex", &ConsumeQueueView::max_index),
                 field("minQueueIndex", &ConsumeQueueView::min_index),
                 field("queueData", &ConsumeQueueView::entries),
                 field("subscriptionData", &ConsumeQueueView::subscription)};
};

}  // namespace agena::wire
