// Sending: one message or a batch, long or short field names, and their answer.
//
// Over:     wire/request.h.  Under: dispatch of the servers, clients, docs/wire.md.
// Source:   the Java server's header classes of the same codes; names are the wire's.
// Lifetime: texts view the frame that was decoded.
#pragma once
#include <optional>
#include <string_view>
#include <tuple>

#include "base/ids.h"
#include "wire/request.h"

namespace agena::wire {

struct SendMessage {
  static constexpr RequestInfo info{.code = 10, .name = "SEND_MESSAGE"};
  std::string_view producer_group;
  std::string_view topic;
  std::string_view default_topic;
  int32_t default_topic_queue_nums = 0;
  QueueId queue_id;
  int32_t sys_flag = 0;
  UnixMillis born;
  int32_t flag = 0;
  std::optional<std::string_view> properties;
  std::optional<int32_t> reconsume_times;
  std::optional<bool> unit_mode;
  std::optional<bool> batch;
  std::optional<int32_t> max_reconsume_times;
  std::optional<std::string_view> broker_name;
  static constexpr auto fields =
      std::tuple{required("producerGroup", &SendMessage::producer_group),
                 required("topic", &SendMessage::topic),
                 required("defaultTopic", &SendMessage::default_topic),
                 required("defaultTopicQueueNums", &SendMessage::default_topic_queue_nums),
                 required("queueId", &SendMessage::queue_id),
                 required("sysFlag", &SendMessage::sys_flag),
                 required("bornTimestamp", &SendMessage::born),
                 required("flag", &SendMessage::flag),
                 field("properties", &SendMessage::properties),
                 field("reconsumeTimes", &SendMessage::reconsume_times),
                 field("unitMode", &SendMessage::unit_mode),
                 field("batch", &SendMessage::batch),
                 field("maxReconsumeTimes", &SendMessage::max_reconsume_times),
                 field("bname", &SendMessage::broker_name)};
};

// The same request under one-letter names, as all newer clients send it.
struct SendMessageV2 : SendMessage {
  static constexpr RequestInfo info{.code = 310, .name = "SEND_MESSAGE_V2"};
  static constexpr auto fields = std::tuple{field("a", &SendMessage::producer_group),
                                            required("b", &SendMessage::topic),
                                            field("c", &SendMessage::default_topic),
                                            field("d", &SendMessage::default_topic_queue_nums),
                                            required("e", &SendMessage::queue_id),
                                            required("f", &SendMessage::sys_flag),
                                            required("g", &SendMessage::born),
                                            required("h", &SendMessage::flag),
                                            field("i", &SendMessage::properties),
                                            field("j", &SendMessage::reconsume_times),
                                            field("k", &SendMessage::unit_mode),
                                            field("m", &SendMessage::batch),
                                            field("l", &SendMessage::max_reconsume_times),
                                            field("n", &SendMessage::broker_name)};
};

// The same request under one-letter names; the body holds batch items.
struct SendBatchMessage : SendMessage {
  static constexpr RequestInfo info{.code = 320, .name = "SEND_BATCH_MESSAGE"};
  static constexpr auto fields = SendMessageV2::fields;
};

struct SendMessageReply {
  std::string_view msg_id;
  QueueId queue_id;
  QueueOffset queue_offset;
  std::optional<std::string_view> transaction_id;
  std::optional<std::string_view> batch_uniq_id;
  std::optional<std::string_view> recall_handle;
  std::optional<std::string_view> region;
  std::optional<std::string_view> trace_on;
  static constexpr auto fields =
      std::tuple{required("msgId", &SendMessageReply::msg_id),
                 required("queueId", &SendMessageReply::queue_id),
                 required("queueOffset", &SendMessageReply::queue_offset),
                 field("transactionId", &SendMessageReply::transaction_id),
                 field("batchUniqId", &SendMessageReply::batch_uniq_id),
                 field("recallHandle", &SendMessageReply::recall_handle),
                 field("MSG_REGION", &SendMessageReply::region),
                 field("TRACE_ON", &SendMessageReply::trace_on)};
};

// Of a message that was not stored.
struct SendRefusal {
  std::string_view region;
  std::string_view trace_on;
  static constexpr auto fields = std::tuple{required("MSG_REGION", &SendRefusal::region),
                                            required("TRACE_ON", &SendRefusal::trace_on)};
};

struct ConsumerSendMessageBack {
  static constexpr RequestInfo info{.code = 36, .name = "CONSUMER_SEND_MSG_BACK"};
  PhysicalOffset offset;
  std::string_view group;
  int32_t delay_level = 0;
  std::optional<std::string_view> origin_msg_id;
  std::optional<std::string_view> origin_topic;
  bool unit_mode = false;
  std::optional<int32_t> max_reconsume_times;
  static constexpr auto fields =
      std::tuple{required("offset", &ConsumerSendMessageBack::offset),
                 required("group", &ConsumerSendMessageBack::group),
                 required("delayLevel", &ConsumerSendMessageBack::delay_level),
                 field("originMsgId", &ConsumerSendMessageBack::origin_msg_id),
                 field("originTopic", &ConsumerSendMessageBack::origin_topic),
                 field("unitMode", &ConsumerSendMessageBack::unit_mode),
                 field("maxReconsumeTimes", &ConsumerSendMessageBack::max_reconsume_times)};
};

}  // namespace agena::wire
