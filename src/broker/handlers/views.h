// Serves what operators ask about topics and groups: how much lies in queues, how far groups have
// come, who reads what, rates. Requests 202, 208, 300, 303, 315, 317, 343 and 345.
//
// Over:    storage/store.h, offset_table.h, client_table.h, stats.h.  Under: broker.h.
// Threads: any loop. Cost grows with the queues of the topics that are asked about.
// Source:  RocketMQ 5.5.0, remarks included.
#pragma once
#include "broker/client_table.h"
#include "broker/group_table.h"
#include "broker/offset_table.h"
#include "broker/options.h"
#include "broker/stats.h"
#include "broker/topic_table.h"
#include "rpc/router.h"
#include "storage/store.h"

namespace agena::broker {

struct ViewDeps {
  storage::Store& store;
  TopicTable& topics;
  GroupTable& groups;
  OffsetTable& offsets;
  ClientTable& clients;
  Stats& stats;
  const Options& options;
};

void add_view_handlers(rpc::Router& router, const ViewDeps& deps);

}  // namespace agena::broker
