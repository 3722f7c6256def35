// Serves who is connected: consumers and producers of a group, all producers. Requests 203, 204 and
// 328.
//
// Over:    client_table.h.  Under: broker.h.  Threads: any loop.
// Source:  RocketMQ 5.5.0, remarks included.
#pragma once
#include "broker/client_table.h"
#include "rpc/router.h"

namespace agena::broker {

void add_connection_handlers(rpc::Router& router, ClientTable& clients);

}  // namespace agena::broker
