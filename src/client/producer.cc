#include "client/producer.h"

#include <fmt/core.h>

#include "base/local_time.h"
#include "message/message_id.h"
#include "message/properties.h"
#include "message/property_names.h"
#include "wire/requests/send.h"

namespace agena::client {
namespace {
constexpr int64_t kTimeoutMs = 3'000;
constexpr std::string_view kGroup = "agena-pub";
}  // namespace

Producer::Producer(rpc::Client& client, Routes& routes, const io::Clock& clock,
                   const Identity& identity)
    : client_(client),
      routes_(routes),
      clock_(clock),
      identity_(identity),
      next_queue_(identity.seed) {}

Result<std::string> Producer::encode_properties(const OutgoingMessage& message,
                                                std::string& unique_key) {
  message::UniqueKey key;
  key.host = identity_.host;
  key.pid = static_cast<uint16_t>(identity_.seed);
  key.loader_hash = static_cast<uint32_t>(identity_.seed >> 16);
  key.counter = counter_++;
  const UnixMillis now = clock_.wall();
  key.month_ms = static_cast<uint32_t>(now - message::month_start(now, zone_offset_minutes(now)));
  unique_key = message::unique_key_text(key);
  std::string out;
  message::append_property(out, message::property::uniq_key, unique_key);
  message::append_property(out, message::property::wait, "true");
  message::append_property(out, message::property::tags, message.tags);
  message::append_property(out, message::property::keys, message.keys);
  for (const auto& [name, value] : message.properties) {
    if (!message::is_valid(name, value)) {
      return Error{Errc::usage, fmt::format("property '{}' cannot be stored", name)};
    }
    message::append_property(out, name, value);
  }
  return out;
}

Result<SendReceipt> Producer::send(const OutgoingMessage& message) {
  TRY(queues, routes_.queues_to_write(message.topic));
  bool is_new = !routes_.route(message.topic);
  SendReceipt receipt;
  receipt.topic_is_new = is_new;
  receipt.queue = queues[next_queue_++ % queues.size()];
  TRY(properties, encode_properties(message, receipt.message_id));
  wire::SendMessageV2 request;
  request.producer_group = kGroup;
  request.topic = message.topic;
  request.default_topic = "TBW102";
  request.default_topic_queue_nums = 4;
  request.queue_id = receipt.queue.queue_id;
  request.born = clock_.wall();
  request.properties = properties;
  TRY(answer, call(client_, receipt.queue.address, request, as_bytes(message.body), kTimeoutMs));
  if (!answer.ok()) return answer.error();
  TRY(reply, answer.fields<wire::SendMessageReply>());
  receipt.offset_id = reply.msg_id;
  receipt.queue_offset = reply.queue_offset;
  receipt.queue.queue_id = reply.queue_id;
  return receipt;
}

}  // namespace agena::client
