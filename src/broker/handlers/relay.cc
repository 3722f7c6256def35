#include "broker/handlers/relay.h"

#include <fmt/core.h>

#include "base/log.h"
#include "message/message_id.h"
#include "wire/bodies/reset_offset.h"
#include "wire/requests/clients.h"

namespace agena::broker {
namespace {

constexpr int64_t kAskMs = 10'000;
constexpr int64_t kStatusMs = 5'000;

void pass_back(const rpc::Responder& later, std::string_view group, std::string_view client,
               const Result<rpc::Response>& response) {
  if (response) {
    later.reply(response->header.code, response->header.remark, response->body);
    return;
  }
  const Error& why = response.error();
  if (why.code == Errc::timed_out) {
    later.fail({Errc::consume_msg_timeout,
                fmt::format("consumer <{}> <{}> Timeout: {}", group, client, why.remark())});
  } else {
    later.fail({Errc::system_error, fmt::format("invoke consumer <{}> <{}> Exception: {}", group,
                                                client, why.remark())});
  }
}

template <wire::Request R>
Status ask_client(rpc::Call& call, const R& request, Bytes body, std::string_view client_id,
                  const RelayDeps& deps) {
  std::string group(request.consumer_group);
  std::string client(client_id);
  auto member = deps.clients.consumer(group, client);
  auto connection = member ? member->connection.lock() : nullptr;
  if (!connection) {
    return Error{Errc::system_error,
                 fmt::format("The Consumer <{}> <{}> not online", group, client)};
  }
  AGENA_LOG(info, "broker", "{} asks consumer {} of group {}: {}", call.connection().peer().text(),
            client, group, R::info.name);
  connection->request(request, body, kAskMs,
                      [later = call.defer(), group, client](Result<rpc::Response> response) {
                        pass_back(later, group, client, response);
                      });
  return ok();
}

Status consume_directly(rpc::Call& call, wire::ConsumeMessageDirectly request,
                        const RelayDeps& deps) {
  request.broker_name = deps.options.broker_name;
  if (TopicRef topic = deps.topics.find(request.topic.value_or(""))) {
    request.topic_sys_flag = topic->sys_flag;
  }
  if (GroupRef group = deps.groups.find_or_create(request.consumer_group)) {
    request.group_sys_flag = group->group_sys_flag;
  }
  TRY(id, message::parse_offset_id(request.msg_id.value_or("")));
  Buffer record;
  if (auto read = deps.store.read_record(id.offset, record); !read) {
    return Error{Errc::system_error,
                 fmt::format("can not find message by the offset, {}", id.offset.value)};
  }
  return ask_client(call, request, record.view(), request.client_id.value_or(""), deps);
}

// The answers of a group's clients, until all are in.
struct Gathering {
  Gathering(rpc::Responder responder, size_t count) : later(std::move(responder)), left(count) {}

  void add(const std::string& client, const Result<rpc::Response>& response) {
    MutexLock lock(mutex);
    if (response && response->ok() && !response->body.empty()) {
      auto status = json::parse_json<wire::ConsumerStatus>(as_text(response->body));
      if (status) body.clients[client] = std::move(status->queues);
    }
    if (--left == 0) later.reply(0, {}, as_bytes(json::to_json(body)));
  }

  const rpc::Responder later;
  Mutex mutex;
  size_t left GUARDED_BY(mutex);
  wire::ConsumerStatus body GUARDED_BY(mutex);
};

Status client_status(rpc::Call& call, const wire::GetConsumerStatus& request,
                     const RelayDeps& deps) {
  auto members = deps.clients.consumers(request.group);
  if (members.empty()) {
    return Error{Errc::system_error,
                 fmt::format("No Any Consumer online in the consumer group: [{}]", request.group)};
  }
  std::string_view wanted = request.client_addr.value_or("");
  std::erase_if(members, [&](const ClientInfo& member) {
    return member.connection.expired() || (!wanted.empty() && member.client_id != wanted);
  });
  if (members.empty()) {
    call.reply_body(json::to_json(wire::ConsumerStatus{}));
    return ok();
  }
  auto gathering = std::make_shared<Gathering>(call.defer(), members.size());
  for (const auto& member : members) {
    auto connection = member.connection.lock();
    if (!connection) {
      gathering->add(member.client_id, Error{Errc::unreachable, "the client has gone"});
      continue;
    }
    connection->request(
        wire::GetConsumerStatusFromClient{
            .topic = request.topic, .group = request.group, .client_addr = {}},
        {}, kStatusMs, [gathering, id = member.client_id](Result<rpc::Response> response) {
          gathering->add(id, response);
        });
  }
  return ok();
}

}  // namespace

void add_relay_handlers(rpc::Router& router, const RelayDeps& deps) {
  router.on<wire::GetConsumerRunningInfo>(
      [deps](rpc::Call& call, const wire::GetConsumerRunningInfo& request) {
        return ask_client(call, request, {}, request.client_id, deps);
      });
  router.on<wire::ConsumeMessageDirectly>(
      [deps](rpc::Call& call, const wire::ConsumeMessageDirectly& request) {
        return consume_directly(call, request, deps);
      });
  router.on<wire::GetConsumerStatus>(
      [deps](rpc::Call& call, const auto& request) { return client_status(call, request, deps); });
}

}  // namespace agena::broker
