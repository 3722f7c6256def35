// Goal: each of the 23 requests is answered with the code, remark, fields and body that the Java
// 5.5.0 name server gives.
// Method: frames through a router and connections in memory; texts recorded from the Java server.
#include "namesrv/namesrv.h"

#include <gtest/gtest.h>

#include "base/log.h"
#include "io/testing/manual_clock.h"
#include "io/testing/memory_files.h"
#include "io/testing/memory_loop.h"
#include "rpc/call.h"
#include "wire/bodies/registration.h"
#include "wire/requests/namesrv.h"

namespace agena::namesrv {
namespace {

using io::testing::MemoryStream;

constexpr const char* kKvPath = "/data/namesrv/kvConfig.json";
constexpr const char* kConfigPath = "/data/namesrv/namesrv.conf";

struct Answer {
  int32_t code = -1;
  std::string remark;
  std::map<std::string, std::string> ext;
  std::string body;
};

class NameServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    set_log_level(LogLevel::error);
    options_.kv_config_path = kKvPath;
    options_.config_store_path = kConfigPath;
    auto server = NameServer::open({clock_, files_, loop_, background_, options_});
    ASSERT_TRUE(server) << describe(server.error());
    server_ = std::move(*server);
    server_->add_handlers(router_);
    server_->start();
    run();
  }
  void TearDown() override {
    for (const auto& stream : streams_) stream->end();
    server_->stop();
    run();
  }

  std::shared_ptr<MemoryStream> connect(const std::string& ip = "127.0.0.1") {
    auto stream = std::make_shared<MemoryStream>(io::Address{ip, 40000});
    std::make_shared<rpc::Connection>(
        rpc::ConnectionDeps{loop_, clock_, &router_, server_.get(), {}}, stream)
        ->start();
    streams_.push_back(stream);
    return stream;
  }
  void disconnect(const std::shared_ptr<MemoryStream>& stream) {
    std::erase(streams_, stream);
    stream->end();
    run();
  }
  void run() {
    loop_.run();
    background_.run();
    loop_.run();
  }

  template <wire::Request R>
  Answer call(const std::shared_ptr<MemoryStream>& stream, const R& request,
              std::string_view body = {}, int32_t version = wire::kWireVersion,
              std::vector<wire::ExtField> more = {}) {
    wire::Header header{
        .code = R::info.code, .version = version, .opaque = ++opaque_, .remark = {}, .ext = {}};
    Buffer frame;
    auto start = wire::start_frame(frame, header, [&](wire::ExtWriter& ext) {
      wire::encode_fields(ext, request);
      for (const auto& [name, value] : more) ext.add(name, value);
    });
    frame.append(body);
    wire::finish_frame(frame, start);
    stream->receive(frame.view());
    run();
    return take_answer(stream);
  }
  template <wire::Request R>
  Answer call(const R& request, std::string_view body = {}, int32_t version = wire::kWireVersion) {
    if (admin_ == nullptr) admin_ = connect();
    return call(admin_, request, body, version);
  }
  Answer take_answer(const std::shared_ptr<MemoryStream>& stream) {
    auto frame = wire::next_frame(stream->out().view());
    if (!frame || !*frame) {
      ADD_FAILURE() << "no answer";
      return {};
    }
    wire::HeaderReader reader;
    wire::Header header;
    EXPECT_TRUE(reader.read((*frame)->header, (*frame)->serialization, header));
    EXPECT_EQ(header.opaque, opaque_);
    EXPECT_EQ((*frame)->wire_bytes, stream->out().size()) << "more than one answer";
    Answer answer{.code = header.code,
                  .remark = std::string(header.remark),
                  .ext = {},
                  .body = std::string(as_text((*frame)->body))};
    for (const auto& [name, value] : header.ext) answer.ext[std::string(name)] = value;
    stream->out().clear();
    return answer;
  }

  static std::string body_of(const std::vector<std::string>& names, int64_t counter = 1) {
    wire::Registration body;
    body.topics.data_version = {
        .counter = counter, .state_version = 0, .timestamp = UnixMillis(1700000000000)};
    for (const std::string& name : names) {
      body.topics.topics[name] = {.read_queues = 8, .name = name, .write_queues = 8};
    }
    return json::to_json(body);
  }
  static wire::RegisterBroker registration(std::string_view body) {
    return {.broker_name = "diff-a",
            .broker_addr = "127.0.0.1:20911",
            .cluster_name = "diff-cluster",
            .ha_server_addr = "127.0.0.1:29912",
            .broker_id = BrokerId(0),
            .heartbeat_timeout_ms = {},
            .enable_acting_master = false,
            .body_crc32 = wire::registration_checksum(as_bytes(body))};
  }
  std::shared_ptr<MemoryStream> add_master(const std::vector<std::string>& names = {"diff-one",
                                                                                    "diff-two"}) {
    const auto stream = connect();
    const std::string body = body_of(names);
    EXPECT_EQ(call(stream, registration(body), body).code, 0);
    return stream;
  }
  Answer route(std::string_view topic, int32_t version = wire::kWireVersion) {
    return call(wire::GetRouteInfoByTopic{.topic = topic, .accept_standard_json_only = {}}, {},
                version);
  }

  io::ManualClock clock_;
  io::MemoryFiles files_;
  io::testing::MemoryLoop loop_;
  io::testing::MemoryLoop background_;
  Options options_;
  rpc::Router router_;
  std::unique_ptr<NameServer> server_;
  std::vector<std::shared_ptr<MemoryStream>> streams_;
  std::shared_ptr<MemoryStream> admin_;
  int32_t opaque_ = 0;
};

constexpr const char* kRouteRest =
    "\"127.0.0.1:20911\"},\"brokerName\":\"diff-a\",\"cluster\":\"diff-cluster\","
    "\"enableActingMaster\":false}],\"filterServerTable\":{},\"queueDatas\":[{\"brokerName\":"
    "\"diff-a\",\"perm\":6,\"readQueueNums\":8,\"topicSysFlag\":0,\"writeQueueNums\":8}]}";
constexpr const char* kNoRoute =
    "No topic route info in name server for the topic: none\nSee "
    "https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details.";

TEST_F(NameServerTest, ServesAllItsCodes) {
  auto codes = router_.codes();
  std::sort(codes.begin(), codes.end());
  EXPECT_EQ(codes, (std::vector<int32_t>{100, 101, 102, 103, 104, 105, 106, 205, 206, 216, 217, 219,
                                         224, 304, 311, 312, 313, 318, 319, 322, 327, 901, 904}));
}

TEST_F(NameServerTest, RouteHasTheStyleOfTheAsker) {
  add_master();
  const std::string bare = std::string("{\"brokerDatas\":[{\"brokerAddrs\":{0:") + kRouteRest;
  const std::string strict = std::string("{\"brokerDatas\":[{\"brokerAddrs\":{\"0\":") + kRouteRest;
  EXPECT_EQ(route("diff-one").body, strict);
  EXPECT_EQ(route("diff-one", 401).body, strict);
  EXPECT_EQ(route("diff-one", 400).body, bare);
  EXPECT_EQ(call(wire::GetRouteInfoByTopic{.topic = "diff-one", .accept_standard_json_only = true},
                 {}, 399)
                .body,
            strict);
}

TEST_F(NameServerTest, MissingRouteIs17) {
  const Answer answer = route("none");
  EXPECT_EQ(answer.code, 17);
  EXPECT_EQ(answer.remark, kNoRoute);
  EXPECT_EQ(answer.body, "");
}

TEST_F(NameServerTest, WarmsUpWhenConfigured) {
  add_master();
  options_.need_wait_for_service = true;
  Answer answer = route("diff-one");
  EXPECT_EQ(answer.code, 1);
  EXPECT_EQ(answer.remark, "name server not ready");
  clock_.advance_ms(45'000);
  EXPECT_EQ(route("diff-one").code, 0);
}

TEST_F(NameServerTest, OrderSettingsComeWithTheRoute) {
  EXPECT_EQ(call(wire::PutKvConfig{"ORDER_TOPIC_CONFIG", "diff-one", "diff-a:4"}).code, 0);
  const auto stream = add_master();
  EXPECT_EQ(route("diff-one").body.find("orderTopicConf"), std::string::npos);
  options_.order_message_enable = true;
  EXPECT_NE(route("diff-one").body.find("\"orderTopicConf\":\"diff-a:4\""), std::string::npos);
  const std::string body = body_of({"diff-one", "diff-two"});
  EXPECT_EQ(call(stream, registration(body), body).body, "{\"table\":{\"diff-one\":\"diff-a:4\"}}");
  options_.return_order_topic_config_to_broker = false;
  EXPECT_EQ(call(stream, registration(body), body).body, "");
}

TEST_F(NameServerTest, ZonesFilterRoutes) {
  const auto stream = connect();
  const std::string body = body_of({"diff-one", "diff-two"});
  call(stream, registration(body), body, wire::kWireVersion, {{"__ZONE_NAME", "Here"}});
  const wire::GetRouteInfoByTopic request{.topic = "diff-one", .accept_standard_json_only = {}};
  auto ask = [&](std::string_view mode, std::string_view zone) {
    const Answer answer = call(connect(), request, {}, wire::kWireVersion,
                               {{"__ZONE_MODE", mode}, {"__ZONE_NAME", zone}});
    const auto data = json::parse_json<wire::TopicRouteData>(answer.body);
    return data ? data->brokers.size() + data->queues.size() : 99;
  };
  EXPECT_EQ(ask("true", "here"), 2U);
  EXPECT_EQ(ask("true", "there"), 0U);
  EXPECT_EQ(ask("false", "there"), 2U);
  EXPECT_EQ(ask("true", ""), 2U);
}

TEST_F(NameServerTest, RegistrationIsChecked) {
  const std::string body = body_of({"diff-one", "diff-two"});
  auto request = registration(body);
  request.body_crc32 ^= 1;
  Answer answer = call(request, body);
  EXPECT_EQ(answer.code, 1);
  EXPECT_EQ(answer.remark, "crc32 not match");
  request.body_crc32 = 0;
  EXPECT_EQ(call(request, "{]").code, 1);
  EXPECT_EQ(call(request, body_of({"diff-one"})).remark, "register broker failed");
  EXPECT_EQ(call(wire::GetBrokerClusterInfo{}).body,
            "{\"brokerAddrTable\":{},\"clusterAddrTable\":{}}");
  EXPECT_EQ(call(request, body).code, 0);
}

TEST_F(NameServerTest, CompressedRegistrationIsRead) {
  wire::Registration from;
  from.topics.topics["diff-packed"] = {.name = "diff-packed"};
  from.topics.topics["diff-other"] = {.name = "diff-other"};
  Buffer packed;
  ASSERT_TRUE(wire::encode_registration(from, true, packed));
  auto request = registration(as_text(packed.view()));
  request.compressed = true;
  EXPECT_EQ(call(request, as_text(packed.view())).code, 0);
  EXPECT_EQ(route("diff-packed").code, 0);
}

TEST_F(NameServerTest, SlaveLearnsItsMaster) {
  add_master();
  const std::string body = body_of({"diff-one", "diff-two"});
  auto request = registration(body);
  request.broker_id = BrokerId(1);
  request.broker_addr = "127.0.0.1:21911";
  const Answer answer = call(connect(), request, body);
  EXPECT_EQ(answer.ext, (std::map<std::string, std::string>{{"haServerAddr", "127.0.0.1:29912"},
                                                            {"masterAddr", "127.0.0.1:20911"}}));
  EXPECT_EQ(call(wire::GetBrokerClusterInfo{}).body,
            "{\"brokerAddrTable\":{\"diff-a\":{\"brokerAddrs\":{0:\"127.0.0.1:20911\",1:"
            "\"127.0.0.1:21911\"},\"brokerName\":\"diff-a\",\"cluster\":\"diff-cluster\","
            "\"enableActingMaster\":false}},\"clusterAddrTable\":{\"diff-cluster\":[\"diff-a\"]}}");
  EXPECT_EQ(call(wire::GetBrokerMemberGroup{"diff-cluster", "diff-a"}).body,
            "{\"brokerMemberGroup\":{\"brokerAddrs\":{0:\"127.0.0.1:20911\",1:\"127.0.0.1:21911\"},"
            "\"brokerName\":\"diff-a\",\"cluster\":\"diff-cluster\"}}");
}

TEST_F(NameServerTest, DataVersionTellsWhetherToRegister) {
  add_master();
  const wire::QueryDataVersion request{"diff-a", "127.0.0.1:20911", "diff-cluster", BrokerId(0)};
  const std::string ours = "{\"counter\":1,\"stateVersion\":0,\"timestamp\":1700000000000}";
  Answer answer = call(request, ours);
  EXPECT_EQ(answer.ext.at("changed"), "false");
  EXPECT_EQ(answer.body, ours);
  answer = call(request, "{\"counter\":2,\"stateVersion\":0,\"timestamp\":1700000000000}");
  EXPECT_EQ(answer.ext.at("changed"), "true");
  EXPECT_EQ(answer.body, ours);
  EXPECT_EQ(call(request).ext.at("changed"), "true");
  answer = call(wire::QueryDataVersion{"x", "1.2.3.4:5", "y", BrokerId(0)}, ours);
  EXPECT_EQ(answer.ext.at("changed"), "true");
  EXPECT_EQ(answer.body, "");
}

TEST_F(NameServerTest, ClosedConnectionTakesItsBrokerAlong) {
  const auto stream = add_master();
  disconnect(connect());
  EXPECT_EQ(route("diff-one").code, 0);
  disconnect(stream);
  EXPECT_EQ(route("diff-one").code, 17);
}

TEST_F(NameServerTest, GoodbyeTakesEffectAtOnce) {
  add_master();
  EXPECT_EQ(
      call(wire::UnregisterBroker{"diff-a", "127.0.0.1:20911", "diff-cluster", BrokerId(0)}).code,
      0);
  EXPECT_EQ(route("diff-one").code, 17);
}

TEST_F(NameServerTest, SilentBrokersAreClosed) {
  const auto stream = add_master();
  clock_.advance_ms(100'000);
  EXPECT_EQ(call(wire::BrokerHeartbeat{.cluster_name = "diff-cluster",
                                       .broker_addr = "127.0.0.1:20911",
                                       .broker_name = "diff-a",
                                       .broker_id = {},
                                       .epoch = {},
                                       .max_offset = {},
                                       .confirm_offset = {},
                                       .heartbeat_timeout_ms = {},
                                       .election_priority = {}})
                .code,
            0);
  clock_.advance_ms(120'000);
  loop_.fire();
  EXPECT_EQ(route("diff-one").code, 0);
  clock_.advance_ms(1);
  loop_.fire();
  EXPECT_EQ(route("diff-one").code, 17);
  EXPECT_TRUE(stream->is_closed);
}

TEST_F(NameServerTest, LowestIdChangesAreSentToTheOthers) {
  options_.notify_min_broker_id_changed = true;
  const std::string body = body_of({"diff-one", "diff-two"});
  auto request = registration(body);
  request.enable_acting_master = true;
  request.broker_id = BrokerId(1);
  request.broker_addr = "127.0.0.1:21911";
  call(connect(), request, body);
  request.broker_id = BrokerId(0);
  request.broker_addr = "127.0.0.1:20911";
  call(connect(), request, body);
  ASSERT_EQ(loop_.made.count("127.0.0.1:21911"), 1U);
  const auto slave = loop_.made["127.0.0.1:21911"];
  auto frame = wire::next_frame(slave->out().view());
  ASSERT_TRUE(frame && *frame);
  wire::HeaderReader reader;
  wire::Header header;
  ASSERT_TRUE(reader.read((*frame)->header, (*frame)->serialization, header));
  EXPECT_EQ(header.code, 905);
  EXPECT_TRUE(header.is_oneway());
  EXPECT_EQ(header.find("minBrokerId"), "0");
  EXPECT_EQ(header.find("minBrokerAddr"), "127.0.0.1:20911");
  EXPECT_EQ(header.find("haBrokerAddr"), "127.0.0.1:29912");
  EXPECT_FALSE(header.find("offlineBrokerAddr"));
  slave->end();
}

TEST_F(NameServerTest, ListsTopics) {
  add_master();
  EXPECT_EQ(call(wire::GetAllTopicListFromNamesrv{}).body,
            "{\"topicList\":[\"diff-one\",\"diff-two\"]}");
  EXPECT_EQ(call(wire::GetTopicsByCluster{"diff-cluster"}).body,
            "{\"topicList\":[\"diff-one\",\"diff-two\"]}");
  EXPECT_EQ(call(wire::GetTopicsByCluster{"nobody"}).body, "{\"topicList\":[]}");
  EXPECT_EQ(call(wire::GetSystemTopicListFromNamesrv{}).body,
            "{\"brokerAddr\":\"127.0.0.1:20911\",\"topicList\":[\"diff-a\",\"diff-cluster\"]}");
  EXPECT_EQ(call(wire::GetUnitTopicList{}).body, "{\"topicList\":[]}");
  EXPECT_EQ(call(wire::GetHasUnitSubTopicList{}).body, "{\"topicList\":[]}");
  EXPECT_EQ(call(wire::GetHasUnitSubUnunitTopicList{}).body, "{\"topicList\":[]}");
}

TEST_F(NameServerTest, TopicListsCanBeTurnedOff) {
  options_.enable_all_topic_list = false;
  EXPECT_EQ(call(wire::GetAllTopicListFromNamesrv{}).remark, "disable");
  EXPECT_EQ(call(wire::GetUnitTopicList{}).code, 0);
  options_.enable_topic_list = false;
  for (const Answer& answer :
       {call(wire::GetTopicsByCluster{"diff-cluster"}), call(wire::GetUnitTopicList{}),
        call(wire::GetHasUnitSubTopicList{}), call(wire::GetHasUnitSubUnunitTopicList{})}) {
    EXPECT_EQ(answer.code, 1);
    EXPECT_EQ(answer.remark, "disable");
  }
}

TEST_F(NameServerTest, TopicsAndPermissionsChangeByHand) {
  add_master();
  Answer answer = call(wire::WipeWritePermOfBroker{"diff-a"});
  EXPECT_EQ(answer.ext.at("wipeTopicCount"), "2");
  EXPECT_NE(route("diff-one").body.find("\"perm\":4"), std::string::npos);
  answer = call(wire::AddWritePermOfBroker{"diff-a"});
  EXPECT_EQ(answer.ext.at("addTopicCount"), "2");
  EXPECT_NE(route("diff-one").body.find("\"perm\":6"), std::string::npos);
  const std::string single =
      "{\"queueDatas\":[{\"brokerName\":\"diff-a\",\"perm\":6,\"readQueueNums\":2,"
      "\"topicSysFlag\":0,\"writeQueueNums\":2}]}";
  EXPECT_EQ(call(wire::RegisterTopicInNamesrv{"single"}, single).code, 0);
  EXPECT_EQ(call(wire::RegisterTopicInNamesrv{"single"}).code, 0);
  EXPECT_EQ(route("single").code, 0);
  EXPECT_EQ(call(wire::DeleteTopicInNamesrv{"single", "nobody"}).code, 0);
  EXPECT_EQ(route("single").code, 0);
  EXPECT_EQ(call(wire::DeleteTopicInNamesrv{"single", "diff-cluster"}).code, 0);
  EXPECT_EQ(route("single").code, 17);
  EXPECT_EQ(call(wire::DeleteTopicInNamesrv{"diff-two", {}}).code, 0);
  EXPECT_EQ(route("diff-two").code, 17);
}

TEST_F(NameServerTest, KeepsSettings) {
  Answer answer = call(wire::GetKvConfig{"N", "k"});
  EXPECT_EQ(answer.code, 22);
  EXPECT_EQ(answer.remark, "No config item, Namespace: N Key: k");
  answer = call(wire::GetKvListByNamespace{"N"});
  EXPECT_EQ(answer.code, 22);
  EXPECT_EQ(answer.remark, "No config item, Namespace: N");
  EXPECT_EQ(call(wire::PutKvConfig{"N", "k", "v \xC3\xA9"}).code, 0);
  EXPECT_EQ(*io::read_text(files_, kKvPath), "{\"configTable\":{\"N\":{\"k\":\"v \xC3\xA9\"}}}");
  EXPECT_EQ(call(wire::GetKvConfig{"N", "k"}).ext.at("value"), "v \xC3\xA9");
  EXPECT_EQ(call(wire::GetKvListByNamespace{"N"}).body, "{\"table\":{\"k\":\"v \xC3\xA9\"}}");
  EXPECT_EQ(call(wire::DeleteKvConfig{"N", "k"}).code, 0);
  EXPECT_EQ(call(wire::DeleteKvConfig{"N", "k"}).code, 0);
  EXPECT_EQ(call(wire::GetKvListByNamespace{"N"}).body, "{\"table\":{}}");
  files_.fail(io::FileCall::write, 1, Errc::io_error, true);
  EXPECT_EQ(call(wire::PutKvConfig{"N", "k", "w"}).code, 1);
}

TEST_F(NameServerTest, ConfigurationChangesByAllowList) {
  ASSERT_TRUE(files_.make_dirs("/data/namesrv"));
  ASSERT_TRUE(io::replace_text(files_, kConfigPath, "# mine\nlistenPort=9876\n"));
  EXPECT_EQ(call(wire::UpdateNamesrvConfig{}).code, 0);
  EXPECT_EQ(call(wire::UpdateNamesrvConfig{}, "orderMessageEnable=true\n").code, 0);
  EXPECT_TRUE(options_.order_message_enable);
  EXPECT_EQ(*io::read_text(files_, kConfigPath),
            "# mine\nlistenPort=9876\norderMessageEnable=true\n");
  for (const char* text : {"kvConfigPath=/etc/cron.d/x\n", "configStorePath=/etc/cron.d/x\n",
                           "rocketmqHome=/x\n", "orderMessageEnable=false\nlistenPort=1\n"}) {
    EXPECT_EQ(call(wire::UpdateNamesrvConfig{}, text).code, 16) << text;
  }
  EXPECT_TRUE(options_.order_message_enable);
  EXPECT_EQ(call(wire::UpdateNamesrvConfig{}, "noSuchKey=1\n").code, 0);
  EXPECT_EQ(call(wire::UpdateNamesrvConfig{}, "orderMessageEnable=perhaps\n").code, 1);
}

TEST_F(NameServerTest, ConfigurationIsShown) {
  options_.order_message_enable = true;
  const Answer answer = call(wire::GetNamesrvConfig{});
  EXPECT_EQ(answer.code, 0);
  for (const char* line : {"\norderMessageEnable=true\n", "\nlistenPort=9876\n",
                           "\nkvConfigPath=/data/namesrv/kvConfig.json\n"}) {
    EXPECT_NE(("\n" + answer.body).find(line), std::string::npos) << line;
  }
}

// Who can register a broker can draw the clients' messages to itself.
TEST_F(NameServerTest, OnlyConfiguredPeersRegister) {
  const std::string body = body_of({"diff-one", "diff-two"});
  const std::string version = json::to_json(wire::DataVersion{});
  const wire::UnregisterBroker leave{.broker_name = "diff-a",
                                     .broker_addr = "127.0.0.1:20911",
                                     .cluster_name = "diff-cluster",
                                     .broker_id = BrokerId(0)};
  const wire::QueryDataVersion ask{"diff-a", "127.0.0.1:20911", "diff-cluster", BrokerId(0)};
  const wire::RegisterTopicInNamesrv topic{.topic = "mine"};
  const auto code_of_each = [&](const std::string& ip) {
    const auto peer = connect(ip);
    return std::vector<int32_t>{call(peer, registration(body), body).code,
                                call(peer, ask, version).code, call(peer, topic, "{}").code,
                                call(peer, leave).code};
  };
  const std::vector<int32_t> refused(4, 16), taken{0, 0, 0, 0};
  EXPECT_EQ(code_of_each("203.0.113.7"), refused);
  EXPECT_EQ(route("diff-one").code, 17);
  EXPECT_EQ(code_of_each("127.0.0.1"), taken);
  router_.set_broker_check(rpc::range_check({"203.0.113.0/24"}));
  EXPECT_EQ(code_of_each("203.0.113.7"), taken);
  EXPECT_EQ(code_of_each("127.0.0.1"), refused);
  const auto stranger = connect("198.51.100.1");
  EXPECT_EQ(call(stranger, registration(body), body).remark,
            "REGISTER_BROKER is allowed from brokerAllowCidr only while authentication is off");
  EXPECT_EQ(call(stranger, wire::GetBrokerClusterInfo{}).code, 0) << "reading is for all";
}

TEST_F(NameServerTest, StrangersMayNotAdminister) {
  const auto stranger = connect("203.0.113.7");
  EXPECT_EQ(call(stranger, wire::UpdateNamesrvConfig{}, "orderMessageEnable=true\n").code, 16);
  EXPECT_EQ(call(stranger, wire::PutKvConfig{"N", "k", "v"}).code, 16);
  EXPECT_EQ(call(stranger, wire::GetBrokerClusterInfo{}).code, 0);
}

}  // namespace
}  // namespace agena::namesrv
