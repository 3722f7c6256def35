#include "broker/handlers/query.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "message/properties.h"
#include "message/property_names.h"
#include "message/record_format.h"
#include "message/tag.h"
#include "wire/bodies/topic_stats.h"
#include "wire/requests/admin.h"
#include "wire/requests/query.h"

namespace agena::broker {
namespace {

constexpr int32_t kEntriesMax = 10'000;  // Of one answer to 321.

// A request's texts end with its handler.
struct KeptQuery {
  std::string topic;
  std::string key;
  char type = 'K';
  int32_t messages_max = 0;
  UnixMillis begin, end;
};

KeptQuery keep(const wire::QueryMessage& request, const QueryDeps& deps) {
  KeptQuery out{.topic = std::string(request.topic),
                .key = std::string(request.key),
                .messages_max = std::min(request.max_num, deps.options.max_msgs_num_batch.get()),
                .begin = request.begin,
                .end = request.end};
  if (request.unique_key_query.value_or(false)) {
    out.type = 'U';
    out.messages_max =
        std::min(deps.options.store.query_messages_max, deps.options.max_msgs_num_batch.get());
  } else if (request.index_type && !request.index_type->empty()) {
    out.type = request.index_type->front();
  }
  return out;
}

void answer_query(const rpc::Responder& later, const KeptQuery& query, storage::Store& store) {
  Buffer records;
  auto found = store.query({.topic = query.topic,
                            .key = query.key,
                            .type = query.type,
                            .messages_max = query.messages_max,
                            .begin = query.begin,
                            .end = query.end},
                           records);
  bool is_empty = found.messages == 0;
  wire::QueryMessageReply reply;
  if (!is_empty) {
    reply.index_last_update_timestamp = found.last_update;
    reply.index_last_update_phyoffset = found.last_update_offset;
  }
  const auto& missing = errc_info(Errc::query_not_found);
  later.reply_with(is_empty ? missing.response_code : 0,
                   is_empty ? "can not find message, maybe time range not correct" : "", reply,
                   records.view());
}

Status query_message(rpc::Call& call, const wire::QueryMessage& request, const QueryDeps& deps) {
  deps.background.post([later = call.defer(), query = keep(request, deps), &store = deps.store] {
    answer_query(later, query, store);
  });
  return ok();
}

Status view_message(rpc::Call& call, const wire::ViewMessageById& request, const QueryDeps& deps) {
  Buffer record;
  if (auto read = deps.store.read_record(request.offset, record); !read) {
    return Error{Errc::system_error,
                 fmt::format("can not find message by the offset, {}", request.offset.value)};
  }
  call.reply(0, {}, record.view());
  return ok();
}

// Entries are told from the records they point to, which carry the same facts.
std::vector<wire::ConsumeQueueEntry> entries_of(std::string_view topic, QueueId queue,
                                                QueueOffset from, int32_t count,
                                                storage::Store& store) {
  std::vector<wire::ConsumeQueueEntry> out;
  Buffer records;
  QueueOffset end = store.max_offset(topic, queue);
  QueueOffset last = std::min(end, from + std::clamp(count, 0, kEntriesMax));
  while (from < last) {
    records.clear();
    auto read = store.read(topic, queue, from, {.messages_max = static_cast<int32_t>(last - from)},
                           {}, records);
    if (read.status != storage::ReadStatus::found || read.next <= from) break;
    Bytes rest = records.view();
    while (!rest.empty()) {
      auto record = message::decode(rest, message::Verify::none);
      if (!record) return out;
      auto tags = message::find_property(record->properties, message::property::tags);
      out.push_back({.physical_offset = record->physical_offset.value,
                     .size = record->size,
                     .tag_code = message::tag_code(tags.value_or(""))});
      rest = rest.subspan(static_cast<size_t>(record->size));
    }
    from = read.next;
  }
  return out;
}

Status consume_queue(rpc::Call& call, const wire::QueryConsumeQueue& request,
                     const QueryDeps& deps) {
  std::string topic(request.topic.value_or(""));
  auto queues = deps.store.queues(topic);
  auto range = std::find_if(queues.begin(), queues.end(), [&](const storage::QueueRange& each) {
    return each.queue_id == request.queue_id;
  });
  if (range == queues.end()) {
    return Error{Errc::system_error,
                 fmt::format("{}@{} is not exist!", request.queue_id.value, topic)};
  }
  if (request.index < range->min.value || request.index >= range->max.value) {
    call.reply(0, fmt::format("Index {} of {}@{} is not exist!", request.index,
                              request.queue_id.value, topic));
    return ok();
  }
  wire::ConsumeQueueView body;
  body.max_index = range->max.value;
  body.min_index = range->min.value;
  if (request.consumer_group) {
    body.subscription = deps.clients.subscription(*request.consumer_group, topic);
    body.filter_data = body.subscription
                           ? "null"
                           : fmt::format("{}@{} is not online!", *request.consumer_group, topic);
  }
  body.entries =
      entries_of(topic, request.queue_id, QueueOffset(request.index), request.count, deps.store);
  call.reply_body(json::to_json(body));
  return ok();
}

}  // namespace

void add_query_handlers(rpc::Router& router, const QueryDeps& deps) {
  router.on<wire::QueryMessage>(
      [deps](rpc::Call& call, const auto& request) { return query_message(call, request, deps); });
  router.on<wire::ViewMessageById>(
      [deps](rpc::Call& call, const auto& request) { return view_message(call, request, deps); });
  router.on<wire::QueryConsumeQueue>(
      [deps](rpc::Call& call, const auto& request) { return consume_queue(call, request, deps); });
}

}  // namespace agena::broker
