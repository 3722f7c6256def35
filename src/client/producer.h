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
#include "message/host.h"

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

// What unique keys say about who made them.
struct Identity {
  message::Host host;  // This machine's address.
  uint64_t seed = 0;   // Keeps two producers of one machine apart.
};

class Producer {
 public:
  Producer(rpc::Client& client, Routes& routes, const io::Clock& clock, const Identity& identity);
  Result<SendReceipt> send(const OutgoingMessage& message);

 private:
  Result<std::string> encode_properties(const OutgoingMessage& message, std::string& unique_key);

  rpc::Client& client_;
  Routes& routes_;
  const io::Clock& clock_;
  const Identity identity_;
  uint16_t counter_ = 0;
  size_t next_queue_ = 0;
};

}  // namespace agena::client
