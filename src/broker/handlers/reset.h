// Serves changes of committed offsets by operators: reset (222), clone (314), and the offsets that
// a group may skip to (308).
//
// Over:    offset_table.h, client_table.h, storage/store.h.  Under: broker.h.
// Threads: any loop.
// Reset:   with useServerSideResetOffset the broker sets the offsets and the group's next pull is
//          sent there; without it the group's clients are told (220) and commit by themselves.
// Answers: a change is answered once consumerOffset.json holds it.
// Source:  RocketMQ 5.5.0, remarks included. A clone without a topic takes all topics of the group,
//          where Java takes none; groups named as filter in 308 keep their offsets, which Java
//          deletes; a reset must say the time, which Java takes as 0 when it is missing.
#pragma once
#include "broker/client_table.h"
#include "broker/group_table.h"
#include "broker/offset_table.h"
#include "broker/options.h"
#include "broker/topic_table.h"
#include "rpc/router.h"
#include "storage/store.h"

namespace agena::broker {

struct ResetDeps {
  storage::Store& store;
  TopicTable& topics;
  GroupTable& groups;
  OffsetTable& offsets;
  ClientTable& clients;
  const Options& options;
};

void add_reset_handlers(rpc::Router& router, const ResetDeps& deps);

}  // namespace agena::broker
