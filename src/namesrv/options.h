// Everything namesrv.conf can set, with its defaults, and the table that says what each key is.
//
// Over:    rpc/listen_options.h, base/options.h.  Under: namesrv/, which takes it by reference.
// Threads: Live<T> members may change while requests are served (code 318); the rest is read-only
//          after the start.
// Source:  the Java keys of NamesrvConfig and NettyServerConfig. docs/config.md lists them all.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/host_facts.h"
#include "base/live.h"
#include "base/options.h"
#include "rpc/listen_options.h"

namespace agena::namesrv {

struct Options {
  Options() { listen.listen_port = 9876; }

  rpc::ListenOptions listen;
  std::vector<std::string> broker_allow_cidr = {"127.0.0.0/8", "::1/128"};

  std::string rocketmq_home;      // Empty: $ROCKETMQ_HOME, if it is set.
  std::string kv_config_path;     // Empty: ~/namesrv/kvConfig.json
  std::string config_store_path;  // Live updates are kept there. Empty: nowhere.

  Live<bool> order_message_enable = false;
  Live<bool> return_order_topic_config_to_broker = true;
  Live<bool> support_acting_master = false;
  Live<bool> notify_min_broker_id_changed = false;
  Live<bool> delete_topic_with_broker_registration = false;
  Live<bool> enable_all_topic_list = true;
  Live<bool> enable_topic_list = true;
  Live<bool> need_wait_for_service = false;
  Live<int32_t> wait_seconds_for_service = 45;
  int64_t scan_not_active_broker_interval_ms = 5'000;
};

const OptionTable<Options>& option_table();

// Namesrv options from the text of namesrv.conf. What the file leaves out is filled from the host;
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

}  // namespace agena::namesrv
