// Everything broker.conf can set, with its defaults, and the table that says what each key is.
//
// Over:    storage/options.h, rpc/listen_options.h, base/options.h.
// Under:   broker/, which takes it by reference; the store gets a copy of its own part.
// Threads: Live<T> members may change while requests are served (code 25); the rest is read-only
//          after the start.
// Source:  the Java keys of BrokerConfig, MessageStoreConfig and NettyServerConfig, in our
//          spelling, unit last. docs/config.md lists them all.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_facts.h"
#include "base/live.h"
#include "base/options.h"
#include "rpc/listen_options.h"
#include "storage/options.h"

namespace agena::broker {

enum class Role : uint8_t { async_master, sync_master, slave };  // brokerRole

struct Options {
  Options() { listen.listen_port = 10911; }

  rpc::ListenOptions listen;
  storage::StoreOptions store;

  // Who we are, and where clients find us.
  std::string rocketmq_home;       // Empty: $ROCKETMQ_HOME, if it is set.
  std::string broker_config_path;  // Live updates are kept there. Empty: nowhere.
  std::string broker_cluster_name = "DefaultCluster";
  std::string broker_name;  // Empty: the host's name.
  int64_t broker_id = 0;    // 0 is the master; complete() makes it so for both master roles.
  Role broker_role = Role::async_master;
  std::string broker_ip1;      // What clients are told. Empty: the bound address, or the host's.
  std::string broker_ip2;      // The same for replicas.
  int32_t ha_listen_port = 0;  // 0: listenPort + 1.
  std::string region_id = "DefaultRegion";
  Live<int32_t> broker_permission = 6;  // Of the whole broker: 4 read, 2 write.

  // Name servers.
  std::vector<std::string> namesrv_addr;
  Live<int32_t> register_name_server_period_ms = 30'000;  // registerNameServerPeriod
  int32_t register_broker_timeout_ms = 24'000;            // registerBrokerTimeoutMills
  Live<bool> force_register = true;

  // Topics and groups.
  Live<bool> auto_create_topic_enable = true;
  int32_t default_topic_queue_nums = 8;
  Live<bool> auto_create_subscription_group = true;
  bool cluster_topic_enable = true;
  bool broker_topic_enable = true;
  bool trace_topic_enable = false;
  std::string msg_trace_topic_name = "RMQ_SYS_TRACE_TOPIC";
  Live<bool> validate_system_topic_when_update_topic = true;
  Live<bool> enable_mixed_message_type = false;

  // Sending.
  bool trace_on = true;
  int32_t sync_flush_timeout_ms = 5'000;  // syncFlushTimeout

  // Pulling and querying.
  Live<bool> long_polling_enable = true;
  Live<int64_t> short_polling_time_ms = 1'000;  // shortPollingTimeMills
  Live<bool> reject_pull_consumer_enable = false;
  Live<bool> lite_pull_message_enable = true;
  Live<int32_t> max_msgs_num_batch = 64;  // Of one query by key.

  // Consumers.
  Live<bool> notify_consumer_ids_changed_enable = true;
  Live<bool> use_server_side_reset_offset = true;
  int64_t flush_consumer_offset_interval_ms = 5'000;  // flushConsumerOffsetInterval
  int64_t channel_expired_timeout_ms = 120'000;       // channelExpiredTimeout
};

const OptionTable<Options>& option_table();

// Broker options from the text of broker.conf. What the file leaves out is filled from the host;
// `config_file` is where the text came from, if it came from a file.
struct Loaded {
  Options options;
  LoadReport report;
};
Result<Loaded> load_options(std::string_view text, const HostFacts& host,
                            std::string_view config_file = {});
// Fills what depends on the host and on other options, and checks them together. load_options()
// calls it; call it for options that were put together without a file.
Status complete(Options& options, const HostFacts& host);

}  // namespace agena::broker
