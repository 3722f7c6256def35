// Serves lists of topics: requests 206, 224, 304, 311, 312 and 313.
//
// Over:    route_table.h.  Under: namesrv.h.  Threads: any loop.
// Source:  RocketMQ 5.5.0; enableAllTopicList and enableTopicList turn them off (code 1).
#pragma once
#include "namesrv/options.h"
#include "namesrv/route_table.h"
#include "rpc/router.h"

namespace agena::namesrv {

struct TopicDeps {
  const RouteTable& routes;
  const Options& options;
};

void add_topic_handlers(rpc::Router& router, const TopicDeps& deps);

}  // namespace agena::namesrv
