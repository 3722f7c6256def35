// Where topics live, as the name servers say.
//
// Over:    blocking.h, wire/bodies/route.h.  Under: producer.h, puller.h.
// Threads: one caller at a time.
// Errors:  topic_not_exist when no name server knows the topic; unreachable when none answers.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "client/blocking.h"
#include "wire/bodies/route.h"

namespace agena::client {

struct TopicQueue {
  std::string topic;
  std::string broker_name;
  std::string address;  // Of the master.
  QueueId queue_id;
};

class Routes {
 public:
  Routes(rpc::Client& client, std::vector<std::string> name_servers);
  Result<wire::TopicRouteData> route(std::string_view topic);
  // Asks again each time. A topic that nobody knows yet is sent to where new topics may be made.
  Result<std::vector<TopicQueue>> queues_to_write(std::string_view topic);
  Result<std::vector<TopicQueue>> queues_to_read(std::string_view topic);

 private:
  rpc::Client& client_;
  std::vector<std::string> name_servers_;
};

// "a:1;b:2" as everywhere in RocketMQ.
std::vector<std::string> split_addresses(std::string_view text);

}  // namespace agena::client
