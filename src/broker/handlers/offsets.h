// Serves committed offsets and the ends of queues: requests 14, 15, 29, 30, 31, 32, 43 and 45.
//
// Over:    offset_table.h, storage/store.h.  Under: broker.h.  Threads: any loop.
// Source:  RocketMQ 5.5.0, remarks included.
#pragma once
#include "broker/group_table.h"
#include "broker/offset_table.h"
#include "broker/options.h"
#include "broker/topic_table.h"
#include "rpc/router.h"
#include "storage/store.h"

namespace agena::broker {

struct OffsetDeps {
  storage::Store& store;
  TopicTable& topics;
  GroupTable& groups;
  OffsetTable& offsets;
};

void add_offset_handlers(rpc::Router& router, const OffsetDeps& deps);

}  // namespace agena::broker
