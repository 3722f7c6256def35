// Serves the broker's configuration: what is in force (26), and changes while it runs (25).
//
// Over:    options.h (the rows), topic_table.h.  Under: broker.h.
// Threads: any loop; changes are applied and written on the background loop, one after the other.
// Allowed: keys that their row calls live; anything else is refused (16) and nothing is changed.
// Durable: changed keys are written to brokerConfigPath before the answer; its comments and order
//          stay.
// Source:  RocketMQ 5.5.0. Java takes every key and applies it or not; see docs/compatibility.md.
#pragma once
#include "broker/options.h"
#include "broker/topic_table.h"
#include "io/clock.h"
#include "io/files.h"
#include "rpc/router.h"

namespace agena::broker {

struct ConfigDeps {
  Options& options;
  TopicTable& topics;
  io::Files& files;
  io::Loop& background;
  const io::Clock& clock;
};

void add_config_handlers(rpc::Router& router, const ConfigDeps& deps);

}  // namespace agena::broker
