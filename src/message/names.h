// Names of topics and groups: which are allowed, which belong to the system, how retry and
// dead-letter topics are called.
//
// Over:    base/.  Under: broker/, namesrv/, client/, and storage/ before it opens a path.
// Threads: pure functions.
// Errors:  Errc::invalid_parameter with the sentence that RocketMQ 5.5.0 puts into its remark.
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace agena::message {

inline constexpr size_t kTopicLengthMax = 127;
inline constexpr size_t kRetryTopicLengthMax = 255;  // Retry and dead-letter topics.
inline constexpr size_t kGroupLengthMax = 120;

inline constexpr std::string_view kRetryPrefix = "%RETRY%";
inline constexpr std::string_view kDlqPrefix = "%DLQ%";
inline constexpr std::string_view kLmqPrefix = "%LMQ%";
inline constexpr std::string_view kSystemTopicPrefix = "rmq_sys_";
inline constexpr std::string_view kTraceTopicPrefix = "rmq_sys_TRACE_DATA_";
inline constexpr std::string_view kSystemGroupPrefix = "CID_RMQ_SYS_";

namespace system_topic {
inline constexpr std::string_view auto_create = "TBW102";
inline constexpr std::string_view schedule = "SCHEDULE_TOPIC_XXXX";
inline constexpr std::string_view benchmark = "BenchmarkTest";
inline constexpr std::string_view half = "RMQ_SYS_TRANS_HALF_TOPIC";
inline constexpr std::string_view op_half = "RMQ_SYS_TRANS_OP_HALF_TOPIC";
inline constexpr std::string_view rocksdb_half = "RMQ_SYS_ROCKSDB_TRANS_HALF_TOPIC";
inline constexpr std::string_view rocksdb_op_half = "RMQ_SYS_ROCKSDB_TRANS_OP_HALF_TOPIC";
inline constexpr std::string_view trace = "RMQ_SYS_TRACE_TOPIC";
inline constexpr std::string_view check_max_time = "TRANS_CHECK_MAX_TIME_TOPIC";
inline constexpr std::string_view self_test = "SELF_TEST_TOPIC";
inline constexpr std::string_view offset_moved = "OFFSET_MOVED_EVENT";
inline constexpr std::string_view checkpoint = "CHECKPOINT_TOPIC";
inline constexpr std::string_view wheel_timer = "rmq_sys_wheel_timer";
}  // namespace system_topic

Status check_topic(std::string_view topic);
Status check_group(std::string_view group);

// The topics that exist without anybody creating them. Those that carry a cluster's or broker's
// name are known only to that broker.
struct BrokerNames {
  std::string_view cluster;
  std::string_view broker;
};
bool is_system_topic(std::string_view topic);
bool is_system_topic(std::string_view topic, const BrokerNames& own);
std::span<const std::string_view> system_topics();  // Without the prefix rmq_sys_.
// Clients may not send there: only the broker itself writes these. Java leaves those that begin
// with rmq_sys_ open, and takes what anybody puts there for its own timers and receipts.
bool is_send_refused(std::string_view topic);
bool is_system_group(std::string_view group);

std::string retry_topic(std::string_view group);
std::string dlq_topic(std::string_view group);
std::string reply_topic(std::string_view cluster);  // cluster_REPLY_TOPIC
bool is_retry_topic(std::string_view topic);
bool is_dlq_topic(std::string_view topic);
bool is_lmq(std::string_view name);
// The group of a pull-retry or dead-letter topic; nothing for other topics.
std::optional<std::string_view> group_of_retry_topic(std::string_view topic);

// Pop consumers have one retry topic a topic and group: `%RETRY%group_topic`, or with a `+` where
// enableRetryTopicV2 is on.
enum class PopRetryVersion { v1, v2 };
std::string pop_retry_topic(std::string_view topic, std::string_view group,
                            PopRetryVersion version);
// The topic behind a retry topic of `group`, or `topic` itself when it is none.
std::string_view normal_topic(std::string_view topic, std::string_view group);

}  // namespace agena::message
