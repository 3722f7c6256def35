#include "message/names.h"

#include <algorithm>
#include <array>

namespace agena::message {
namespace {

constexpr std::array kSystemTopics = {
    system_topic::auto_create,    system_topic::schedule,     system_topic::benchmark,
    system_topic::half,           system_topic::trace,        system_topic::op_half,
    system_topic::check_max_time, system_topic::self_test,    system_topic::offset_moved,
    system_topic::checkpoint,     system_topic::rocksdb_half, system_topic::rocksdb_op_half,
};
constexpr std::array kSendRefused = {
    system_topic::schedule,     system_topic::half,
    system_topic::op_half,      system_topic::check_max_time,
    system_topic::self_test,    system_topic::offset_moved,
    system_topic::rocksdb_half, system_topic::rocksdb_op_half,
};

bool is_blank(std::string_view name) {
  return name.find_first_not_of(" \t\n\v\f\r\x1C\x1D\x1E\x1F") == std::string_view::npos;
}

bool has_only_allowed(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '%' ||
           c == '|' || c == '_' || c == '-';
  });
}

// RocketMQ's sentences put the name in the middle.
Error invalid(std::string_view before, std::string_view name, std::string_view after) {
  return {Errc::invalid_parameter, std::string(before).append(name).append(after)};
}

constexpr std::string_view kAllowed =
    ", contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$";

std::string join(std::string_view a, std::string_view b, std::string_view c = {}) {
  return std::string(a).append(b).append(c);
}

}  // namespace

Status check_topic(std::string_view topic) {
  if (is_blank(topic)) return Error{Errc::invalid_parameter, "The specified topic is blank."};
  if (!has_only_allowed(topic)) return invalid("The specified topic: ", topic, kAllowed);
  if (is_retry_topic(topic) || is_dlq_topic(topic)) {
    if (topic.size() <= kRetryTopicLengthMax) return ok();
    return invalid("The specified topic is DLQ or Retry topic: ", topic,
                   ", and it's longer than topic max length: 255");
  }
  if (topic.size() <= kTopicLengthMax) return ok();
  return invalid("The specified topic: ", topic, ", is longer than topic max length: 127");
}

Status check_group(std::string_view group) {
  if (is_blank(group)) return Error{Errc::invalid_parameter, "The specified group is blank."};
  if (!has_only_allowed(group)) return invalid("The specified group: ", group, kAllowed);
  if (group.size() <= kGroupLengthMax) return ok();
  return invalid("The specified group: ", group, ", is longer than group max length: 120");
}
static_assert(kTopicLengthMax == 127 && kRetryTopicLengthMax == 255 && kGroupLengthMax == 120,
              "the remarks above name them");

bool is_system_topic(std::string_view topic) {
  return topic.starts_with(kSystemTopicPrefix) ||
         std::find(kSystemTopics.begin(), kSystemTopics.end(), topic) != kSystemTopics.end();
}

bool is_system_topic(std::string_view topic, const BrokerNames& own) {
  return is_system_topic(topic) || topic == own.cluster || topic == own.broker ||
         topic == reply_topic(own.cluster);
}

std::span<const std::string_view> system_topics() {
  return kSystemTopics;
}

bool is_send_refused(std::string_view topic) {
  // Clients in a cloud's access channel send their traces there, one topic a region.
  if (topic.starts_with(kTraceTopicPrefix)) return false;
  return topic.starts_with(kSystemTopicPrefix) ||
         std::find(kSendRefused.begin(), kSendRefused.end(), topic) != kSendRefused.end();
}

bool is_system_group(std::string_view group) {
  return group.starts_with(kSystemGroupPrefix);
}

std::string retry_topic(std::string_view group) {
  return join(kRetryPrefix, group);
}
std::string dlq_topic(std::string_view group) {
  return join(kDlqPrefix, group);
}
std::string reply_topic(std::string_view cluster) {
  return join(cluster, "_REPLY_TOPIC");
}
bool is_retry_topic(std::string_view topic) {
  return topic.starts_with(kRetryPrefix);
}
bool is_dlq_topic(std::string_view topic) {
  return topic.starts_with(kDlqPrefix);
}
bool is_lmq(std::string_view name) {
  return name.starts_with(kLmqPrefix);
}

std::optional<std::string_view> group_of_retry_topic(std::string_view topic) {
  if (is_retry_topic(topic)) return topic.substr(kRetryPrefix.size());
  if (is_dlq_topic(topic)) return topic.substr(kDlqPrefix.size());
  return {};
}

std::string pop_retry_topic(std::string_view topic, std::string_view group,
                            PopRetryVersion version) {
  std::string out = join(kRetryPrefix, group, version == PopRetryVersion::v2 ? "+" : "_");
  return out.append(topic);
}

std::string_view normal_topic(std::string_view topic, std::string_view group) {
  std::string_view rest = topic;
  if (!is_retry_topic(rest)) return topic;
  rest.remove_prefix(kRetryPrefix.size());
  if (!rest.starts_with(group)) return topic;
  rest.remove_prefix(group.size());
  if (rest.size() < 2 || (rest.front() != '+' && rest.front() != '_')) return topic;
  return rest.substr(1);
}

}  // namespace agena::message
