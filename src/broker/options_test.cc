// Goal: broker.conf means to us what it means to the Java broker; what we cannot do is said, and
// what would be dangerous stops the start; docs/config.md shows the table as it is.
// Method: Java's own list of keys and defaults (known_keys.def), files as they are found in the
// field, and the rules that tie options together.
#include "broker/options.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/json.h"
#include "base/testing/generated_doc.h"
#include "message/compression.h"
#include "rpc/limits.h"
#include "wire/frame.h"
#include "wire/header.h"

namespace agena::broker {
namespace {

const HostFacts kHost{.home_dir = "/mq",
                      .host_name = "node-1.example",
                      .ip = "192.0.2.7",
                      .namesrv_addr = "",
                      .rocketmq_home = "/opt/mq",
                      .cores = 4,
                      .memory_bytes = int64_t{1} << 34};

constexpr KnownKey kJavaKeys[] = {
#define KNOWN_KEY(name, type, default_text) {#name, #type, default_text},
#include "broker/known_keys.def"
#include "rpc/netty_keys.def"
#undef KNOWN_KEY
};

Loaded loaded(std::string_view text, const HostFacts& host = kHost) {
  auto result = load_options(text, host);
  EXPECT_TRUE(result) << result.error().text;
  return result ? std::move(*result) : Loaded{};
}
std::string refusal(std::string_view text) {
  auto result = load_options(text, kHost);
  EXPECT_FALSE(result) << text;
  return result ? std::string() : result.error().text;
}
bool mentions(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

TEST(BrokerOptions, TheFileOfTheJavaDistributionLoads) {
  Loaded got = loaded(
      "# Licensed to the ASF\n\nbrokerClusterName = DefaultCluster\nbrokerName = broker-a\n"
      "brokerId = 0\ndeleteWhen = 04\nfileReservedTime = 48\nbrokerRole = ASYNC_MASTER\n"
      "flushDiskType = ASYNC_FLUSH\n");
  EXPECT_TRUE(got.report.warnings.empty());
  EXPECT_EQ(got.options.broker_cluster_name, "DefaultCluster");
  EXPECT_EQ(got.options.broker_name, "broker-a");
  EXPECT_EQ(got.options.store.delete_when, "04");
  EXPECT_EQ(got.options.store.file_reserved_hours, 48);
  EXPECT_EQ(got.options.store.flush_mode, storage::FlushMode::async);
}

TEST(BrokerOptions, AFileOfTheFieldWithKeysOfOldReleasesLoads) {
  Loaded got = loaded(
      "brokerClusterName=rocketmq-cluster\nbrokerName=broker-a\nbrokerId=0\n"
      "namesrvAddr=mq-1:9876; 192.0.2.9:9876\ndefaultTopicQueueNums=4\n"
      "autoCreateTopicEnable=true\nautoCreateSubscriptionGroup=true\nlistenPort=10911\n"
      "deleteWhen=04\nfileReservedTime=120\nmapedFileSizeCommitLog=1073741824\n"
      "mapedFileSizeConsumeQueue=300000\ndestroyMapedFileIntervalForcibly=120000\n"
      "redeleteHangedFileInterval=120000\ndiskMaxUsedSpaceRatio=88\nstorePathRootDir=/data/store\n"
      "storePathCommitLog=/fast/commitlog\nstorePathConsumeQueue=/data/store/consumequeue\n"
      "storePathIndex=/data/store/index\nstoreCheckpoint=/data/store/checkpoint\n"
      "abortFile=/data/store/abort\nmaxMessageSize=65536\nflushCommitLogLeastPages=4\n"
      "flushConsumeQueueLeastPages=2\nflushCommitLogThoroughInterval=10000\n"
      "flushConsumeQueueThoroughInterval=60000\nbrokerRole=ASYNC_MASTER\n"
      "flushDiskType=SYNC_FLUSH\ncheckTransactionMessageEnable=false\n"
      "sendMessageThreadPoolNums=128\npullMessageThreadPoolNums=128\n");
  EXPECT_EQ(got.options.namesrv_addr, (std::vector<std::string>{"mq-1:9876", "192.0.2.9:9876"}));
  EXPECT_EQ(got.options.store.root_dir, "/data/store");
  EXPECT_EQ(got.options.store.log_dir, "/fast/commitlog");
  EXPECT_EQ(got.options.store.message_bytes_max, 65'536);
  EXPECT_EQ(got.options.store.flush_mode, storage::FlushMode::sync);
  EXPECT_EQ(got.options.store.disk_used_ratio_max, 88);
  EXPECT_EQ(got.options.default_topic_queue_nums, 4);
  // Seven keys of old releases, two thread pools.
  EXPECT_EQ(got.report.warnings.size(), 9U);
}

// The whole configuration as the Java broker prints it loads without a word.
TEST(BrokerOptions, JavasOwnDefaultsLoadWithoutAWarning) {
  std::string text;
  for (const KnownKey& key : kJavaKeys) {
    bool is_stricter_here = key.key == "bindAddress";
    if (key.default_text == nullptr || is_stricter_here) continue;
    text += fmt::format("{}={}\n", key.key, key.default_text);
  }
  Loaded got = loaded(text);
  EXPECT_EQ(got.report.warnings, std::vector<std::string>{});
}

TEST(BrokerOptions, OurDefaultsAreJavas) {
  std::map<std::string, std::string> ours;
  for (auto& [key, value] : option_table().values(Options{})) ours[key] = value;
  int compared = 0;
  for (const KnownKey& key : kJavaKeys) {
    auto own = ours.find(std::string(key.key));
    if (own == ours.end() || key.default_text == nullptr || key.key == "bindAddress") continue;
    EXPECT_EQ(own->second, key.default_text) << key.key;
    ++compared;
  }
  EXPECT_GT(compared, 40);
}

TEST(BrokerOptions, JavasKeysAreListedOnce) {
  std::set<std::string_view> seen;
  for (const KnownKey& key : kJavaKeys) EXPECT_TRUE(seen.insert(key.key).second) << key.key;
  EXPECT_GT(seen.size(), 500U);
}

TEST(BrokerOptions, EveryServedKeyTakesAValue) {
  Loaded got = loaded(
      "allowUnauthenticatedRemote=true\nbindAddress=0.0.0.0\nbrokerIP1=198.51.100.1\n"
      "brokerIP2=198.51.100.2\nhaListenPort=20912\nlistenPort=20911\nbrokerPermission=4\n"
      "regionId=r\nregisterNameServerPeriod=20000\nregisterBrokerTimeoutMills=6000\n"
      "forceRegister=false\nautoCreateTopicEnable=false\nclusterTopicEnable=false\n"
      "brokerTopicEnable=false\nautoCreateSubscriptionGroup=false\ntraceTopicEnable=true\n"
      "msgTraceTopicName=t\ntraceOn=false\nsyncFlushTimeout=1\nlongPollingEnable=false\n"
      "shortPollingTimeMills=5\nrejectPullConsumerEnable=true\nlitePullMessageEnable=false\n"
      "maxMsgsNumBatch=6\ndefaultQueryMaxNum=7\nnotifyConsumerIdsChangedEnable=false\n"
      "useServerSideResetOffset=false\nflushConsumerOffsetInterval=1000\n"
      "channelExpiredTimeout=60000\nmappedFileSizeCommitLog=1048576\n"
      "mappedFileSizeConsumeQueue=1001\nmaxHashSlotNum=100\nmaxIndexNum=400\n"
      "messageIndexEnable=false\nflushIntervalCommitLog=100\nflushIntervalConsumeQueue=200\n"
      "maxTransferCountOnMessageInMemory=64\nmaxTransferBytesOnMessageInMemory=1024\n"
      "maxTransferCountOnMessageInDisk=16\nmaxTransferBytesOnMessageInDisk=512\n"
      "diskSpaceWarningLevelRatio=88\ndiskSpaceCleanForciblyRatio=0.8\n"
      "messageDelayLevel=1s 2m\nioLoops=2\nconnectionsMax=10\nconnectionsPerIpMax=5\n"
      "adminAllowCidr=10.0.0.0/8, ::1\nserverChannelMaxIdleTimeSeconds=60\n");
  const Options& o = got.options;
  EXPECT_EQ(got.report.warnings, std::vector<std::string>{});
  EXPECT_EQ(o.broker_ip1, "198.51.100.1");
  EXPECT_EQ(o.broker_ip2, "198.51.100.2");
  EXPECT_EQ(o.ha_listen_port, 20'912);
  EXPECT_EQ(o.broker_permission, 4);
  EXPECT_FALSE(o.auto_create_topic_enable);
  EXPECT_EQ(o.short_polling_time_ms, 5);
  EXPECT_EQ(o.store.queue_file_bytes, 1'020);  // Whole entries of 20 bytes.
  EXPECT_DOUBLE_EQ(o.store.disk_warning_ratio, 0.88);
  EXPECT_DOUBLE_EQ(o.store.disk_clean_forcibly_ratio, 0.8);
  EXPECT_EQ(o.store.delay_levels_ms, (std::vector<int64_t>{1'000, 120'000}));
  EXPECT_EQ(o.listen.io_loops, 2);
  EXPECT_EQ(o.listen.limits.connections_max, 10U);
  EXPECT_EQ(o.listen.limits.idle_ms_max, 60'000);
  EXPECT_EQ(o.listen.admin_allow_cidr, (std::vector<std::string>{"10.0.0.0/8", "::1"}));
}

TEST(BrokerOptions, TheHostFillsWhatTheFileLeavesOut) {
  HostFacts host = kHost;
  host.namesrv_addr = "mq:9876";
  const Options o = loaded("", host).options;
  EXPECT_EQ(o.store.root_dir, "/mq/store");
  EXPECT_EQ(o.store.log_dir, "/mq/store/commitlog");
  EXPECT_EQ(o.broker_config_path, "") << "no file, nothing to keep changes in";
  EXPECT_EQ(load_options("", host, "/etc/broker.conf").value_or({}).options.broker_config_path,
            "/etc/broker.conf");
  EXPECT_EQ(load_options("brokerConfigPath=/c", host, "/etc/broker.conf")
                .value_or({})
                .options.broker_config_path,
            "/c");
  EXPECT_EQ(o.store.physical_memory_bytes, int64_t{1} << 34);
  EXPECT_EQ(o.broker_name, "node-1.example");
  EXPECT_EQ(o.rocketmq_home, "/opt/mq");
  EXPECT_EQ(o.namesrv_addr, std::vector<std::string>{"mq:9876"});
  EXPECT_EQ(o.listen.listen_port, 10'911);
  EXPECT_EQ(o.ha_listen_port, 10'912);
  EXPECT_EQ(o.listen.io_loops, 3);
  EXPECT_EQ(o.broker_ip1, "127.0.0.1");
  EXPECT_EQ(loaded("storePathRootDir=/d\n").options.store.log_dir, "/d/commitlog");
}

TEST(BrokerOptions, ClientsAreToldAnAddressThatTheyCanReach) {
  constexpr std::string_view kRemote = "allowUnauthenticatedRemote=true\n";
  EXPECT_EQ(loaded(std::string(kRemote) + "bindAddress=0.0.0.0\n").options.broker_ip1, "192.0.2.7");
  EXPECT_EQ(loaded(std::string(kRemote) + "bindAddress=::\n").options.broker_ip1, "192.0.2.7");
  EXPECT_EQ(loaded(std::string(kRemote) + "bindAddress=192.0.2.8\n").options.broker_ip1,
            "192.0.2.8");
}

TEST(BrokerOptions, AnOpenAddressNeedsAYes) {
  EXPECT_TRUE(mentions(refusal("bindAddress=0.0.0.0\n"), "allowUnauthenticatedRemote=true"));
  EXPECT_TRUE(mentions(refusal("bindAddress=192.0.2.8\n"), "bind 127.0.0.1"));
  EXPECT_EQ(loaded("bindAddress=127.0.0.2\n").options.broker_ip1, "127.0.0.2");
  EXPECT_EQ(loaded("bindAddress=::1\n").options.broker_ip1, "::1");
}

TEST(BrokerOptions, WhatWouldBeDangerousToIgnoreStopsTheStart) {
  for (const char* line :
       {"authenticationEnabled=true", "authorizationEnabled=true", "enableDLegerCommitLog=true",
        "enableControllerMode=true", "minInSyncReplicas=2", "inSyncReplicas=2", "useTLS=true",
        "brokerRole=SLAVE", "readOnlyCommitLogStorePaths=/old"}) {
    EXPECT_TRUE(mentions(refusal(line), "not served yet")) << line;
  }
  Loaded master = loaded("brokerRole=SYNC_MASTER\nbrokerId=1\n");
  EXPECT_EQ(master.options.broker_id, 0);
  EXPECT_EQ(master.report.warnings.size(), 2U);
}

TEST(BrokerOptions, MistakesAreExplained) {
  EXPECT_EQ(refusal("brokerIp1=127.0.0.1\n"),
            "line 1: unknown key brokerIp1: did you mean brokerIP1?");
  EXPECT_EQ(refusal("flushDiskTyp=SYNC_FLUSH\n"),
            "line 1: unknown key flushDiskTyp: did you mean flushDiskType?");
  EXPECT_EQ(refusal("flushDiskType=SYNC\n"),
            "line 1: flushDiskType=SYNC: it must be ASYNC_FLUSH or SYNC_FLUSH");
  EXPECT_TRUE(mentions(refusal("namesrvAddr=127.0.0.1\n"), "127.0.0.1:9876;192.168.0.1:9876"));
  EXPECT_TRUE(mentions(refusal("brokerIP1=my host\n"), "an IP address"));
  EXPECT_TRUE(mentions(refusal("brokerName=../../etc\n"), "letters"));
  EXPECT_TRUE(mentions(refusal("deleteWhen=25\n"), "04;16"));
  EXPECT_TRUE(mentions(refusal("adminAllowCidr=10.0.0.0/33\n"), "10.0.0.0/8"));
  EXPECT_TRUE(mentions(refusal("storePathCommitLog=/a,/b\n"), "not served yet"));
  EXPECT_TRUE(mentions(refusal("listenPort=2\n"), "port - 2"));
  EXPECT_TRUE(mentions(refusal("logTailBytesMin=1000000000\n"), "logTailBytesMax"));
  EXPECT_TRUE(mentions(refusal("a=\\u1"), "line 1"));
}

TEST(BrokerOptions, OnlyHarmlessKeysChangeLive) {
  const std::set<std::string> live = {"autoCreateSubscriptionGroup",
                                      "autoCreateTopicEnable",
                                      "brokerPermission",
                                      "enableMixedMessageType",
                                      "forceRegister",
                                      "litePullMessageEnable",
                                      "longPollingEnable",
                                      "maxMsgsNumBatch",
                                      "notifyConsumerIdsChangedEnable",
                                      "registerNameServerPeriod",
                                      "rejectPullConsumerEnable",
                                      "shortPollingTimeMills",
                                      "useServerSideResetOffset",
                                      "validateSystemTopicWhenUpdateTopic"};
  std::set<std::string> found;
  for (auto& [key, value] : option_table().values(Options{})) {
    auto text = option_table().explain(key);
    ASSERT_TRUE(text);
    if (mentions(*text, "change   while running")) found.insert(key);
  }
  EXPECT_EQ(found, live);

  Options options = loaded("").options;
  for (const char* line :
       {"storePathRootDir=/x", "namesrvAddr=evil:9876", "rocketmqHome=/x", "brokerConfigPath=/x",
        "flushDiskType=SYNC_FLUSH", "fileReservedTime=1", "adminAllowCidr=0.0.0.0/0",
        "allowUnauthenticatedRemote=true", "configBlackList=x", "authenticationEnabled=true"}) {
    auto properties = parse_properties(line);
    ASSERT_TRUE(properties);
    auto update = option_table().update(options, *properties);
    ASSERT_FALSE(update) << line;
    EXPECT_EQ(update.error().code, Errc::no_permission) << line;
  }
}

TEST(BrokerOptions, AdminsComeFromTheListedAddresses) {
  auto allowed = rpc::range_check(
      loaded("adminAllowCidr=10.1.0.0/15,2001:db8::/33\n").options.listen.admin_allow_cidr);
  EXPECT_TRUE(allowed({"10.0.0.1", 1}));
  EXPECT_TRUE(allowed({"10.1.255.255", 1}));
  EXPECT_TRUE(allowed({"::ffff:10.1.2.3", 1}));
  EXPECT_FALSE(allowed({"10.2.0.1", 1}));
  EXPECT_FALSE(allowed({"127.0.0.1", 1}));
  EXPECT_TRUE(allowed({"2001:db8:7fff::1", 1}));
  EXPECT_FALSE(allowed({"2001:db8:8000::1", 1}));
  EXPECT_FALSE(allowed({"", 1}));
  auto by_default = rpc::range_check(rpc::ListenOptions{}.admin_allow_cidr);
  EXPECT_TRUE(by_default({"127.9.9.9", 1}));
  EXPECT_TRUE(by_default({"::1", 1}));
  EXPECT_FALSE(by_default({"192.0.2.1", 1}));
}

std::string limits_table() {
  const rpc::Limits rpc;
  const json::Limits json;
  const message::InflateLimits inflate;
  std::string out = "| What | Limit | Beyond it |\n|---|---|---|\n";
  auto row = [&](std::string_view what, std::string limit, std::string_view beyond) {
    out += fmt::format("| {} | {} | {} |\n", what, limit, beyond);
  };
  row("a frame, with its length field", fmt::format("{} bytes", wire::kFrameBytesMax),
      "the connection is closed");
  row("a frame's header", fmt::format("{} bytes", wire::kHeaderBytesMax),
      "the connection is closed");
  row("extension fields of a header", fmt::format("{}", wire::kExtFieldsMax),
      "the connection is closed");
  row("arrays and objects open at once in JSON", fmt::format("{}", json.depth_max),
      "the request is refused");
  row("values in one JSON body", fmt::format("{}", json.nodes_max), "the request is refused");
  row("a body that is inflated",
      fmt::format("{} bytes, and {}:1 above {} bytes", inflate.bytes_max, inflate.ratio_max,
                  inflate.any_ratio_bytes),
      "the request is refused");
  row("requests of one connection that are not answered yet",
      fmt::format("{}, or {} bytes of them", rpc.in_flight_max, rpc.in_flight_bytes_max),
      "no more is read until some are answered");
  row("bytes that wait for one peer to take them",
      fmt::format("{}, then {}", rpc.unsent_pause_bytes, rpc.unsent_bytes_max),
      "no more is read, then the connection is closed");
  return out;
}

TEST(BrokerOptions, TheDocumentShowsTheTable) {
  const std::string path = AGENA_SOURCE_DIR "/docs/config.md";
  EXPECT_EQ(testing::check_generated_part(path, "broker", option_table().markdown()), "");
  EXPECT_EQ(testing::check_generated_part(path, "limits", limits_table()), "");
}

}  // namespace
}  // namespace agena::broker
