// Serves the life of clients: heartbeats, goodbyes, group lists, queue locks (34, 35, 38, 41, 42,
// 46).
//
// Over:    client_table.h, queue_locks.h, group_notices.h.  Under: broker.h.  Threads: any loop.
// Source:  RocketMQ 5.5.0, remarks included; both heartbeat forms.
#pragma once
#include "broker/client_table.h"
#include "broker/group_notices.h"
#include "broker/group_table.h"
#include "broker/options.h"
#include "broker/queue_locks.h"
#include "broker/topic_table.h"
#include "rpc/router.h"

namespace agena::broker {

struct ClientDeps {
  ClientTable& clients;
  TopicTable& topics;
  GroupTable& groups;
  QueueLocks& locks;
  GroupNotices& notices;
  const Options& options;
};

void add_client_handlers(rpc::Router& router, const ClientDeps& deps);

}  // namespace agena::broker
