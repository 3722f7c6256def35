// Serves SEND_MESSAGE, SEND_MESSAGE_V2 and SEND_BATCH_MESSAGE.
//
// Over:    topic_table.h, storage/store.h, rpc/router.h.  Under: broker.h.
// Threads: any loop; runs to completion on the connection's loop. With SYNC_FLUSH the answer
//          follows the flush, unless the message says WAIT=false.
// Errors:  RocketMQ's codes: 13 sizes, 14 store refuses, 16 permission, 17 no topic, 29 names and
//          queue ids. Delayed and transactional messages are refused (13) until they are served:
//          delivering them at once would be wrong.
#pragma once
#include "broker/group_table.h"
#include "broker/options.h"
#include "broker/queue_locks.h"
#include "broker/stats.h"
#include "broker/topic_table.h"
#include "message/draft.h"
#include "rpc/router.h"
#include "storage/store.h"

namespace agena::broker {

struct SendDeps {
  storage::Store& store;
  TopicTable& topics;
  GroupTable& groups;
  QueueLocks& locks;
  Stats& stats;
  const Options& options;
  message::Host store_host;  // What records and message ids carry.
  std::function<uint64_t()> random;
};

void add_send_handlers(rpc::Router& router, const SendDeps& deps);

}  // namespace agena::broker
