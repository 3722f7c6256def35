// Pulling from a queue.
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

struct PullMessage {
  static constexpr RequestInfo info{.code = 11, .name = "PULL_MESSAGE"};
  std::string_view consumer_group;
  std::string_view topic;
  std::optional<std::string_view> lite_topic;
  QueueId queue_id;
  QueueOffset queue_offset;
  int32_t messages_max = 0;
  int32_t sys_flag = 0;
  QueueOffset commit_offset;
  int64_t suspend_timeout_ms = 0;
  std::optional<std::string_view> subscription;
  int64_t sub_version = 0;
  std::optional<std::string_view> expression_type;
  std::optional<int32_t> bytes_max;
  std::optional<int32_t> request_source;
  std::optional<std::string_view> proxy_forward_client_id;
  static constexpr auto fields =
      std::tuple{required("consumerGroup", &PullMessage::consumer_group),
                 required("topic", &PullMessage::topic),
                 field("liteTopic", &PullMessage::lite_topic),
                 required("queueId", &PullMessage::queue_id),
                 required("queueOffset", &PullMessage::queue_offset),
                 required("maxMsgNums", &PullMessage::messages_max),
                 required("sysFlag", &PullMessage::sys_flag),
                 field("commitOffset", &PullMessage::commit_offset),
                 field("suspendTimeoutMillis", &PullMessage::suspend_timeout_ms),
                 field("subscription", &PullMessage::subscription),
                 field("subVersion", &PullMessage::sub_version),
                 field("expressionType", &PullMessage::expression_type),
                 field("maxMsgBytes", &PullMessage::bytes_max),
                 field("requestSource", &PullMessage::request_source),
                 field("proxyFrowardClientId", &PullMessage::proxy_forward_client_id)};
};

// The same request from lite pull consumers, which must not starve push consumers.
struct LitePullMessage : PullMessage {
  static constexpr RequestInfo info{.code = 361, .name = "LITE_PULL_MESSAGE"};
};

struct PullMessageReply {
  BrokerId suggest_which_broker_id;
  QueueOffset next_begin_offset;
  QueueOffset min_offset;
  QueueOffset max_offset;
  std::optional<int64_t> offset_delta;
  std::optional<int32_t> topic_sys_flag;
  std::optional<int32_t> group_sys_flag;
  std::optional<int32_t> forbidden_type;
  static constexpr auto fields =
      std::tuple{required("suggestWhichBrokerId", &PullMessageReply::suggest_which_broker_id),
                 required("nextBeginOffset", &PullMessageReply::next_begin_offset),
                 required("minOffset", &PullMessageReply::min_offset),
                 required("maxOffset", &PullMessageReply::max_offset),
                 field("offsetDelta", &PullMessageReply::offset_delta),
                 field("topicSysFlag", &PullMessageReply::topic_sys_flag),
                 field("groupSysFlag", &PullMessageReply::group_sys_flag),
                 field("forbiddenType", &PullMessageReply::forbidden_type)};
};

// Of a reader that was not let in: the answer has no offsets.
struct PullRefusal {
  std::optional<int32_t> forbidden_type;
  static constexpr auto fields = std::tuple{field("forbiddenType", &PullRefusal::forbidden_type)};
};

}  // namespace agena::wire
