// Goal: topics, groups and configuration are changed as the Java 5.5.0 broker changes them, and a
//       change is on the disk before its answer.
// Method: frames through a router and a broker in memory; texts recorded from the Java broker.
#include <fmt/core.h>

#include "broker/testing/operator_world.h"
#include "message/names.h"
#include "wire/bodies/registration.h"
#include "wire/requests/admin.h"
#include "wire/requests/topics.h"

namespace agena::broker::testing {
namespace {

constexpr const char* kDefaultGroup =
    R"({"attributes":{},"brokerId":0,"consumeBroadcastEnable":true,"consumeEnable":true,)"
    R"("consumeFromMinEnable":true,"consumeMessageOrderly":false,"consumeTimeoutMinute":15,)"
    R"("groupName":"new-one","groupRetryPolicy":{"type":"CUSTOMIZED"},"groupSysFlag":0,)"
    R"("notifyConsumerIdsChangedEnable":true,"retryMaxTimes":16,"retryQueueNums":1,)"
    R"("whichBrokerWhenConsumeSlowly":1})";

using Settings = OperatorWorld;

TEST_F(Settings, ATopicIsOnTheDiskBeforeItsAnswer) {
  send(topic_request("diff-one"));
  EXPECT_EQ(admin.stream->out().size(), 0u) << "answered too early";
  run();
  auto got = take(admin);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].code, 0);
  EXPECT_NE(file_text("s/config/topics.json").find("diff-one"), std::string::npos);
  EXPECT_EQ(call(wire::GetTopicConfig{.topic = "diff-one"}).body,
            R"({"attributes":{},"order":false,"perm":6,"readQueueNums":4,)"
            R"("topicFilterType":"SINGLE_TAG","topicName":"diff-one","topicSysFlag":0,)"
            R"("writeQueueNums":4})");
  auto version = topics.version();
  EXPECT_EQ(call(topic_request("diff-one")).code, 0);
  EXPECT_EQ(topics.version(), version) << "nothing changed";
}

TEST_F(Settings, AnUnsavedTopicIsSaidSo) {
  disk.fault = [](storage::testing::MemoryDisk::Call, const std::string& path) -> Status {
    if (path.find("topics.json") == std::string::npos) return ok();
    return Error{Errc::io_error, "no"};
  };
  auto got = call(topic_request("diff-one"));
  EXPECT_EQ(got.code, 1);
  EXPECT_EQ(got.remark.rfind("in force, but not saved: ", 0), 0u) << got.remark;
  disk.fault = {};
}

TEST_F(Settings, BadTopicsAreRefusedInJavasWords) {
  auto refusal = [&](const wire::UpdateAndCreateTopic& request) {
    auto got = call(request);
    return fmt::format("{} {}", got.code, got.remark);
  };
  EXPECT_EQ(refusal(topic_request(" ")), "29 The specified topic is blank.");
  EXPECT_EQ(refusal(topic_request("bad topic")),
            "29 The specified topic: bad topic, contains illegal characters, allowing only "
            "^[%|a-zA-Z0-9_-]+$");
  for (const char* system : {"TBW102", "rmq_sys_x", "DefaultCluster", "broker-a"}) {
    EXPECT_EQ(refusal(topic_request(system)),
              fmt::format("29 The topic[{}] is conflict with system topic.", system));
  }
  auto request = topic_request("diff-two");
  request.topic_filter_type = "X";
  EXPECT_EQ(refusal(request), "1 topicFilterType = [X] value invalid");
  request = topic_request("diff-two");
  request.attributes = "+message.type=MIXED";
  EXPECT_EQ(refusal(request), "29 MIXED message type is not supported.");
  request.attributes = "+no.such=1";
  EXPECT_EQ(refusal(request), "1 unsupported key: no.such");
  request.attributes = "message.type=FIFO";
  EXPECT_EQ(refusal(request), "1 add/alter attribute format is wrong: message.type");
  EXPECT_EQ(topics.find("diff-two"), nullptr);
  request.attributes = "+message.type=FIFO";
  EXPECT_EQ(refusal(request), "0 ");
  EXPECT_EQ(topics.find("diff-two")->attributes.at("message.type"), "FIFO");
  options.validate_system_topic_when_update_topic = false;
  EXPECT_EQ(refusal(topic_request("rmq_sys_x")), "0 ");
}

TEST_F(Settings, AListIsTakenWholeOrNotAtAll) {
  auto got =
      call(wire::UpdateAndCreateTopicList{},
           R"({"topicConfigList":[{"topicName":"l1","future":1},{"topicName":"bad topic"}]})");
  EXPECT_EQ(got.code, 29);
  EXPECT_EQ(topics.find("l1"), nullptr);
  make_topic("l0", 16);
  got = call(wire::UpdateAndCreateTopicList{},
             R"({"topicConfigList":[{"topicName":"l0"},{"topicName":"l1","readQueueNums":2}]})");
  EXPECT_EQ(got.code, 0);
  ASSERT_NE(topics.find("l1"), nullptr) << "an unchanged topic stops nothing";
  EXPECT_EQ(topics.find("l1")->read_queues, 2);
  EXPECT_EQ(call(wire::UpdateAndCreateTopicList{}).code, 1);
  EXPECT_EQ(call(wire::UpdateAndCreateTopicList{}, "{]").code, 1);
}

TEST_F(Settings, TopicsComeInPages) {
  auto all = call(wire::GetAllTopicConfig{});
  ASSERT_EQ(all.ext.at("totalTopicNum"), std::to_string(topics.size()));
  auto whole = json::parse_json<wire::RegisteredTopics>(all.body);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->topics.size(), topics.size());
  EXPECT_NE(all.body.find(R"("topicQueueMappingDetailMap":{},"topicQueueMappingInfoMap":{})"),
            std::string::npos);
  auto version = json::to_json(topics.version());
  auto names = [&](int32_t from, std::string_view data_version) {
    auto got = call(wire::GetAllTopicConfig{
        .topic_seq = from, .data_version = data_version, .max_topic_num = 2});
    auto body = json::parse_json<wire::RegisteredTopics>(got.body);
    std::string out;
    if (!body) return out;
    for (const auto& [name, topic] : body->topics) out += name + " ";
    return out;
  };
  EXPECT_EQ(names(0, ""), "BenchmarkTest DefaultCluster ");
  EXPECT_EQ(names(1, version), "DefaultCluster DefaultCluster_REPLY_TOPIC ");
  EXPECT_EQ(names(1, "{}"), "BenchmarkTest DefaultCluster ") << "of another version: from 0";
  EXPECT_EQ(names(10'000, version), "");
}

TEST_F(Settings, ADeletedTopicLeavesNothing) {
  make_topic("gone");
  auto retry = message::pop_retry_topic("gone", "g", message::PopRetryVersion::v1);
  make_topic(retry, 1);
  store_message("gone", 0, "x");
  offsets.commit({"g", "gone", QueueId(0)}, QueueOffset(1));
  EXPECT_EQ(call(wire::DeleteTopicInBroker{.topic = "gone"}).code, 0);
  EXPECT_EQ(topics.find("gone"), nullptr);
  EXPECT_EQ(topics.find(retry), nullptr);
  EXPECT_TRUE(store->queues("gone").empty());
  EXPECT_TRUE(offsets.topics_of("g").empty());
  Windows windows;
  EXPECT_FALSE(stats.windows("TOPIC_PUT_NUMS", "gone", windows));
  EXPECT_EQ(file_text("s/config/topics.json").find("gone"), std::string::npos);
  EXPECT_EQ(file_text("s/config/consumerOffset.json").find("gone"), std::string::npos);
  EXPECT_EQ(call(wire::DeleteTopicInBroker{.topic = "gone"}).code, 0);
  EXPECT_EQ(call(wire::DeleteTopicInBroker{.topic = " "}).remark, "The specified topic is blank.");
  EXPECT_EQ(call(wire::DeleteTopicInBroker{.topic = "SELF_TEST_TOPIC"}).code, 29);
}

TEST_F(Settings, QueuesWithoutATopicAreCleaned) {
  make_topic("kept");
  store_message("kept", 0, "x");
  store_message("stray", 0, "x");
  EXPECT_EQ(call(wire::CleanUnusedTopic{}).code, 0);
  EXPECT_TRUE(store->queues("stray").empty());
  EXPECT_FALSE(store->queues("kept").empty());
  EXPECT_EQ(call(wire::CleanExpiredConsumeQueue{}).code, 0);
  EXPECT_EQ(call(wire::DeleteExpiredCommitLog{}).code, 0);
}

TEST_F(Settings, Groups) {
  EXPECT_EQ(call(wire::UpdateAndCreateSubscriptionGroup{},
                 R"({"groupName":"g","retryQueueNums":2,"future":{"a":[1]}})")
                .code,
            0);
  EXPECT_NE(file_text("s/config/subscriptionGroup.json").find("\"g\""), std::string::npos);
  EXPECT_EQ(groups.find("g")->retry_queue_nums, 2);
  EXPECT_EQ(call(wire::UpdateAndCreateSubscriptionGroup{}, R"({"brokerId":0})").remark,
            "The specified group is blank.");
  EXPECT_EQ(call(wire::UpdateAndCreateSubscriptionGroup{}, R"({"groupName":"a b"})").code, 29);
  EXPECT_EQ(call(wire::UpdateAndCreateSubscriptionGroup{},
                 R"({"groupName":"x","attributes":{"+no.such":"3"}})")
                .code,
            1);
  EXPECT_EQ(call(wire::UpdateAndCreateSubscriptionGroup{}).code, 0) << "as Java";
  EXPECT_EQ(call(wire::UpdateAndCreateSubscriptionGroupList{},
                 R"({"groupConfigList":[{"groupName":"g5"},{"groupName":"a b"}]})")
                .code,
            29);
  EXPECT_EQ(groups.find("g5"), nullptr);
  EXPECT_EQ(call(wire::GetSubscriptionGroupConfig{.group = "new-one"}).body, kDefaultGroup);
  auto missing = call(wire::GetSubscriptionGroupConfig{.group = "a b"});
  EXPECT_EQ(missing.code, 26);
  EXPECT_EQ(missing.remark, "No group in this broker");
  auto all = call(wire::GetAllSubscriptionGroup{});
  EXPECT_EQ(all.ext.at("totalGroupNum"), std::to_string(groups.all().size()));
  EXPECT_NE(all.body.find("\"TOOLS_CONSUMER\":{"), std::string::npos);
  auto page = json::parse_json<GroupConfigTable>(
      call(wire::GetAllSubscriptionGroup{.group_seq = 0, .data_version = {}, .max_group_num = 2})
          .body);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->groups.size(), 2u);
}

TEST_F(Settings, ADeletedGroupKeepsItsOffsetsUnlessTold) {
  for (const char* group : {"g1", "g2"}) {
    ASSERT_NE(groups.find_or_create(group), nullptr);
    offsets.commit({group, "t", QueueId(0)}, QueueOffset(5));
  }
  EXPECT_EQ(call(wire::DeleteSubscriptionGroup{.group_name = "g1"}).code, 0);
  EXPECT_EQ(call(wire::DeleteSubscriptionGroup{.group_name = "g2", .clean_offset = true}).code, 0);
  EXPECT_EQ(groups.find("g1"), nullptr);
  EXPECT_EQ(groups.find("g2"), nullptr);
  EXPECT_FALSE(offsets.topics_of("g1").empty());
  EXPECT_TRUE(offsets.topics_of("g2").empty());
  EXPECT_EQ(file_text("s/config/consumerOffset.json").find("g2"), std::string::npos);
  EXPECT_EQ(call(wire::DeleteSubscriptionGroup{.group_name = "nobody"}).code, 0);
}

TEST_F(Settings, AGroupMayBeForbiddenATopic) {
  using Forbid = wire::UpdateGroupForbidden;
  EXPECT_EQ(call(Forbid{.group = "g", .topic = "t", .readable = false}).body,
            R"({"group":"g","readable":false,"topic":"t"})");
  EXPECT_EQ(groups.forbidden("g", "t"), wire::kPermRead);
  EXPECT_NE(file_text("s/config/subscriptionGroup.json").find("forbiddenTable"), std::string::npos);
  EXPECT_EQ(call(Forbid{.group = "g", .topic = "t", .readable = {}}).body,
            R"({"group":"g","readable":false,"topic":"t"})");
  EXPECT_EQ(call(Forbid{.group = "g", .topic = "t", .readable = true}).body,
            R"({"group":"g","readable":true,"topic":"t"})");
  EXPECT_EQ(groups.forbidden("g", "t"), 0);
}

TEST_F(Settings, ConfigurationByAllowList) {
  auto got = call(wire::GetBrokerConfig{});
  EXPECT_EQ(got.ext.at("version"), R"({"counter":0,"stateVersion":0,"timestamp":1700000000000})");
  EXPECT_NE(got.body.find("\nbrokerName=broker-a\n"), std::string::npos);
  EXPECT_NE(got.body.find("\ntimerMaxDelaySec="), std::string::npos) << "known, not served";
  EXPECT_EQ(call(wire::UpdateBrokerConfig{}, "longPollingEnable=false\nnoSuchKey=1\n").code, 0);
  EXPECT_FALSE(options.long_polling_enable);
  EXPECT_NE(file_text("s/config/broker.properties").find("longPollingEnable=false"),
            std::string::npos);
  EXPECT_EQ(call(wire::GetBrokerConfig{}).ext.at("version"),
            R"({"counter":1,"stateVersion":0,"timestamp":1700000000000})");
  for (const char* refused : {"brokerConfigPath=/x", "rocketmqHome=/x", "fileReservedTime=1",
                              "longPollingEnable=true\nstorePathRootDir=/x"}) {
    EXPECT_EQ(call(wire::UpdateBrokerConfig{}, refused).code, 16) << refused;
  }
  EXPECT_FALSE(options.long_polling_enable) << "all or nothing";
  EXPECT_EQ(call(wire::UpdateBrokerConfig{}, "shortPollingTimeMills=x").code, 1);
  options.broker_config_path = "";  // Without -c.
  const size_t files_before = disk.paths().size();
  EXPECT_EQ(call(wire::UpdateBrokerConfig{}, "shortPollingTimeMills=77").code, 0);
  EXPECT_EQ(options.short_polling_time_ms, 77);
  EXPECT_EQ(disk.paths().size(), files_before);
  auto version = topics.version();
  EXPECT_EQ(call(wire::UpdateBrokerConfig{}, "brokerPermission=4").code, 0);
  EXPECT_GT(topics.version().counter, version.counter) << "name servers must learn of it";
}

}  // namespace
}  // namespace agena::broker::testing
