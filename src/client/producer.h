// Sends messages, one at a time.
//
// Over:    routes.h, wire/requests/send.h.  Under: cmd/pub.cc.
// Threads: one caller at a time; blocks until the broker has answered.
// Errors:  the broker's refusal with its code name and remark.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "client/routes.h"
#include "io/clock.h"

namespace agena::client {

struct OutgoingMessage {
  std::string topic;
  std::string body;
  std::string tags;
  std::string keys;
  std::vector<std::pair<std::string, std::string>> properties;
};

struct SendReceipt {
  TopicQueue queue;
  std::string message_id;  // The unique key, which consumers see too.
  std::string offset_id;   // Where the record lies.
  QueueOffset queue_offset;
  bool topic_is_new = false;
};

class Producer {
 public:
  // `seed` keeps the unique keys of two producers of one process apart.
  Producer(rpc::Client& client, Routes& routes, const io::Clock& clock, uint64_t seed);
  Result<SendReceipt> send(const OutgoingMessage& message);

 private:
  Result<std::string> encode_properties(const OutgoingMessage& message, std::string& unique_key);

  rpc::Client& client_;
  Routes& routes_;
  const io::Clock& clock_;
  const uint64_t seed_;
  uint16_t counter_ = 0;
  size_t next_queue_ = 0;
};

}  // namespace agena::client
