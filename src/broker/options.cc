#include "broker/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "message/host.h"
#include "message/names.h"
#include "storage/option_rows.h"

namespace agena::broker {
namespace {

constexpr std::string_view kRoles[] = {"ASYNC_MASTER", "SYNC_MASTER", "SLAVE"};  // As Role.

constexpr KnownKey kKnownKeys[] = {
#define KNOWN_KEY(name, type, default_text) {#name, #type, default_text},
#include "broker/known_keys.def"
#include "rpc/netty_keys.def"
#undef KNOWN_KEY
};

constexpr UnsafeKey kUnsafeKeys[] = {
    {"authenticationEnabled", "false", "the broker would take requests from everybody"},
    {"authorizationEnabled", "false", "the broker would allow everything to everybody"},
    {"enableDLegerCommitLog", "false", "each member would believe to be the only master"},
    {"enableControllerMode", "false", "each member would believe to be the only master"},
    {"inSyncReplicas", "1", "messages would be acknowledged that only this broker holds"},
    {"minInSyncReplicas", "1", "messages would be acknowledged that only this broker holds"},
    {"readOnlyCommitLogStorePaths", "", "the messages stored there would seem lost"},
    {"useTLS", "false", "what was meant to be encrypted would travel in the clear"},
};

Status check_ip(std::string_view value) {
  if (value.empty() || message::parse_ip(value, 0)) return ok();
  return Error{Errc::bad_config, "it must be an IP address: records and message ids hold one"};
}

// Broker and cluster names are topic names too, and parts of paths; a host name's dots pass.
Status check_name(std::string_view value) {
  std::string undotted(value);
  std::replace(undotted.begin(), undotted.end(), '.', '_');
  bool is_good = value.empty() || (value.front() != '.' && message::check_topic(undotted));
  if (is_good) return ok();
  return Error{Errc::bad_config, "it must be letters, digits and %|_-. only, at most 127"};
}

Status check_endpoint(std::string_view value) {
  size_t colon = value.rfind(':');
  std::string_view digits = colon == value.npos ? std::string_view() : value.substr(colon + 1);
  int port = 0;
  auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  bool is_good = failed == std::errc() && end == digits.data() + digits.size() && port > 0 &&
                 port <= 65'535 && colon > 0;
  if (is_good) return ok();
  return Error{Errc::bad_config, "it must be addresses such as 127.0.0.1:9876;192.168.0.1:9876"};
}

using O = Options;

void add_identity(std::vector<OptionRow>& rows) {
  rows.insert(
      rows.end(),
      {option<&O::rocketmq_home>(
           {.key = "rocketmqHome",
            .has_effect = false,
            .default_text = "$ROCKETMQ_HOME",
            .why = "Never needed here; Java's start scripts set it, so files may carry it."}),
       option<&O::broker_config_path>(
           {.key = "brokerConfigPath",
            .default_text = "the file given with -c; without one changes last until the stop",
            .why = "Changes made while running are to be kept in another file."}),
       option<&O::broker_cluster_name>(
           {.key = "brokerClusterName",
            .check = check_name,
            .why = "Several clusters share a name server, or tools shall see a better name."}),
       option<&O::broker_name>({.key = "brokerName",
                                .check = check_name,
                                .default_text = "the host's name",
                                .why = "Clients and routes know the broker by it: it must stay "
                                       "the same when the broker moves."}),
       option<&O::broker_id>({.key = "brokerId",
                              .min = 0,
                              .why = "Replicas of one broker name differ by it; a master is 0."}),
       option<&O::broker_role>({.key = "brokerRole",
                                .names = kRoles,
                                .why = "What the broker is among its replicas. SLAVE is not "
                                       "served yet and stops the start."}),
       option<&O::broker_ip1>({.key = "brokerIP1",
                               .check = check_ip,
                               .default_text = "bindAddress, or the host's address when that is "
                                               "every address",
                               .why = "Clients reach the broker under another address than the "
                                      "one it binds, as behind NAT or in a container."}),
       option<&O::broker_ip2>({.key = "brokerIP2",
                               .check = check_ip,
                               .default_text = "as brokerIP1",
                               .why = "Replicas reach the broker through another network."}),
       option<&O::ha_listen_port>({.key = "haListenPort",
                                   .min = 0,
                                   .max = 65'535,
                                   .default_text = "listenPort + 1",
                                   .why = "That port is taken; it is announced to replicas."}),
       option<&O::region_id>({.key = "regionId",
                              .why = "Traces shall tell regions apart: it is written into every "
                                     "message."}),
       option<&O::broker_permission>(
           {.key = "brokerPermission",
            .min = 0,
            .max = 7,
            .reload = Reload::live,
            .why =
                "4 drains the broker before a stop: its routes say read only, and who sends to an "
                "ordered topic all the same is refused; 6 is both."})});
}

void add_registration(std::vector<OptionRow>& rows) {
  rows.insert(
      rows.end(),
      {option<&O::namesrv_addr>({.key = "namesrvAddr",
                                 .check = check_endpoint,
                                 .default_text = "$NAMESRV_ADDR",
                                 .why = "Every broker names all name servers; without one clients "
                                        "do not find it."}),
       option<&O::register_name_server_period_ms>(
           {.key = "registerNameServerPeriod",
            .min = 1'000,
            .max = 3'600'000,
            .unit = "milliseconds",
            .reload = Reload::live,
            .why = "Name servers forget a broker after 120 s of silence; values are held between "
                   "10 s and 60 s."}),
       option<&O::register_broker_timeout_ms>(
           {.key = "registerBrokerTimeoutMills",
            .min = 100,
            .max = 600'000,
            .unit = "milliseconds",
            .why = "Registrations with very many topics over slow links."}),
       option<&O::force_register>(
           {.key = "forceRegister",
            .reload = Reload::live,
            .why = "With very many topics the name servers are to be asked first whether anything "
                   "changed."})});
}

void add_topics(std::vector<OptionRow>& rows) {
  rows.insert(
      rows.end(),
      {option<&O::auto_create_topic_enable>(
           {.key = "autoCreateTopicEnable",
            .reload = Reload::live,
            .why = "In production only operators should create topics."}),
       option<&O::default_topic_queue_nums>(
           {.key = "defaultTopicQueueNums",
            .min = 1,
            .max = 1'024,
            .why = "How many queues topics get that are created by the first send."}),
       option<&O::auto_create_subscription_group>(
           {.key = "autoCreateSubscriptionGroup",
            .reload = Reload::live,
            .why = "In production only operators should create consumer groups."}),
       option<&O::cluster_topic_enable>(
           {.key = "clusterTopicEnable",
            .why = "The topic that has the cluster's name, by which tools probe it."}),
       option<&O::broker_topic_enable>(
           {.key = "brokerTopicEnable",
            .why = "The topic that has the broker's name, by which tools probe it."}),
       option<&O::trace_topic_enable>(
           {.key = "traceTopicEnable", .why = "Clients shall store their traces here."}),
       option<&O::msg_trace_topic_name>({.key = "msgTraceTopicName",
                                         .check = check_name,
                                         .why = "Clients write traces to another topic."}),
       option<&O::validate_system_topic_when_update_topic>(
           {.key = "validateSystemTopicWhenUpdateTopic",
            .reload = Reload::live,
            .why = "A system topic must be altered by hand, which is refused otherwise."}),
       option<&O::enable_mixed_message_type>({.key = "enableMixedMessageType",
                                              .reload = Reload::live,
                                              .why = "Topics of the type MIXED may be created."})});
}

void add_messages(std::vector<OptionRow>& rows) {
  rows.insert(
      rows.end(),
      {option<&O::trace_on>(
           {.key = "traceOn", .why = "Tells clients, in every answer, not to trace when false."}),
       option<&O::sync_flush_timeout_ms>(
           {.key = "syncFlushTimeout",
            .min = 1,
            .max = 3'600'000,
            .unit = "milliseconds",
            .why = "How long a send waits for the disk in SYNC_FLUSH before it is answered "
                   "FLUSH_DISK_TIMEOUT."}),
       option<&O::long_polling_enable>(
           {.key = "longPollingEnable",
            .reload = Reload::live,
            .why = "Off, an idle consumer is answered after shortPollingTimeMills."}),
       option<&O::short_polling_time_ms>(
           {.key = "shortPollingTimeMills",
            .min = 1,
            .max = 60'000,
            .unit = "milliseconds",
            .reload = Reload::live,
            .why = "How long an idle pull is held when longPollingEnable is off."}),
       option<&O::reject_pull_consumer_enable>(
           {.key = "rejectPullConsumerEnable",
            .reload = Reload::live,
            .why = "Old pull consumers that poll without waiting shall stay away."}),
       option<&O::lite_pull_message_enable>({.key = "litePullMessageEnable",
                                             .reload = Reload::live,
                                             .why = "Lite pull consumers shall stay away."}),
       option<&O::max_msgs_num_batch>({.key = "maxMsgsNumBatch",
                                       .min = 1,
                                       .max = 10'000,
                                       .unit = "messages",
                                       .reload = Reload::live,
                                       .why = "Queries by key are to return more."}),
       option<&O::notify_consumer_ids_changed_enable>(
           {.key = "notifyConsumerIdsChangedEnable",
            .reload = Reload::live,
            .why = "Groups of very many consumers should not all rebalance at each change."}),
       option<&O::use_server_side_reset_offset>(
           {.key = "useServerSideResetOffset",
            .reload = Reload::live,
            .why = "Off, offsets are reset by telling the consumers, as old tools expect."}),
       option<&O::flush_consumer_offset_interval_ms>(
           {.key = "flushConsumerOffsetInterval",
            .min = 100,
            .max = 3'600'000,
            .unit = "milliseconds",
            .why = "How many commits a crash may take back; those messages come again."}),
       option<&O::channel_expired_timeout_ms>(
           {.key = "channelExpiredTimeout",
            .min = 1'000,
            .max = 86'400'000,
            .unit = "milliseconds",
            .why = "When a client that stopped beating leaves its groups."})});
}

std::vector<OptionRow> all_rows() {
  std::vector<OptionRow> rows = under<&Options::listen>(rpc::listen_rows());
  std::vector<OptionRow> store = under<&Options::store>(storage::store_rows());
  rows.insert(rows.end(), store.begin(), store.end());
  add_identity(rows);
  add_registration(rows);
  add_topics(rows);
  add_messages(rows);
  return rows;
}

// What clients are told when the file does not say: an address that they can reach.
std::string advertised_ip(const Options& options, const HostFacts& host) {
  return options.listen.binds_every_address() ? host.ip : options.listen.bind_address;
}

void fill_from_host(Options& options, const HostFacts& host) {
  storage::StoreOptions& store = options.store;
  if (store.root_dir.empty()) store.root_dir = host.home_dir + "/store";
  if (store.log_dir.empty()) store.log_dir = store.root_dir + "/commitlog";
  store.physical_memory_bytes = host.memory_bytes;
  constexpr int64_t kQueueEntryBytes = 20;
  store.queue_file_bytes =
      (store.queue_file_bytes + kQueueEntryBytes - 1) / kQueueEntryBytes * kQueueEntryBytes;

  if (options.rocketmq_home.empty()) options.rocketmq_home = host.rocketmq_home;
  if (options.broker_name.empty()) options.broker_name = host.host_name;
  if (options.broker_ip1.empty()) options.broker_ip1 = advertised_ip(options, host);
  if (options.broker_ip2.empty()) options.broker_ip2 = options.broker_ip1;
  if (options.ha_listen_port == 0) options.ha_listen_port = options.listen.listen_port + 1;
  if (options.listen.io_loops == 0) options.listen.io_loops = std::max(1, host.cores - 1);
}

Error bad(std::string text) {
  return {Errc::bad_config, std::move(text)};
}

}  // namespace

const OptionTable<Options>& option_table() {
  static const OptionTable<Options> kTable(all_rows(), kKnownKeys, kUnsafeKeys);
  return kTable;
}

Status complete(Options& options, const HostFacts& host) {
  if (options.namesrv_addr.empty() && !host.namesrv_addr.empty()) {
    TRY_OK(option_table().set(options, "namesrvAddr", host.namesrv_addr));
  }
  fill_from_host(options, host);
  TRY_OK(rpc::check_listening(options.listen));
  if (options.broker_role == Role::slave) {
    return bad(
        "brokerRole=SLAVE: replication is not served yet, and a slave that is a master of "
        "its own would take messages that its master never sees");
  }
  options.broker_id = 0;
  const int32_t port = options.listen.listen_port;
  if (port < 3) return bad(fmt::format("listenPort={}: port - 2 must be a port too", port));
  if (options.store.tail_bytes_min > options.store.tail_bytes_max) {
    return bad("logTailBytesMin is above logTailBytesMax");
  }
  return check_name(options.broker_name);
}

Result<Loaded> load_options(std::string_view text, const HostFacts& host,
                            std::string_view config_file) {
  TRY(properties, parse_properties(text));
  Loaded loaded;
  loaded.options.store.root_dir = host.home_dir + "/store";
  TRY(report, option_table().load(loaded.options, properties));
  loaded.report = std::move(report);
  if (loaded.options.broker_id != 0 && loaded.options.broker_role != Role::slave) {
    loaded.report.warnings.push_back(
        fmt::format("brokerId={} becomes 0, as in Java: it is the id of every master",
                    loaded.options.broker_id));
  }
  if (loaded.options.broker_role == Role::sync_master) {
    loaded.report.warnings.push_back(
        "brokerRole=SYNC_MASTER acts as ASYNC_MASTER: replication is not served yet");
  }
  if (loaded.options.broker_config_path.empty()) loaded.options.broker_config_path = config_file;
  TRY_OK(complete(loaded.options, host));
  return loaded;
}

}  // namespace agena::broker
