#include "broker/handlers/connections.h"

#include <fmt/core.h>

#include "wire/bodies/connections.h"
#include "wire/requests/admin.h"

namespace agena::broker {
namespace {

wire::ClientConnection connection_of(const ClientInfo& client) {
  return {.client_addr = client.address,
          .client_id = client.client_id,
          .language = std::string(wire::language_name(client.language)),
          .version = client.version};
}

Status consumers(rpc::Call& call, const wire::GetConsumerConnectionList& request,
                 const ClientTable& clients) {
  auto group = clients.consumer_group(request.consumer_group);
  if (!group) {
    return Error{Errc::consumer_not_online,
                 fmt::format("the consumer group[{}] not online", request.consumer_group)};
  }
  wire::ConsumerConnections body;
  body.consume_from_where = group->consume_from_where;
  body.consume_type = group->consume_type;
  body.message_model = group->message_model;
  body.subscriptions = std::move(group->subscriptions);
  for (const auto& member : group->members) body.connections.push_back(connection_of(member));
  call.reply_body(json::to_json(body));
  return ok();
}

Status producers(rpc::Call& call, const wire::GetProducerConnectionList& request,
                 const ClientTable& clients) {
  auto members = clients.producers(request.producer_group);
  if (members.empty()) {
    return Error{Errc::system_error,
                 fmt::format("the producer group[{}] not exist", request.producer_group)};
  }
  wire::ProducerConnections body;
  for (const auto& member : members) body.connections.push_back(connection_of(member));
  call.reply_body(json::to_json(body));
  return ok();
}

Status all_producers(rpc::Call& call, const ClientTable& clients) {
  wire::ProducerTable body;
  for (const auto& [group, members] : clients.all_producers()) {
    for (const auto& member : members) {
      body.groups[group].push_back({.client_id = member.client_id,
                                    .language = std::string(wire::language_name(member.language)),
                                    .last_update_timestamp = member.last_heard.value,
                                    .remote_address = "/" + member.address,
                                    .version = member.version});
    }
  }
  call.reply_body(json::to_json(body));
  return ok();
}

}  // namespace

void add_connection_handlers(rpc::Router& router, ClientTable& clients) {
  router.on<wire::GetConsumerConnectionList>([&clients](rpc::Call& call, const auto& request) {
    return consumers(call, request, clients);
  });
  router.on<wire::GetProducerConnectionList>([&clients](rpc::Call& call, const auto& request) {
    return producers(call, request, clients);
  });
  router.on<wire::GetAllProducerInfo>(
      [&clients](rpc::Call& call, const auto&) { return all_producers(call, clients); });
}

}  // namespace agena::broker
