// Goal: what operators see, query and reset is what the Java 5.5.0 broker would say.
// Method: frames through a router and a broker in memory; texts recorded from the Java broker.
#include "broker/testing/operator_world.h"
#include "message/host.h"
#include "message/message_id.h"
#include "message/record_format.h"
#include "wire/bodies/consume_stats.h"
#include "wire/bodies/kv_table.h"
#include "wire/requests/admin.h"
#include "wire/requests/clients.h"
#include "wire/requests/offsets.h"
#include "wire/requests/query.h"

namespace agena::broker::testing {
namespace {

class Views : public OperatorWorld {
 protected:
  void SetUp() override {
    OperatorWorld::SetUp();
    make_topic("t", 2);
    store_message("t", 0, "one", "TagA", "k1 shared");
    clock.advance_ms(1'000);
    store_message("t", 0, "two", "TagB", "k2 shared");
    store_message("t", 1, "three", "TagA", "Aa");
    run();
  }
  static std::vector<std::string> bodies(std::string_view records) {
    std::vector<std::string> out;
    Bytes rest = as_bytes(records);
    while (!rest.empty()) {
      auto record = message::decode(rest, message::Verify::crc);
      EXPECT_TRUE(record);
      if (!record) break;
      out.emplace_back(as_text(record->body));
      rest = rest.subspan(static_cast<size_t>(record->size));
    }
    return out;
  }
  wire::QueryMessage query_for(std::string_view key) const {
    return {.topic = "t",
            .key = key,
            .max_num = 32,
            .begin = UnixMillis(0),
            .end = UnixMillis(INT64_MAX),
            .index_type = {},
            .last_key = {},
            .unique_key_query = {}};
  }
  using Bodies = std::vector<std::string>;
};

TEST_F(Views, TopicStats) {
  EXPECT_EQ(call(wire::GetTopicStatsInfo{.topic = "t"}).body,
            R"({"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":"t"}:)"
            R"({"lastUpdateTimestamp":1700000001000,"maxOffset":2,"minOffset":0},)"
            R"({"brokerName":"broker-a","queueId":1,"topic":"t"}:)"
            R"({"lastUpdateTimestamp":1700000001000,"maxOffset":1,"minOffset":0}},)"
            R"("topicPutTps":0.0})");
  make_topic("fresh", 1);
  EXPECT_EQ(call(wire::GetTopicStatsInfo{.topic = "fresh"}).body,
            R"({"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":"fresh"}:)"
            R"({"lastUpdateTimestamp":0,"maxOffset":0,"minOffset":0}},"topicPutTps":0.0})");
  auto missing = call(wire::GetTopicStatsInfo{.topic = "none"});
  EXPECT_EQ(missing.code, 17);
  EXPECT_EQ(missing.remark, "topic[none] not exist");
}

TEST_F(Views, ProgressOfAGroup) {
  auto stats_of = [&](const wire::GetConsumeStats& request) { return call(request).body; };
  offsets.commit({"g", "t", QueueId(0)}, QueueOffset(1));
  offsets.commit_pull({"g", "t", QueueId(0)}, QueueOffset(2));
  const std::string expected =
      R"({"consumeTps":0.0,"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":"t"}:)"
      R"({"brokerOffset":2,"consumerOffset":1,"lastTimestamp":1700000000000,"pullOffset":2},)"
      R"({"brokerName":"broker-a","queueId":1,"topic":"t"}:)"
      R"({"brokerOffset":1,"consumerOffset":0,"lastTimestamp":0,"pullOffset":0}}})";
  const std::string nothing = R"({"consumeTps":0.0,"offsetTable":{}})";
  EXPECT_EQ(stats_of({.consumer_group = "g", .topic = {}, .topic_list = {}}), expected);
  EXPECT_EQ(stats_of({.consumer_group = "g", .topic = "t", .topic_list = {}}), expected);
  join("g", "other", "c1", 41001);
  EXPECT_EQ(stats_of({.consumer_group = "g", .topic = {}, .topic_list = {}}), nothing)
      << "no longer subscribed";
  EXPECT_EQ(stats_of({.consumer_group = "g", .topic = {}, .topic_list = ";t;none;"}), expected)
      << "a list does not ask for subscriptions";
  EXPECT_EQ(stats_of({.consumer_group = "nobody", .topic = {}, .topic_list = {}}), nothing);
}

TEST_F(Views, AllGroups) {
  ASSERT_NE(groups.find_or_create("g"), nullptr);
  offsets.commit({"g", "t", QueueId(0)}, QueueOffset(1));
  auto body = json::parse_json<wire::ConsumeStatsList>(
      call(wire::GetBrokerConsumeStats{.is_order = false}).body);
  ASSERT_TRUE(body);
  EXPECT_EQ(body->broker_addr, "127.0.0.1:10911");
  EXPECT_EQ(body->total_diff, 2);
  EXPECT_EQ(body->groups.size(), groups.all().size());
  auto ordered = json::parse_json<wire::ConsumeStatsList>(
      call(wire::GetBrokerConsumeStats{.is_order = true}).body);
  ASSERT_TRUE(ordered);
  EXPECT_EQ(ordered->total_diff, 0);
}

TEST_F(Views, WhoReadsWhat) {
  offsets.commit({"earlier", "t", QueueId(0)}, QueueOffset(1));
  join("g", "t", "c1", 41001);
  EXPECT_EQ(call(wire::QueryTopicConsumeByWho{.topic = "t"}).body,
            R"({"groupList":["earlier","g"]})");
  EXPECT_EQ(call(wire::QueryTopicsByConsumer{.group = "earlier"}).body,
            R"({"brokerAddr":"127.0.0.1:10911","topicList":["t"]})");
  EXPECT_EQ(call(wire::QuerySubscriptionByConsumer{.group = "g", .topic = "t"}).body,
            R"({"group":"g","subscriptionData":{"classFilterMode":false,"codeSet":[],)"
            R"("expressionType":"TAG","subString":"*","subVersion":7,"tagsSet":[],"topic":"t"},)"
            R"("topic":"t"})");
  EXPECT_EQ(call(wire::QuerySubscriptionByConsumer{.group = "x", .topic = "t"}).body,
            R"({"group":"x","topic":"t"})");
}

TEST_F(Views, TimeSpans) {
  offsets.commit({"g", "t", QueueId(0)}, QueueOffset(1));
  clock.advance_ms(500);
  auto got = call(wire::QueryConsumeTimeSpan{.topic = "t", .group = "g"});
  auto tree = json::parse(got.body);
  ASSERT_TRUE(tree);
  auto rows = tree->find("consumeTimeSpanSet")->items();
  ASSERT_EQ(rows.size(), 2u);
  auto number = [&](size_t row, const char* name) { return *rows[row].find(name)->to_int64(); };
  EXPECT_EQ(number(0, "minTimeStamp"), 1'700'000'000'000);
  EXPECT_EQ(number(0, "maxTimeStamp"), 1'700'000'001'000);
  EXPECT_EQ(number(0, "consumeTimeStamp"), 1'700'000'000'000);
  EXPECT_EQ(number(0, "delayTime"), 500);
  EXPECT_EQ(number(1, "delayTime"), 500) << "never consumed: since its first message";
  std::string local = *rows[0].find("maxTimeStampStr")->text();  // In whatever zone this runs.
  EXPECT_EQ(local.size(), std::string_view("2023-11-14#22:13:21:000").size());
  EXPECT_EQ(local.at(10), '#');
  EXPECT_TRUE(local.ends_with(":21:000")) << local;
  EXPECT_EQ(call(wire::QueryConsumeTimeSpan{.topic = "none", .group = "g"}).code, 17);
}

TEST_F(Views, Counters) {
  using View = wire::ViewBrokerStatsData;
  stats.sample(clock.wall());
  EXPECT_EQ(call(View{.stats_name = "TOPIC_PUT_NUMS", .stats_key = "t"}).body,
            R"({"statsDay":{"avgpt":0.0,"sum":0,"tps":0.0},)"
            R"("statsHour":{"avgpt":0.0,"sum":0,"tps":0.0},)"
            R"("statsMinute":{"avgpt":1.0,"sum":3,"tps":0.3}})");
  EXPECT_EQ(call(View{.stats_name = "BROKER_PUT_NUMS", .stats_key = "DefaultCluster"}).code, 0);
  auto missing = call(View{.stats_name = "TOPIC_PUT_NUMS", .stats_key = "none"});
  EXPECT_EQ(missing.code, 1);
  EXPECT_EQ(missing.remark, "The stats <TOPIC_PUT_NUMS> <none> not exist");
}

TEST_F(Views, Connections) {
  auto offline = call(wire::GetConsumerConnectionList{.consumer_group = "g"});
  EXPECT_EQ(offline.code, 206);
  EXPECT_EQ(offline.remark, "the consumer group[g] not online");
  auto nobody = call(wire::GetProducerConnectionList{.producer_group = "producers"});
  EXPECT_EQ(nobody.code, 1);
  EXPECT_EQ(nobody.remark, "the producer group[producers] not exist");
  EXPECT_EQ(call(wire::GetAllProducerInfo{}).body, R"({"data":{}})");
  join("g", "t", "c1", 41001);
  const std::string connection =
      R"({"clientAddr":"127.0.0.1:41001","clientId":"c1","language":"JAVA","version":513})";
  EXPECT_EQ(call(wire::GetConsumerConnectionList{.consumer_group = "g"}).body,
            R"({"connectionSet":[)" + connection +
                R"(],"consumeFromWhere":"CONSUME_FROM_FIRST_OFFSET",)"
                R"("consumeType":"CONSUME_PASSIVELY","messageModel":"CLUSTERING",)"
                R"("subscriptionTable":{"t":{"classFilterMode":false,"codeSet":[],)"
                R"("expressionType":"TAG","subString":"*","subVersion":7,"tagsSet":[],)"
                R"("topic":"t"}}})");
  EXPECT_EQ(call(wire::GetProducerConnectionList{.producer_group = "producers"}).body,
            R"({"connectionSet":[)" + connection + "]}");
  EXPECT_EQ(call(wire::GetAllProducerInfo{}).body,
            R"({"data":{"producers":[{"clientId":"c1","language":"JAVA",)"
            R"("lastUpdateTimestamp":1700000001000,"remoteIP":"/127.0.0.1:41001",)"
            R"("version":513}]}})");
}

TEST_F(Views, MessagesByKeyAndPlace) {
  EXPECT_EQ(bodies(call(query_for("k1")).body), Bodies{"one"});
  auto both = call(query_for("shared"));
  EXPECT_EQ(bodies(both.body), (Bodies{"one", "two"}));
  EXPECT_NE(both.ext.at("indexLastUpdateTimestamp"), "0");
  EXPECT_EQ(bodies(call(query_for("Aa")).body), Bodies{"three"});
  auto collides = call(query_for("BB"));
  EXPECT_EQ(collides.code, 22) << "the same hash as Aa, another key";
  EXPECT_EQ(collides.remark, "can not find message, maybe time range not correct");
  EXPECT_EQ(collides.ext.at("indexLastUpdateTimestamp"), "0");
  options.max_msgs_num_batch = 1;  // Live, and above what is asked for and what is preset.
  EXPECT_EQ(bodies(call(query_for("shared")).body).size(), 1u);
  auto unique = query_for("ID1");
  unique.unique_key_query = true;
  for (const char* body : {"four", "five"}) store_with(std::string("UNIQ_KEY\x01ID1\x02"), body);
  EXPECT_EQ(bodies(call(unique).body).size(), 1u);
  options.max_msgs_num_batch = 64;
  EXPECT_EQ(bodies(call(unique).body).size(), 2u);
  options.store.query_messages_max = 1;
  EXPECT_EQ(bodies(call(unique).body).size(), 1u);
  auto first = call(wire::ViewMessageById{.topic = {}, .offset = PhysicalOffset(0)});
  EXPECT_EQ(bodies(first.body), Bodies{"one"});
  auto beyond = call(wire::ViewMessageById{.topic = {}, .offset = PhysicalOffset(1 << 20)});
  EXPECT_EQ(beyond.code, 1);
  EXPECT_EQ(beyond.remark, "can not find message by the offset, 1048576");
  EXPECT_EQ(call(wire::ViewMessageById{.topic = {}, .offset = PhysicalOffset(-1)}).code, 1);
}

TEST_F(Views, QueueEntries) {
  wire::QueryConsumeQueue request{
      .topic = "t", .queue_id = QueueId(0), .index = 0, .count = 10, .consumer_group = {}};
  auto whole = call(request).body;
  EXPECT_EQ(whole.rfind(R"({"maxQueueIndex":2,"minQueueIndex":0,"queueData":[)"
                        R"({"eval":false,"physicOffset":0,"physicSize":)",
                        0),
            0u)
      << whole;
  EXPECT_NE(whole.find("\"tagsCode\":2598919}"), std::string::npos) << "TagA";
  EXPECT_NE(whole.find("\"tagsCode\":2598920}]"), std::string::npos) << "TagB";
  request.consumer_group = "g";
  EXPECT_NE(call(request).body.find(R"("filterData":"g@t is not online!")"), std::string::npos);
  request.index = 9;
  auto beyond = call(request);
  EXPECT_EQ(beyond.code, 0);
  EXPECT_EQ(beyond.remark, "Index 9 of 0@t is not exist!");
  EXPECT_EQ(beyond.body, "");
  request.queue_id = QueueId(7);
  EXPECT_EQ(call(request).remark, "7@t is not exist!");
}

TEST_F(Views, ResetByTheBroker) {
  join("g", "t", "c1", 41001);
  wire::ResetOffset request{.group = "g", .topic = "t", .offset = {}, .timestamp = UnixMillis(-1)};
  EXPECT_EQ(call(request).body,
            R"({"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":"t"}:2,)"
            R"({"brokerName":"broker-a","queueId":1,"topic":"t"}:1}})");
  EXPECT_EQ(offsets.committed({"g", "t", QueueId(0)}), QueueOffset(2));
  EXPECT_TRUE(offsets.has_reset({"g", "t", QueueId(0)}));
  EXPECT_NE(file_text("s/config/consumerOffset.json").find("t@g"), std::string::npos);
  request.timestamp = UnixMillis(1'700'000'000'500);
  request.queue_id = QueueId(0);
  EXPECT_EQ(call(request).body,
            R"({"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":"t"}:1}})");
  request.offset = QueueOffset(0);
  EXPECT_EQ(call(request).code, 0);
  EXPECT_EQ(offsets.committed({"g", "t", QueueId(0)}), QueueOffset(0));
  request.offset = QueueOffset(99);
  EXPECT_EQ(call(request).remark, "Target offset 99 not in consume queue range [0-2]");
  request.topic = "none";
  EXPECT_EQ(call(request).remark, "Topic none does not exist");
  request.topic = "t";
  request.group = "nobody";
  auto missing = call(request);
  EXPECT_EQ(missing.code, 26);
  EXPECT_EQ(missing.remark, "Group nobody does not exist");
}

TEST_F(Views, ResetByTheClients) {
  options.use_server_side_reset_offset = false;
  Peer client = join("g", "t", "c1", 41001);
  wire::ResetOffset request{
      .group = "g", .topic = "t", .offset = {}, .timestamp = UnixMillis(-1), .is_force = true};
  EXPECT_EQ(call(request).remark, "THe consumer group <g> not exist") << "it never committed";
  for (int32_t i : {0, 1}) offsets.commit({"g", "t", QueueId(i)}, QueueOffset(0));
  auto got = call(request);
  auto pushed = take(client);
  ASSERT_EQ(pushed.size(), 1u);
  EXPECT_EQ(pushed[0].code, 220);
  EXPECT_EQ(pushed[0].body, got.body);
  EXPECT_EQ(pushed[0].ext, (std::map<std::string, std::string>{{"topic", "t"},
                                                               {"group", "g"},
                                                               {"queueId", "-1"},
                                                               {"timestamp", "-1"},
                                                               {"isForce", "false"}}));
  request.is_force = false;
  EXPECT_EQ(call(request).body,
            R"({"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":"t"}:0,)"
            R"({"brokerName":"broker-a","queueId":1,"topic":"t"}:0}})")
      << "only ever back";
  EXPECT_EQ(take(client).size(), 1u);
  EXPECT_EQ(call(request, {}, wire::Language::cpp).code, 0);
  EXPECT_EQ(take(client).at(0).body.rfind(R"({"offsetTable":[{"brokerName":"broker-a",)", 0), 0u);
  offsets.commit({"offline", "t", QueueId(0)}, QueueOffset(0));
  offsets.commit({"offline", "t", QueueId(1)}, QueueOffset(0));
  request.group = "offline";
  EXPECT_EQ(call(request).code, 206);
}

TEST_F(Views, CloneAndCorrection) {
  for (int32_t i : {0, 1}) offsets.commit({"g", "t", QueueId(i)}, QueueOffset(1));
  wire::CloneGroupOffset clone{.src_group = "g", .dest_group = "copy", .topic = {}};
  EXPECT_EQ(call(clone).code, 0);
  EXPECT_EQ(offsets.committed({"copy", "t", QueueId(1)}), QueueOffset(1));
  EXPECT_NE(file_text("s/config/consumerOffset.json").find("t@copy"), std::string::npos);
  offsets.commit({"behind", "t", QueueId(0)}, QueueOffset(0));
  wire::QueryCorrectionOffset ask{.filter_groups = "behind,x", .compare_group = "g", .topic = "t"};
  EXPECT_EQ(call(ask).body, R"({"correctionOffsets":{0:1,1:1}})");
  EXPECT_FALSE(offsets.topics_of("behind").empty()) << "Java deletes it";
  ask.compare_group = "behind";
  EXPECT_EQ(call(ask).body, R"({"correctionOffsets":{0:9223372036854775807,1:1}})");
}

TEST_F(Views, QuestionsArePassedToClients) {
  Peer client = join("g", "t", "c1", 41001);
  wire::GetConsumerRunningInfo request{.consumer_group = "g", .client_id = "c1"};
  send(request);
  run();
  auto asked = take(client);
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].code, 307);
  EXPECT_EQ(asked[0].ext.at("clientId"), "c1");
  answer(client, asked[0].opaque, 0, "{\"properties\":{}}");
  auto got = take(admin);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].body, "{\"properties\":{}}");
  send(request);
  run();
  answer(client, take(client).at(0).opaque, 1, "", "no stack for you");
  EXPECT_EQ(take(admin).at(0).remark, "no stack for you");
  send(request);
  run();
  clock.advance_ms(10'001);
  client.connection->sweep(clock.mono());
  run();
  auto late = take(admin);
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(late[0].code, 207);
  EXPECT_EQ(late[0].remark.rfind("consumer <g> <c1> Timeout: ", 0), 0u) << late[0].remark;
  request.client_id = "c2";
  EXPECT_EQ(call(request).remark, "The Consumer <g> <c2> not online");
}

TEST_F(Views, OneMessageIsConsumedAgain) {
  Peer client = join("g", "t", "c1", 41001);
  auto host = message::parse_ip("127.0.0.1", 10911);
  ASSERT_TRUE(host);
  std::string id = message::offset_id_text({*host, PhysicalOffset(0)});
  wire::ConsumeMessageDirectly request{.consumer_group = "g",
                                       .client_id = "c1",
                                       .msg_id = id,
                                       .broker_name = {},
                                       .topic = "t",
                                       .topic_sys_flag = {},
                                       .group_sys_flag = {}};
  send(request);
  run();
  auto asked = take(client);
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].code, 309);
  EXPECT_EQ(asked[0].ext.at("brokerName"), "broker-a");
  EXPECT_EQ(asked[0].ext.at("topicSysFlag"), "0");
  EXPECT_EQ(asked[0].ext.at("groupSysFlag"), "0");
  EXPECT_EQ(bodies(asked[0].body), Bodies{"one"});
  answer(client, asked[0].opaque, 0, "{\"consumeResult\":\"CR_SUCCESS\"}");
  EXPECT_EQ(take(admin).at(0).body, "{\"consumeResult\":\"CR_SUCCESS\"}");
  request.msg_id = "nonsense";
  EXPECT_EQ(call(request).code, 1);
}

TEST_F(Views, StatusOfAllClients) {
  Peer first = join("g", "t", "c1", 41001);
  Peer second = join("g", "t", "c2", 41002);
  const std::string queues =
      R"({"consumerTable":{},"messageQueueTable":{{"brokerName":"b","queueId":0,"topic":"t"}:7}})";
  send(wire::GetConsumerStatus{.topic = "t", .group = "g", .client_addr = {}});
  run();
  answer(first, take(first).at(0).opaque, 0, queues);
  EXPECT_TRUE(take(admin).empty()) << "the second has not answered";
  answer(second, take(second).at(0).opaque, 1, "");
  EXPECT_EQ(take(admin).at(0).body,
            R"({"consumerTable":{"c1":{{"brokerName":"b","queueId":0,"topic":"t"}:7}},)"
            R"("messageQueueTable":{}})");
  EXPECT_EQ(call(wire::GetConsumerStatus{.topic = "t", .group = "g", .client_addr = "c9"}).body,
            R"({"consumerTable":{},"messageQueueTable":{}})");
  EXPECT_EQ(call(wire::GetConsumerStatus{.topic = "t", .group = "x", .client_addr = {}}).remark,
            "No Any Consumer online in the consumer group: [x]");
}

TEST_F(Views, RuntimeTableIsWhatMonitoringReads) {
  stats.sample(clock.wall());
  auto body = json::parse_json<wire::KvTable>(call(wire::GetBrokerRuntimeInfo{}).body);
  ASSERT_TRUE(body);
  auto text = [&](const std::string& key) {
    auto at = body->table.find(key);
    EXPECT_NE(at, body->table.end()) << key;
    return at == body->table.end() ? std::string() : at->second;
  };
  // rocketmq-exporter 0.0.2 reads these as whole numbers and loses the broker when one is not.
  for (const char* key : {"msgPutTotalTodayNow",
                          "msgGetTotalTodayNow",
                          "msgPutTotalTodayMorning",
                          "msgGetTotalTodayMorning",
                          "msgPutTotalYesterdayMorning",
                          "msgGetTotalYesterdayMorning",
                          "sendThreadPoolQueueHeadWaitTimeMills",
                          "queryThreadPoolQueueHeadWaitTimeMills",
                          "pullThreadPoolQueueHeadWaitTimeMills",
                          "queryThreadPoolQueueSize",
                          "pullThreadPoolQueueSize",
                          "sendThreadPoolQueueSize",
                          "sendThreadPoolQueueCapacity",
                          "pullThreadPoolQueueCapacity",
                          "queryThreadPoolQueueCapacity",
                          "commitLogMinOffset",
                          "commitLogMaxOffset",
                          "bootTimestamp",
                          "brokerVersion",
                          "dispatchMaxBuffer",
                          "pageCacheLockTimeMills",
                          "getMessageEntireTimeMax",
                          "putMessageTimesTotal",
                          "startAcceptSendRequestTimeStamp",
                          "putMessageEntireTimeMax",
                          "earliestMessageTimeStamp",
                          "remainTransientStoreBufferNumbs",
                          "putMessageSizeTotal",
                          "dispatchBehindBytes",
                          "expiredUnconsumedBytes"}) {
    std::string value = text(key);
    EXPECT_FALSE(value.empty()) << key;
    EXPECT_EQ(value.find_first_not_of("0123456789-"), std::string::npos) << key << "=" << value;
  }
  for (const char* key : {"putTps", "getMissTps", "getTransferedTps", "getTransferredTps",
                          "getTotalTps", "getFoundTps"}) {
    double ten = -1, sixty = -1, six_hundred = -1;
    EXPECT_EQ(std::sscanf(text(key).c_str(), "%lf %lf %lf", &ten, &sixty, &six_hundred), 3) << key;
    EXPECT_GE(six_hundred, 0) << key;
  }
  EXPECT_EQ(text("commitLogDirCapacity"), "Total : 1.0 GiB, Free : 512.0 MiB.");
  EXPECT_EQ(text("brokerVersionDesc"), "V5_5_0");
  EXPECT_EQ(text("brokerActive"), "true");
  EXPECT_EQ(text("msgPutTotalTodayNow"), "3");
  EXPECT_EQ(text("earliestMessageTimeStamp"), "1700000000000");
  EXPECT_EQ(text("runtime"), "[ 0 days, 0 hours, 0 minutes, 1 seconds ]");
  EXPECT_EQ(text("commitLogDiskRatio_s/commitlog"), text("commitLogDiskRatio"));
  auto left = text("remainHowManyDataToFlush");
  EXPECT_NE(left.find(' '), std::string::npos) << left;
}

TEST_F(Views, TablesOfOtherFeatures) {
  EXPECT_EQ(call(wire::GetAllDelayOffset{}).body,
            R"({"dataVersion":{"counter":0,"stateVersion":0,"timestamp":0},"offsetTable":{}})");
  EXPECT_EQ(call(wire::GetAllMessageRequestMode{}).body, R"({"messageRequestModeMap":{}})");
  ASSERT_TRUE(io::replace_text(disk, "s/config/delayOffset.json", "{\"offsetTable\":{3:1}}"));
  EXPECT_EQ(call(wire::GetAllDelayOffset{}).body, "{\"offsetTable\":{3:1}}");
}

}  // namespace
}  // namespace agena::broker::testing
