// Serves brokers: they come, stay alive and go (requests 103, 104, 322 and 904).
//
// Over:    route_table.h, kv_config.h, broker_connections.h.  Under: namesrv.h.  Threads: any loop.
// Source:  RocketMQ 5.5.0. Leaving takes effect before its answer, where Java queues it.
#pragma once
#include <functional>

#include "namesrv/broker_connections.h"
#include "namesrv/kv_config.h"
#include "namesrv/options.h"
#include "namesrv/route_table.h"
#include "rpc/router.h"

namespace agena::namesrv {

struct RegistrationDeps {
  RouteTable& routes;
  const KvConfig& kv;
  BrokerConnections& connections;
  const Options& options;
  std::function<void(const Notices&)> send_notices;  // Any thread; never waits.
};

void add_registration_handlers(rpc::Router& router, const RegistrationDeps& deps);

}  // namespace agena::namesrv
