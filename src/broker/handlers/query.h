// Serves single messages: by key, unique key or tag (12), by place in the log (33), and what a
// queue's entries say (321).
//
// Over:    storage/store.h, client_table.h.  Under: broker.h.
// Threads: any loop; a query by key reads old files, so it runs on the background loop.
// Source:  RocketMQ 5.5.0, remarks included. The store compares the key itself, not only its hash.
#pragma once
#include "broker/client_table.h"
#include "broker/options.h"
#include "rpc/router.h"
#include "storage/store.h"

namespace agena::broker {

struct QueryDeps {
  storage::Store& store;
  ClientTable& clients;
  const Options& options;
  io::Loop& background;
};

void add_query_handlers(rpc::Router& router, const QueryDeps& deps);

}  // namespace agena::broker
