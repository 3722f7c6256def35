#include "client/puller.h"

#include <fmt/core.h>

#include <algorithm>

#include "io/run_on.h"
#include "message/compression.h"
#include "message/properties.h"
#include "message/sys_flag.h"
#include "wire/requests/offsets.h"
#include "wire/requests/pull.h"

namespace agena::client {
namespace {

constexpr int64_t kTimeoutMs = 3'000;
constexpr int32_t kMessagesAPull = 32;
constexpr int32_t kMayWait = 2;
constexpr int32_t kHasSubscription = 4;

Status unpack(const message::RecordView& record, std::string& body) {
  if (!message::sys_flag::has(record.sys_flag, message::sys_flag::compressed)) return ok();
  TRY(kind, message::compression_of(record.sys_flag));
  Buffer plain;
  // What a broker took was small; how well it was packed is the producer's affair.
  constexpr size_t kBytesMax = 64 << 20;
  TRY_OK(message::inflate(kind, record.body, {.any_ratio_bytes = kBytesMax}, plain));
  body = as_text(plain.view());
  return ok();
}

IncomingMessage message_of(const message::RecordView& record) {
  auto known = message::scan_known(record.properties);
  std::string body(as_text(record.body));
  std::optional<Error> unreadable;
  if (Status read = unpack(record, body); !read) unreadable = read.error();
  return IncomingMessage{.topic = std::string(record.topic),
                         .body = std::move(body),
                         .tags = std::string(known.tags),
                         .keys = std::string(known.keys),
                         .properties = std::string(record.properties),
                         .unique_key = std::string(known.uniq_key),
                         .unreadable = std::move(unreadable),
                         .queue_id = record.queue_id,
                         .queue_offset = record.queue_offset,
                         .born = record.born,
                         .stored = record.store_time};
}

}  // namespace

Puller::Puller(rpc::Client& client, Routes& routes, const io::Clock& clock, PullerOptions options)
    : client_(client), routes_(routes), clock_(clock), options_(std::move(options)) {}

Status Puller::open() {
  TRY(tags, message::parse_tag_subscription(options_.tags));
  tags_ = std::move(tags);
  auto queues = routes_.queues_to_read(options_.topic);
  if (!queues) {
    if (queues.error().code != Errc::topic_not_exist) return queues.error();
    // A name server that has just started knows no topic at all: that says nothing about this one.
    was_missing_ = was_missing_ || bool(routes_.queues_to_write(options_.topic));
    return ok();
  }
  for (auto& queue : *queues) {
    TRY(start, start_of(queue));
    readers_.push_back({std::move(queue), start});
  }
  return ok();
}

// Where the group goes on, or where somebody new begins.
Result<QueueOffset> Puller::start_of(const TopicQueue& queue) {
  if (!options_.commits) return new_start_of(queue);
  wire::QueryConsumerOffset request;
  request.consumer_group = options_.group;
  request.topic = queue.topic;
  request.queue_id = queue.queue_id;
  request.set_zero_if_not_found = false;
  TRY(answer, call(client_, queue.address, request, {}, kTimeoutMs));
  if (answer.code == errc_info(Errc::query_not_found).response_code) return new_start_of(queue);
  if (!answer.ok()) return answer.error();
  TRY(reply, answer.fields<wire::OffsetReply>());
  return reply.offset;
}

Result<QueueOffset> Puller::new_start_of(const TopicQueue& queue) {
  auto ask = [&](const auto& request) -> Result<QueueOffset> {
    TRY(answer, call(client_, queue.address, request, {}, kTimeoutMs));
    if (!answer.ok()) return answer.error();
    TRY(reply, answer.template fields<wire::OffsetReply>());
    return reply.offset;
  };
  if (options_.start == StartAt::first || was_missing_) {
    return ask(wire::GetMinOffset{.topic = queue.topic, .queue_id = queue.queue_id});
  }
  return ask(wire::GetMaxOffset{.topic = queue.topic, .queue_id = queue.queue_id});
}

Result<std::vector<IncomingMessage>> Puller::poll(int64_t wait_ms) {
  std::vector<IncomingMessage> out;
  MonoNanos deadline = clock_.mono() + wait_ms * kNanosPerMilli;
  do {
    if (readers_.empty()) TRY_OK(open());
    for (auto& reader : readers_) TRY_OK(pull(reader, 0, out));
    int64_t left_ms = (deadline - clock_.mono()) / kNanosPerMilli;
    if (!out.empty() || left_ms <= 0) break;
    const int64_t moment_ms = std::min<int64_t>(left_ms, 100);
    if (readers_.empty()) {
      io::wait_on(client_.loop(), moment_ms);
    } else {  // One queue is waited at; the others have their turn after that.
      TRY_OK(pull(readers_.front(), moment_ms, out));
    }
  } while (out.empty() && clock_.mono() < deadline);
  return out;
}

Status Puller::pull(Reader& reader, int64_t wait_ms, std::vector<IncomingMessage>& out) {
  wire::PullMessage request;
  request.consumer_group = options_.group;
  request.topic = reader.queue.topic;
  request.queue_id = reader.queue.queue_id;
  request.queue_offset = reader.next;
  request.messages_max = kMessagesAPull;
  request.sys_flag = kHasSubscription | (wait_ms > 0 ? kMayWait : 0);
  request.suspend_timeout_ms = wait_ms;
  request.subscription = options_.tags;
  request.expression_type = "TAG";
  TRY(answer, call(client_, reader.queue.address, request, {}, kTimeoutMs + wait_ms));
  const bool is_read = answer.ok() ||
                       answer.code == errc_info(Errc::pull_not_found).response_code ||
                       answer.code == errc_info(Errc::pull_retry_immediately).response_code ||
                       answer.code == errc_info(Errc::pull_offset_moved).response_code;
  if (!is_read) return answer.error();
  TRY(reply, answer.fields<wire::PullMessageReply>());
  bool moved = answer.code == errc_info(Errc::pull_offset_moved).response_code ||
               answer.code == errc_info(Errc::pull_retry_immediately).response_code;
  if (moved) reader.next = reply.next_begin_offset;
  if (!answer.ok()) return ok();
  Bytes rest = as_bytes(answer.body);
  while (!rest.empty()) {
    TRY(record, message::decode(rest, message::Verify::crc));
    IncomingMessage message = message_of(record);
    const bool is_wanted = tags_.takes_all || std::find(tags_.tags.begin(), tags_.tags.end(),
                                                        message.tags) != tags_.tags.end();
    if (is_wanted) out.push_back(std::move(message));
    rest = rest.subspan(static_cast<size_t>(record.size));
  }
  reader.next = reply.next_begin_offset;
  return options_.commits ? commit(reader) : ok();
}

Status Puller::commit(const Reader& reader) {
  wire::UpdateConsumerOffset request;
  request.consumer_group = options_.group;
  request.topic = reader.queue.topic;
  request.queue_id = reader.queue.queue_id;
  request.commit_offset = reader.next;
  TRY(answer, call(client_, reader.queue.address, request, {}, kTimeoutMs));
  return answer.ok() ? ok() : Status(answer.error());
}

}  // namespace agena::client
