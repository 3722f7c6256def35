// Goal: bodies and config files follow from their field lists, as fastjson reads and writes beans.
// Method: sample structs shaped like RocketMQ's bodies, literal documents, error texts with paths.
#include "base/json_fields.h"

#include <gtest/gtest.h>

namespace agena::json {
namespace {

enum class Model { broadcasting, clustering };
enum class From { last, first = 2, timestamp };

struct Subscription {
  std::string topic;
  std::string sub_string = "*";
  std::set<std::string> tags;
  int64_t sub_version = 0;

  static constexpr auto fields = std::tuple{
      required("topic", &Subscription::topic), field("subString", &Subscription::sub_string),
      field("tagsSet", &Subscription::tags), field("subVersion", &Subscription::sub_version)};
  friend bool operator==(const Subscription&, const Subscription&) = default;
};

struct Consumer {
  std::string group_name;
  Model model = Model::clustering;
  From from = From::first;
  std::vector<Subscription> subscriptions;
  bool is_unit = false;

  static constexpr auto fields = std::tuple{required("groupName", &Consumer::group_name),
                                            field("messageModel", &Consumer::model),
                                            field("consumeFromWhere", &Consumer::from),
                                            field("subscriptionDataSet", &Consumer::subscriptions),
                                            field("unitMode", &Consumer::is_unit)};
};

struct Heartbeat {
  std::string client_id;
  std::vector<Consumer> consumers;

  static constexpr auto fields = std::tuple{required("clientID", &Heartbeat::client_id),
                                            field("consumerDataSet", &Heartbeat::consumers)};
};

struct Queue {
  std::string topic;
  std::string broker;
  QueueId id;

  static constexpr auto fields =
      std::tuple{required("topic", &Queue::topic), required("brokerName", &Queue::broker),
                 required("queueId", &Queue::id)};
  friend auto operator<=>(const Queue&, const Queue&) = default;
};

struct Everything {
  bool truth = false;
  int32_t small = 0;
  uint16_t port = 0;
  uint64_t big = 0;
  double rate = 0;
  std::optional<std::string> remark;
  std::optional<Model> model;
  BrokerId broker;
  std::map<std::string, Subscription> by_name;
  std::map<int32_t, int64_t> offsets;
  std::map<BrokerId, std::string> addresses;
  std::map<Queue, std::vector<int64_t>> queues;
  std::vector<std::optional<int32_t>> holes;
  Value any;

  static constexpr auto fields =
      std::tuple{field("truth", &Everything::truth),     field("small", &Everything::small),
                 field("port", &Everything::port),       field("big", &Everything::big),
                 field("rate", &Everything::rate),       field("remark", &Everything::remark),
                 field("model", &Everything::model),     field("broker", &Everything::broker),
                 field("byName", &Everything::by_name),  field("offsets", &Everything::offsets),
                 field("addrs", &Everything::addresses), field("queues", &Everything::queues),
                 field("holes", &Everything::holes),     field("any", &Everything::any)};
};

struct Offsets {
  std::map<std::string, std::map<int32_t, int64_t>> table;
  static constexpr auto fields = std::tuple{field("offsetTable", &Offsets::table)};
};

struct Nothing {
  static constexpr auto fields = std::tuple{};
};

template <typename T>
std::string refusal(std::string_view text) {
  const auto read = parse_json<T>(text);
  return read ? "accepted" : describe(read.error());
}

}  // namespace

template <>
struct EnumNames<Model> {
  static constexpr std::array<std::string_view, 2> names = {"BROADCASTING", "CLUSTERING"};
};
template <>
struct EnumNames<From> {
  static constexpr std::array<std::string_view, 4> names = {
      "CONSUME_FROM_LAST_OFFSET", "CONSUME_FROM_MIN_OFFSET", "CONSUME_FROM_FIRST_OFFSET",
      "CONSUME_FROM_TIMESTAMP"};
};

namespace {

TEST(JsonFields, WritesMembersInAlphabeticalOrder) {
  Everything all;
  all.truth = true;
  all.small = -1;
  all.port = 10911;
  all.big = 5;
  all.rate = 0.5;
  all.broker = BrokerId(3);
  all.offsets = {{2, 20}, {-1, 10}};
  all.addresses = {{BrokerId(0), "127.0.0.1:10911"}};
  all.queues = {{Queue{"t", "b", QueueId(1)}, {1, 2}}};
  all.by_name = {{"x", {.topic = "t", .sub_string = "a||b", .tags = {"b", "a"}}}};
  all.holes = {1, std::nullopt};
  const std::string text = to_json(all);
  EXPECT_EQ(text, R"({"addrs":{0:"127.0.0.1:10911"},"big":5,"broker":3,"byName":{"x":{"subString":)"
                  R"("a||b","subVersion":0,"tagsSet":["a","b"],"topic":"t"}},"holes":[1,null],)"
                  R"("offsets":{-1:10,2:20},"port":10911,"queues":{{"brokerName":"b","queueId":1,)"
                  R"("topic":"t"}:[1,2]},"rate":0.5,"small":-1,"truth":true})");

  const auto back = parse_json<Everything>(text);
  ASSERT_TRUE(back) << describe(back.error());
  EXPECT_EQ(to_json(*back), text);
  EXPECT_EQ(back->queues, all.queues);
  EXPECT_EQ(back->by_name, all.by_name);
  EXPECT_EQ(back->broker, BrokerId(3));
}

TEST(JsonFields, LeavesOutWhatIsEmptyAndKeepsWhatIsSet) {
  Everything all;
  EXPECT_EQ(to_json(all).find("remark"), std::string::npos);
  EXPECT_EQ(to_json(all).find("any"), std::string::npos);
  all.remark = "";
  all.model = Model::broadcasting;
  all.any = Value(Value::Array{Value(1)});
  const std::string text = to_json(all);
  EXPECT_NE(text.find(R"("any":[1])"), std::string::npos);
  EXPECT_NE(text.find(R"("model":"BROADCASTING")"), std::string::npos);
  EXPECT_NE(text.find(R"("remark":"")"), std::string::npos);
  EXPECT_EQ(to_json(Nothing{}), "{}");
  EXPECT_TRUE(parse_json<Nothing>(R"({"a":1})"));
}

TEST(JsonFields, WritesConfigFilesAsJava) {
  const std::string text =
      "{\n\t\"offsetTable\":{\n\t\t\"t@g\":{\n\t\t\t0:4,\n\t\t\t10:5\n\t\t}\n\t}\n}";
  const auto offsets = parse_json<Offsets>(text);
  ASSERT_TRUE(offsets);
  EXPECT_EQ(offsets->table.at("t@g").at(10), 5);
  EXPECT_EQ(to_json(*offsets, {.is_pretty = true}), text);
  EXPECT_EQ(to_json(*offsets, {.is_strict = true}), R"({"offsetTable":{"t@g":{"0":4,"10":5}}})");
  EXPECT_EQ(to_json(Offsets{}, {.is_pretty = true}), "{\n\t\"offsetTable\":{}\n}");
}

TEST(JsonFields, ReadsJavasHeartbeat) {
  const auto read = parse_json<Heartbeat>(
      R"({"clientID":"c","consumerDataSet":[{"consumeFromWhere":"CONSUME_FROM_TIMESTAMP",)"
      R"("consumeType":"CONSUME_PASSIVELY","groupName":"g","messageModel":"BROADCASTING",)"
      R"("subscriptionDataSet":[{"codeSet":[65],"subString":"A","subVersion":1700000000000,)"
      R"("tagsSet":["A"],"topic":"t"}],"unitMode":true}],"heartbeatFingerprint":0})");
  ASSERT_TRUE(read) << describe(read.error());
  const Consumer& consumer = read->consumers.at(0);
  EXPECT_EQ(consumer.from, From::timestamp);
  EXPECT_EQ(consumer.model, Model::broadcasting);
  EXPECT_TRUE(consumer.is_unit);
  EXPECT_EQ(
      consumer.subscriptions.at(0),
      (Subscription{.topic = "t", .sub_string = "A", .tags = {"A"}, .sub_version = 1700000000000}));
}

TEST(JsonFields, ReadsTheCppClientsHeartbeat) {
  const auto read = parse_json<Heartbeat>(
      R"({"clientID":"c","consumerDataSet":[{"consumeFromWhere":0,"consumeType":1,)"
      R"("groupName":"g","messageModel":"1","subscriptionDataSet":[{"subString":"*",)"
      R"("subVersion":"1700000000000","topic":"t"}]}]})"
      "\n");
  ASSERT_TRUE(read) << describe(read.error());
  EXPECT_EQ(read->consumers.at(0).from, From::last);
  EXPECT_EQ(read->consumers.at(0).model, Model::clustering);
  EXPECT_EQ(read->consumers.at(0).subscriptions.at(0).sub_version, 1700000000000);
}

TEST(JsonFields, UnknownEnumsKeepTheDefault) {
  const auto read = parse_json<Consumer>(
      R"({"groupName":"g","messageModel":"LITE_SELECTIVE","consumeFromWhere":17})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->model, Model::clustering);
  EXPECT_EQ(read->from, From::first);
  const auto optional = parse_json<Everything>(R"({"model":"OTHER"})");
  ASSERT_TRUE(optional);
  EXPECT_EQ(optional->model, std::nullopt);
  EXPECT_EQ(parse_json<Everything>(R"({"model":0})")->model, Model::broadcasting);
}

TEST(JsonFields, ReadsKeysInEverySpelling) {
  const auto read = parse_json<Everything>(
      R"({"offsets":{0:1,"1":"2",'2':3},"queues":{{"topic":"t","brokerName":"b","queueId":"4"}:[],)"
      R"("{\"topic\":\"u\",\"brokerName\":\"b\",\"queueId\":5}":[6]},"byName":{"gone":null}})");
  ASSERT_TRUE(read) << describe(read.error());
  EXPECT_EQ(read->offsets, (std::map<int32_t, int64_t>{{0, 1}, {1, 2}, {2, 3}}));
  EXPECT_EQ(read->queues.size(), 2u);
  EXPECT_EQ(read->queues.at(Queue{"u", "b", QueueId(5)}), std::vector<int64_t>{6});
  EXPECT_TRUE(read->by_name.empty());
}

TEST(JsonFields, NullCountsAsAbsent) {
  const auto read =
      parse_json<Consumer>(R"({"groupName":"g","unitMode":null,"messageModel":null})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->model, Model::clustering);
  EXPECT_EQ(refusal<Consumer>(R"({"groupName":null})"), "missing_field: groupName: required");
}

TEST(JsonFields, ErrorsNameThePath) {
  EXPECT_EQ(refusal<Heartbeat>("{}"), "missing_field: clientID: required");
  EXPECT_EQ(refusal<Heartbeat>(R"({"clientID":"c","consumerDataSet":[{"groupName":"g"},{}]})"),
            "missing_field: consumerDataSet[1].groupName: required");
  EXPECT_EQ(refusal<Heartbeat>(R"({"clientID":"c","consumerDataSet":{}})"),
            "bad_field: consumerDataSet: expected array, got object");
  EXPECT_EQ(refusal<Heartbeat>("[]"), "bad_field: document: expected object, got array");
  EXPECT_EQ(refusal<Heartbeat>(R"({"clientID":{}})"),
            "bad_field: clientID: expected text, got object");
  EXPECT_EQ(refusal<Everything>(R"({"byName":{"x":{"topic":"t","subVersion":"z"}}})"),
            "bad_field: byName.x.subVersion: expected integer, got text");
  EXPECT_EQ(refusal<Everything>(R"({"offsets":{"x":1}})"),
            "bad_field: offsets.x: expected integer, got text");
  EXPECT_EQ(refusal<Everything>(R"({"offsets":{{"a":1}:1}})"),
            "bad_field: offsets.{}: expected integer, got object");
  EXPECT_EQ(refusal<Everything>(R"({"queues":{{"topic":"t"}:[]}})"),
            "missing_field: queues.{}.brokerName: required");
  EXPECT_EQ(refusal<Everything>(R"({"model":[]})"), "bad_field: model: expected enum, got array");
  EXPECT_EQ(refusal<Everything>(R"({"truth":"maybe"})"),
            "bad_field: truth: expected boolean, got text");
  EXPECT_EQ(refusal<Everything>("{").substr(0, 8), "bad_json");
  const std::string name(1000, 'n');
  EXPECT_LT(refusal<Everything>(R"({"offsets":{")" + name + R"(":1}})").size(), 150u);
}

TEST(JsonFields, IntegersStayInTheirRange) {
  EXPECT_EQ(refusal<Everything>(R"({"small":2147483647})"), "accepted");
  EXPECT_EQ(refusal<Everything>(R"({"small":2147483648})"),
            "bad_field: small: expected integer, got integer");
  EXPECT_EQ(refusal<Everything>(R"({"port":65535})"), "accepted");
  EXPECT_EQ(refusal<Everything>(R"({"port":-1})"),
            "bad_field: port: expected unsigned integer, got integer");
  EXPECT_EQ(refusal<Everything>(R"({"big":-1})"),
            "bad_field: big: expected unsigned integer, got integer");
  EXPECT_EQ(refusal<Everything>(R"({"small":1.5})"),
            "bad_field: small: expected integer, got real");
  EXPECT_EQ(refusal<Everything>(R"({"holes":[1,null,3]})"), "accepted");
}

TEST(JsonFields, ListsAndMapsStandAloneToo) {
  const std::vector<std::string> list = {"a", "b"};
  EXPECT_EQ(to_json(list), R"(["a","b"])");
  EXPECT_EQ(*parse_json<std::vector<std::string>>(R"(["a","b"])"), list);
  EXPECT_EQ(refusal<std::vector<std::string>>(R"(["a",null])"),
            "bad_field: [1]: expected text, got null");
}

}  // namespace
}  // namespace agena::json
