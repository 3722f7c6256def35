// Serves PULL_MESSAGE and LITE_PULL_MESSAGE, at once or when the next message comes.
//
// Over:    storage/store.h, client_table.h, pull_parking.h.  Under: broker.h.
// Threads: any loop.
// Source:  RocketMQ 5.5.0's checks in their order; the mapping of read results to codes 0, 19, 20
//          and 21 is the inventory's. Where Java delivers everything unfiltered because an inline
//          expression does not parse, the answer here is 23.
#pragma once
#include "broker/client_table.h"
#include "broker/group_table.h"
#include "broker/offset_table.h"
#include "broker/options.h"
#include "broker/pull_parking.h"
#include "broker/stats.h"
#include "broker/topic_table.h"
#include "rpc/router.h"
#include "storage/store.h"

namespace agena::broker {

struct PullDeps {
  storage::Store& store;
  TopicTable& topics;
  GroupTable& groups;
  ClientTable& clients;
  OffsetTable& offsets;
  PullParking& parking;
  Stats& stats;
  const Options& options;
};

// Also gives `parking` the means to serve what it parked.
void add_pull_handlers(rpc::Router& router, const PullDeps& deps);

}  // namespace agena::broker
