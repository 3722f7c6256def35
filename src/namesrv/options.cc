#include "namesrv/options.h"

#include <algorithm>

namespace agena::namesrv {
namespace {

constexpr KnownKey kKnownKeys[] = {
#define KNOWN_KEY(name, type, default_text) {#name, #type, default_text},
#include "namesrv/known_keys.def"
#include "rpc/netty_keys.def"
#undef KNOWN_KEY
};

constexpr UnsafeKey kUnsafeKeys[] = {
    {"useTLS", "false", "what was meant to be encrypted would travel in the clear"},
};

using O = Options;

void add_files(std::vector<OptionRow>& rows) {
  rows.insert(
      rows.end(),
      {option<&O::rocketmq_home>(
           {.key = "rocketmqHome",
            .has_effect = false,
            .default_text = "$ROCKETMQ_HOME",
            .why = "Never needed here; Java's start scripts set it, so files may carry "
                   "it."}),
       option<&O::kv_config_path>(
           {.key = "kvConfigPath",
            .default_text = "~/namesrv/kvConfig.json",
            .why = "Order settings and other stored keys belong to another place."}),
       option<&O::config_store_path>(
           {.key = "configStorePath",
            .default_text = "the file given with -c; without one changes last until the stop",
            .why = "Changes made while running are to be kept in another file."})});
}

void add_routes(std::vector<OptionRow>& rows) {
  rows.insert(
      rows.end(),
      {option<&O::broker_allow_cidr>(
           {.key = "brokerAllowCidr",
            .origin = Origin::agena,
            .check = rpc::check_range,
            .separator = ',',
            .why = "Brokers run on other machines: who registers decides where clients send their "
                   "messages, so it is taken from these addresses only."}),
       option<&O::order_message_enable>(
           {.key = "orderMessageEnable",
            .reload = Reload::live,
            .why = "Routes shall tell clients the order settings of a topic."}),
       option<&O::return_order_topic_config_to_broker>(
           {.key = "returnOrderTopicConfigToBroker",
            .reload = Reload::live,
            .why = "Brokers shall not be told the order settings with each registration."}),
       option<&O::support_acting_master>(
           {.key = "supportActingMaster",
            .reload = Reload::live,
            .why = "While a master is away its slave with the lowest id shall be named instead."}),
       option<&O::notify_min_broker_id_changed>(
           {.key = "notifyMinBrokerIdChanged",
            .reload = Reload::live,
            .why = "Replicas shall hear when the lowest id among them changes."}),
       option<&O::delete_topic_with_broker_registration>(
           {.key = "deleteTopicWithBrokerRegistration",
            .reload = Reload::live,
            .why = "A topic that a broker no longer registers shall leave its routes."}),
       option<&O::enable_all_topic_list>(
           {.key = "enableAllTopicList",
            .reload = Reload::live,
            .why = "With very many topics nobody shall ask for all of them."}),
       option<&O::enable_topic_list>(
           {.key = "enableTopicList",
            .reload = Reload::live,
            .why = "As enableAllTopicList, for the lists of clusters and of unit topics."}),
       option<&O::need_wait_for_service>(
           {.key = "needWaitForService",
            .reload = Reload::live,
            .why = "After a start routes are to be refused until every broker had time to "
                   "register."}),
       option<&O::wait_seconds_for_service>({.key = "waitSecondsForService",
                                             .min = 0,
                                             .max = 86'400,
                                             .unit = "seconds",
                                             .reload = Reload::live,
                                             .why = "How long that is."}),
       option<&O::scan_not_active_broker_interval_ms>(
           {.key = "scanNotActiveBrokerInterval",
            .min = 100,
            .max = 3'600'000,
            .unit = "milliseconds",
            .why = "How late a silent broker may be noticed."})});
}

std::vector<OptionRow> all_rows() {
  std::vector<OptionRow> rows = under<&Options::listen>(rpc::listen_rows());
  add_files(rows);
  add_routes(rows);
  return rows;
}

}  // namespace

const OptionTable<Options>& option_table() {
  static const OptionTable<Options> kTable(all_rows(), kKnownKeys, kUnsafeKeys);
  return kTable;
}

Status complete(Options& options, const HostFacts& host) {
  if (options.rocketmq_home.empty()) options.rocketmq_home = host.rocketmq_home;
  if (options.kv_config_path.empty()) {
    options.kv_config_path = host.home_dir + "/namesrv/kvConfig.json";
  }
  if (options.listen.io_loops == 0) options.listen.io_loops = std::max(1, host.cores - 1);
  return rpc::check_listening(options.listen);
}

Result<Loaded> load_options(std::string_view text, const HostFacts& host,
                            std::string_view config_file) {
  TRY(properties, parse_properties(text));
  Loaded loaded;
  TRY(report, option_table().load(loaded.options, properties));
  loaded.report = std::move(report);
  if (loaded.options.config_store_path.empty()) loaded.options.config_store_path = config_file;
  TRY_OK(complete(loaded.options, host));
  return loaded;
}

}  // namespace agena::namesrv
