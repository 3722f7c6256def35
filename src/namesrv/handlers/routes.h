// Serves where topics and brokers are: requests 105, 106 and 901 for everybody, 205, 216, 217 and
// 327 to change it by hand.
//
// Over:    route_table.h, kv_config.h.  Under: namesrv.h.  Threads: any loop.
// Source:  RocketMQ 5.5.0, remarks included. Clients that ask for standard JSON get it also when
//          they filter by zone, where Java falls back to bare keys.
#pragma once
#include "namesrv/kv_config.h"
#include "namesrv/options.h"
#include "namesrv/route_table.h"
#include "rpc/router.h"

namespace agena::namesrv {

struct RouteDeps {
  RouteTable& routes;
  const KvConfig& kv;
  const Options& options;
  MonoNanos started;
};

void add_route_handlers(rpc::Router& router, const RouteDeps& deps);

}  // namespace agena::namesrv
