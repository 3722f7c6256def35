// Passes an operator's question on to a consumer and its answer back: what a client runs (307), let
// it consume one message (309), where its queues stand (223, asked of clients as 221).
//
// Over:    client_table.h, rpc/connection.h, storage/store.h.  Under: broker.h.
// Threads: any loop; answers come on the loop of the client's connection.
// Waits:   10 s for one client (5 s for 223), then 207 with the client's name.
// Source:  RocketMQ 5.5.0, remarks included. Several clients are asked at the same time.
#pragma once
#include "broker/client_table.h"
#include "broker/group_table.h"
#include "broker/options.h"
#include "broker/topic_table.h"
#include "rpc/router.h"
#include "storage/store.h"

namespace agena::broker {

struct RelayDeps {
  storage::Store& store;
  TopicTable& topics;
  GroupTable& groups;
  ClientTable& clients;
  const Options& options;
};

void add_relay_handlers(rpc::Router& router, const RelayDeps& deps);

}  // namespace agena::broker
