// Goal: routes and cluster views read and write as Java's name server and clients have them.
// Method: texts that a Java 5.5.0 name server answered, in both styles, and back.
#include "wire/bodies/route.h"

#include <gtest/gtest.h>

#include "wire/bodies/cluster.h"
#include "wire/bodies/kv_table.h"
#include "wire/bodies/topic_list.h"

namespace agena::wire {
namespace {

TopicRouteData sample() {
  TopicRouteData route;
  route.brokers = {
      {.addresses = {{BrokerId(0), "127.0.0.1:20911"}, {BrokerId(1), "127.0.0.1:21911"}},
       .broker_name = "diff-a",
       .cluster = "diff-cluster"}};
  route.order_topic_conf = "diff-a:4";
  route.queues = {{.broker_name = "diff-a", .perm = 6, .read_queues = 8, .write_queues = 8}};
  return route;
}

constexpr const char* kRest =
    "\"brokerName\":\"diff-a\",\"cluster\":\"diff-cluster\",\"enableActingMaster\":false}],"
    "\"filterServerTable\":{},\"orderTopicConf\":\"diff-a:4\",\"queueDatas\":[{\"brokerName\":"
    "\"diff-a\",\"perm\":6,\"readQueueNums\":8,\"topicSysFlag\":0,\"writeQueueNums\":8}]}";

TEST(TopicRouteData, HasTwoStyles) {
  const std::string bare =
      "{\"brokerDatas\":[{\"brokerAddrs\":{0:\"127.0.0.1:20911\",1:\"127.0.0.1:21911\"}," +
      std::string(kRest);
  const std::string strict =
      "{\"brokerDatas\":[{\"brokerAddrs\":{\"0\":\"127.0.0.1:20911\",\"1\":\"127.0.0.1:21911\"}," +
      std::string(kRest);
  EXPECT_EQ(json::to_json(sample()), bare);
  EXPECT_EQ(json::to_json(sample(), {.is_strict = true}), strict);
  for (const std::string& text : {bare, strict}) {
    const auto back = json::parse_json<TopicRouteData>(text);
    ASSERT_TRUE(back) << describe(back.error());
    EXPECT_EQ(*back, sample());
  }
}

TEST(TopicRouteData, CarriesQueueMappings) {
  TopicRouteData route;
  route.mapping_by_broker = std::map<std::string, QueueMapping>{};
  (*route.mapping_by_broker)["a"] = {
      .broker_name = "a", .current_ids = {{0, 3}}, .topic = "t", .total_queues = 1};
  EXPECT_EQ(json::to_json(route),
            "{\"brokerDatas\":[],\"filterServerTable\":{},\"queueDatas\":[],"
            "\"topicQueueMappingByBroker\":{\"a\":{\"bname\":\"a\",\"currIdMap\":{0:3},"
            "\"dirty\":false,\"epoch\":0,\"scope\":\"__global__\",\"topic\":\"t\","
            "\"totalQueues\":1}}}");
  const auto back = json::parse_json<TopicRouteData>(json::to_json(route, {.is_strict = true}));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, route);
}

TEST(ClusterInfo, IsJavas) {
  const std::string text =
      "{\"brokerAddrTable\":{\"diff-a\":{\"brokerAddrs\":{0:\"127.0.0.1:20911\"},\"brokerName\":"
      "\"diff-a\",\"cluster\":\"diff-cluster\",\"enableActingMaster\":false}},"
      "\"clusterAddrTable\":{\"diff-cluster\":[\"diff-a\"]}}";
  const auto info = json::parse_json<ClusterInfo>(text);
  ASSERT_TRUE(info) << describe(info.error());
  EXPECT_EQ(info->clusters.at("diff-cluster").count("diff-a"), 1U);
  EXPECT_EQ(json::to_json(*info), text);
}

TEST(SmallBodies, AreJavas) {
  const std::string members =
      "{\"brokerMemberGroup\":{\"brokerAddrs\":{0:\"127.0.0.1:20911\",2:\"127.0.0.1:21911\"},"
      "\"brokerName\":\"diff-a\",\"cluster\":\"diff-cluster\"}}";
  const auto group = json::parse_json<BrokerMemberGroupBody>(members);
  ASSERT_TRUE(group);
  EXPECT_EQ(json::to_json(*group), members);

  const std::string topics = "{\"brokerAddr\":\"127.0.0.1:20911\",\"topicList\":[\"a\",\"c\"]}";
  const auto list = json::parse_json<TopicList>(topics);
  ASSERT_TRUE(list);
  EXPECT_EQ(json::to_json(*list), topics);
  EXPECT_EQ(json::to_json(TopicList{}), "{\"topicList\":[]}");

  KvTable table;
  table.table["diff-one"] = "diff-a:4";
  EXPECT_EQ(json::to_json(table), "{\"table\":{\"diff-one\":\"diff-a:4\"}}");
}

}  // namespace
}  // namespace agena::wire
