// Goal: namesrv.conf means to us what it means to the Java name server, and docs/config.md shows
// the table as it is.
// Method: Java's own list of keys and defaults (known_keys.def), and files with every served key.
#include "namesrv/options.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/testing/generated_doc.h"

namespace agena::namesrv {
namespace {

const HostFacts kHost{.home_dir = "/mq", .rocketmq_home = "/opt/mq", .cores = 1};

constexpr KnownKey kJavaKeys[] = {
#define KNOWN_KEY(name, type, default_text) {#name, #type, default_text},
#include "namesrv/known_keys.def"
#include "rpc/netty_keys.def"
#undef KNOWN_KEY
};

Loaded loaded(std::string_view text) {
  auto result = load_options(text, kHost);
  EXPECT_TRUE(result) << result.error().text;
  return result ? std::move(*result) : Loaded{};
}
std::string refusal(std::string_view text) {
  auto result = load_options(text, kHost);
  EXPECT_FALSE(result) << text;
  return result ? std::string() : result.error().text;
}

TEST(NamesrvOptions, AnEmptyFileGivesTheDefaults) {
  Loaded got = loaded("");
  EXPECT_TRUE(got.report.warnings.empty());
  EXPECT_EQ(got.options.listen.listen_port, 9876);
  EXPECT_EQ(got.options.listen.bind_address, "127.0.0.1");
  EXPECT_EQ(got.options.listen.io_loops, 1);
  EXPECT_EQ(got.options.kv_config_path, "/mq/namesrv/kvConfig.json");
  EXPECT_EQ(got.options.config_store_path, "") << "no file, nothing to keep changes in";
  EXPECT_EQ(got.options.rocketmq_home, "/opt/mq");
}

TEST(NamesrvOptions, ChangesAreKeptInTheFileThatWasRead) {
  auto kept_in = [](std::string_view text) {
    auto got = load_options(text, kHost, "/etc/namesrv.conf");
    return got ? got->options.config_store_path : describe(got.error());
  };
  EXPECT_EQ(kept_in(""), "/etc/namesrv.conf");
  EXPECT_EQ(kept_in("configStorePath=/c"), "/c");
}

TEST(NamesrvOptions, EveryServedKeyTakesAValue) {
  const Options o =
      loaded(
          "listenPort=19876\nbindAddress=0.0.0.0\nallowUnauthenticatedRemote=true\n"
          "rocketmqHome=/r\nkvConfigPath=/k\nconfigStorePath=/c\norderMessageEnable=true\n"
          "returnOrderTopicConfigToBroker=false\nsupportActingMaster=true\n"
          "notifyMinBrokerIdChanged=true\ndeleteTopicWithBrokerRegistration=true\n"
          "enableAllTopicList=false\nenableTopicList=false\nneedWaitForService=true\n"
          "waitSecondsForService=7\nscanNotActiveBrokerInterval=1000\nioLoops=3\n"
          "brokerAllowCidr=10.0.0.0/8\n"
          "connectionsMax=4\nconnectionsPerIpMax=2\nadminAllowCidr=192.0.2.0/24\n"
          "serverChannelMaxIdleTimeSeconds=9\n")
          .options;
  EXPECT_EQ(o.listen.listen_port, 19'876);
  EXPECT_EQ(o.kv_config_path, "/k");
  EXPECT_EQ(o.config_store_path, "/c");
  EXPECT_EQ(o.broker_allow_cidr, std::vector<std::string>{"10.0.0.0/8"});
  EXPECT_TRUE(o.order_message_enable);
  EXPECT_FALSE(o.return_order_topic_config_to_broker);
  EXPECT_TRUE(o.support_acting_master);
  EXPECT_TRUE(o.notify_min_broker_id_changed);
  EXPECT_TRUE(o.delete_topic_with_broker_registration);
  EXPECT_FALSE(o.enable_all_topic_list);
  EXPECT_FALSE(o.enable_topic_list);
  EXPECT_TRUE(o.need_wait_for_service);
  EXPECT_EQ(o.wait_seconds_for_service, 7);
  EXPECT_EQ(o.scan_not_active_broker_interval_ms, 1'000);
  EXPECT_EQ(o.listen.limits.idle_ms_max, 9'000);
}

TEST(NamesrvOptions, JavasOwnDefaultsLoadWithoutAWarning) {
  std::string text;
  for (const KnownKey& key : kJavaKeys) {
    bool is_stricter_here = key.key == "bindAddress";
    if (key.default_text == nullptr || is_stricter_here) continue;
    text += fmt::format("{}={}\n", key.key, key.default_text);
  }
  EXPECT_EQ(loaded(text).report.warnings, std::vector<std::string>{});
}

TEST(NamesrvOptions, OurDefaultsAreJavas) {
  std::map<std::string, std::string> ours;
  for (auto& [key, value] : option_table().values(Options{})) ours[key] = value;
  std::set<std::string_view> seen;
  int compared = 0;
  for (const KnownKey& key : kJavaKeys) {
    EXPECT_TRUE(seen.insert(key.key).second) << key.key << " is listed twice";
    auto own = ours.find(std::string(key.key));
    if (own == ours.end() || key.default_text == nullptr || key.key == "bindAddress") continue;
    EXPECT_EQ(own->second, key.default_text) << key.key;
    ++compared;
  }
  EXPECT_GE(compared, 11);
}

TEST(NamesrvOptions, MistakesAreExplained) {
  EXPECT_EQ(refusal("listenport=1\n"), "line 1: unknown key listenport: did you mean listenPort?");
  EXPECT_EQ(refusal("waitSecondsForService=-1\n"),
            "line 1: waitSecondsForService=-1: it must be a whole number from 0 to 86400, in "
            "seconds");
  EXPECT_NE(refusal("bindAddress=0.0.0.0\n").find("allowUnauthenticatedRemote"), std::string::npos);
  Loaded unserved = loaded("clusterTest=true\nenableControllerInNamesrv=true\n");
  EXPECT_EQ(unserved.report.warnings.size(), 2U);
}

TEST(NamesrvOptions, FilesAndAddressesCannotChangeLive) {
  Options options = loaded("").options;
  auto update = [&](std::string_view text) -> Result<LiveUpdate> {
    auto properties = parse_properties(text);
    if (!properties) return properties.error();
    return option_table().update(options, *properties);
  };
  ASSERT_TRUE(update("orderMessageEnable=true\nwaitSecondsForService=3\nunheardOf=1\n"));
  EXPECT_TRUE(options.order_message_enable);
  EXPECT_EQ(options.wait_seconds_for_service, 3);
  for (const char* line :
       {"configStorePath=/etc/cron.d/x", "kvConfigPath=/x", "rocketmqHome=/x", "listenPort=1",
        "bindAddress=::1", "adminAllowCidr=0.0.0.0/0", "configBlackList=x"}) {
    auto refused = update(line);
    ASSERT_FALSE(refused) << line;
    EXPECT_EQ(refused.error().code, Errc::no_permission) << line;
  }
}

TEST(NamesrvOptions, TheDocumentShowsTheTable) {
  EXPECT_EQ(testing::check_generated_part(AGENA_SOURCE_DIR "/docs/config.md", "namesrv",
                                          option_table().markdown()),
            "");
}

}  // namespace
}  // namespace agena::namesrv
