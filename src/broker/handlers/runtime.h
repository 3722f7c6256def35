// Serves what the broker says about itself (28), tables of features that it keeps for others (45,
// 402), and orders to tidy up (306, 316, 329).
//
// Over:    storage/store.h, stats.h, topic_table.h.  Under: broker.h.
// Threads: any loop; tidying and reading files run on the background loop.
// Source:  RocketMQ 5.5.0's runtime table, key by key, and the keys of older brokers that
// monitoring
//          tools cannot do without (getTransferedTps, brokerVersion). What has no counterpart here,
//          such as the length of a thread pool's queue, is the figure of an idle Java broker.
#pragma once
#include "broker/options.h"
#include "broker/stats.h"
#include "broker/topic_table.h"
#include "io/clock.h"
#include "io/files.h"
#include "rpc/router.h"
#include "storage/store.h"

namespace agena::broker {

struct RuntimeDeps {
  storage::Store& store;
  TopicTable& topics;
  Stats& stats;
  const Options& options;
  io::Files& files;
  const io::Clock& clock;
  io::Loop& background;
};

void add_runtime_handlers(rpc::Router& router, const RuntimeDeps& deps);

}  // namespace agena::broker
