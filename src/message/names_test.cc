// Goal: names are taken and refused as RocketMQ does, in its words.
// Method: names whose verdict RocketMQ 5.5.0 was asked for, and lengths at each limit.
#include "message/names.h"

#include <gtest/gtest.h>

namespace agena::message {
namespace {

std::string remark(const Status& status) {
  if (status) return "";
  EXPECT_EQ(status.error().code, Errc::invalid_parameter);
  return std::string(status.error().remark());
}

TEST(Names, Topics) {
  EXPECT_EQ(remark(check_topic("Sw4-dash_1|%")), "");
  EXPECT_EQ(remark(check_topic("")), "The specified topic is blank.");
  EXPECT_EQ(remark(check_topic(" \t\x1c")), "The specified topic is blank.");
  EXPECT_EQ(remark(check_topic("a b")),
            "The specified topic: a b, contains illegal characters, allowing only "
            "^[%|a-zA-Z0-9_-]+$");
  for (const char* bad : {"\xC3\xA9", "../x", "a/b", "a.b", "a\x01", "+a", "a:b"}) {
    EXPECT_FALSE(check_topic(bad)) << bad;
    EXPECT_FALSE(check_group(bad)) << bad;
  }
  EXPECT_FALSE(check_topic(std::string_view("a\0b", 3)));
}

TEST(Names, LengthLimits) {
  const std::string a127(127, 'a');
  EXPECT_EQ(remark(check_topic(a127)), "");
  EXPECT_EQ(remark(check_topic(a127 + "a")),
            "The specified topic: " + a127 + "a, is longer than topic max length: 127");
  const std::string retry = "%RETRY%" + std::string(248, 'a');
  EXPECT_EQ(remark(check_topic(retry)), "");
  EXPECT_EQ(remark(check_topic(retry + "a")),
            "The specified topic is DLQ or Retry topic: " + retry +
                "a, and it's longer than topic max length: 255");
  EXPECT_EQ(remark(check_topic("%DLQ%" + std::string(250, 'a'))), "");
  EXPECT_NE(remark(check_topic("%DLQ%" + std::string(251, 'a'))), "");
  const std::string a120(120, 'a');
  EXPECT_EQ(remark(check_group(a120)), "");
  EXPECT_EQ(remark(check_group(a120 + "a")),
            "The specified group: " + a120 + "a, is longer than group max length: 120");
  EXPECT_EQ(remark(check_group("")), "The specified group is blank.");
}

TEST(Names, SystemTopics) {
  for (std::string_view topic : system_topics()) EXPECT_TRUE(is_system_topic(topic)) << topic;
  EXPECT_EQ(system_topics().size(), 12u);
  EXPECT_TRUE(is_system_topic("rmq_sys_wheel_timer"));
  EXPECT_FALSE(is_system_topic("DefaultCluster"));
  const BrokerNames own{.cluster = "DefaultCluster", .broker = "broker-a"};
  EXPECT_TRUE(is_system_topic("DefaultCluster", own));
  EXPECT_TRUE(is_system_topic("broker-a", own));
  EXPECT_TRUE(is_system_topic("DefaultCluster_REPLY_TOPIC", own));
  EXPECT_TRUE(is_system_topic("TBW102", own));
  EXPECT_FALSE(is_system_topic("broker-b", own));
}

TEST(Names, TopicsOfTheBrokerAlone) {
  EXPECT_TRUE(is_send_refused("SCHEDULE_TOPIC_XXXX"));
  EXPECT_TRUE(is_send_refused("RMQ_SYS_TRANS_HALF_TOPIC"));
  EXPECT_TRUE(is_send_refused("rmq_sys_wheel_timer"));
  EXPECT_FALSE(is_send_refused("rmq_sys_TRACE_DATA_cn-hangzhou"));
  EXPECT_TRUE(is_send_refused("rmq_sys_REVIVE_LOG_DefaultCluster"));
  EXPECT_FALSE(is_send_refused("RMQ_SYS_TRACE_TOPIC"));  // Clients trace by sending there.
  EXPECT_FALSE(is_send_refused("BenchmarkTest"));
  EXPECT_FALSE(is_send_refused("TBW102"));
}

TEST(Names, RetryTopics) {
  EXPECT_EQ(retry_topic("g"), "%RETRY%g");
  EXPECT_EQ(dlq_topic("g"), "%DLQ%g");
  EXPECT_EQ(group_of_retry_topic("%RETRY%g"), "g");
  EXPECT_EQ(group_of_retry_topic("%DLQ%g"), "g");
  EXPECT_EQ(group_of_retry_topic("g"), std::nullopt);
  EXPECT_TRUE(is_lmq("%LMQ%q"));
  EXPECT_TRUE(is_system_group("CID_RMQ_SYS_TRANS"));
  EXPECT_EQ(pop_retry_topic("t", "g", PopRetryVersion::v1), "%RETRY%g_t");
  EXPECT_EQ(pop_retry_topic("t", "g", PopRetryVersion::v2), "%RETRY%g+t");
  EXPECT_EQ(normal_topic("%RETRY%g_t", "g"), "t");
  EXPECT_EQ(normal_topic("%RETRY%g+t_u", "g"), "t_u");
  EXPECT_EQ(normal_topic("t", "g"), "t");
  EXPECT_EQ(normal_topic("%RETRY%g", "g"), "%RETRY%g");
  EXPECT_EQ(normal_topic("%RETRY%other_t", "g"), "%RETRY%other_t");
}

}  // namespace
}  // namespace agena::message
