// The route table's rules as the configuration has them at this moment.
//
// Over: options.h, route_table.h.  Under: handlers, namesrv.h.  Threads: any.
#pragma once
#include "namesrv/options.h"
#include "namesrv/route_table.h"

namespace agena::namesrv {

inline RouteRules rules_of(const Options& options) {
  return {.delete_topic_with_broker_registration = options.delete_topic_with_broker_registration,
          .support_acting_master = options.support_acting_master,
          .notify_min_broker_id_changed = options.notify_min_broker_id_changed};
}

}  // namespace agena::namesrv
