// Serves the settings of topics: requests 17, 18, 21, 215, 305 and 351.
//
// Over:    topic_table.h, registration.h, storage/store.h.  Under: broker.h.
// Threads: any loop; a deletion runs on the background loop.
// Answers: a change is answered once topics.json holds it and the name servers were told, so that a
//          client may send or ask for the route at once.
// Source:  RocketMQ 5.5.0, remarks included. Where Java drops the rest of a list behind a topic
//          that is as asked already, all of the list is applied here.
#pragma once
#include "broker/offset_table.h"
#include "broker/options.h"
#include "broker/registration.h"
#include "broker/stats.h"
#include "broker/topic_table.h"
#include "rpc/router.h"
#include "storage/store.h"

namespace agena::broker {

struct TopicDeps {
  storage::Store& store;
  TopicTable& topics;
  OffsetTable& offsets;
  Stats& stats;
  Registration& registration;
  const Options& options;
  io::Loop& background;
};

void add_topic_handlers(rpc::Router& router, const TopicDeps& deps);

}  // namespace agena::broker
