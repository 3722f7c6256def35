// Serves the settings of consumer groups: requests 200, 201, 207, 225, 352 and 353.
//
// Over:    group_table.h, offset_table.h.  Under: broker.h.
// Threads: any loop.
// Answers: a change is answered once subscriptionGroup.json (and, for a deletion with offsets,
//          consumerOffset.json) holds it.
// Source:  RocketMQ 5.5.0, remarks included.
#pragma once
#include "broker/group_table.h"
#include "broker/offset_table.h"
#include "broker/stats.h"
#include "rpc/router.h"

namespace agena::broker {

struct GroupDeps {
  GroupTable& groups;
  OffsetTable& offsets;
  Stats& stats;
};

void add_group_handlers(rpc::Router& router, const GroupDeps& deps);

}  // namespace agena::broker
