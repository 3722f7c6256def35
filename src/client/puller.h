// Reads the messages of a topic, queue by queue, without joining a group's sharing of queues.
//
// Over:    routes.h, message/record_format.h, message/compression.h.  Under: cmd/pub_sub.cc.
// Threads: one caller at a time; poll() blocks until something came or its time is over.
// Offsets: with a group, reading starts where the group has committed and commits what it gave.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/routes.h"
#include "io/clock.h"
#include "message/record_format.h"
#include "message/tag.h"

namespace agena::client {

enum class StartAt { first, last };

struct PullerOptions {
  std::string topic;
  std::string group = "agena-sub";
  bool commits = false;
  StartAt start = StartAt::last;
  std::string tags = "*";
};

struct IncomingMessage {
  std::string topic, body, tags, keys, properties, unique_key;
  std::optional<Error> unreadable = {};  // Then `body` is as it was stored, packed.
  QueueId queue_id;
  QueueOffset queue_offset;
  UnixMillis born, stored;
};

class Puller {
 public:
  Puller(rpc::Client& client, Routes& routes, const io::Clock& clock, PullerOptions options);

  // Finds the queues; a topic that does not exist yet is looked for again by poll().
  Status open();
  bool topic_exists() const { return !readers_.empty(); }
  // New messages in the order of each queue; empty when none came within `wait_ms`.
  Result<std::vector<IncomingMessage>> poll(int64_t wait_ms);

 private:
  struct Reader {
    TopicQueue queue;
    QueueOffset next;
  };
  Result<QueueOffset> start_of(const TopicQueue& queue);
  Result<QueueOffset> new_start_of(const TopicQueue& queue);
  Status pull(Reader& reader, int64_t wait_ms, std::vector<IncomingMessage>& out);
  Status commit(const Reader& reader);

  rpc::Client& client_;
  Routes& routes_;
  const io::Clock& clock_;
  PullerOptions options_;
  std::vector<Reader> readers_;
  message::TagSubscription tags_;  // Brokers compare codes, which different tags may share.
  bool was_missing_ = false;       // The topic, when we began: all that it has came after that.
};

}  // namespace agena::client
