#include "broker/handlers/clients.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/log.h"
#include "message/names.h"
#include "wire/bodies/heartbeat.h"
#include "wire/requests/clients.h"

namespace agena::broker {
namespace {

ClientInfo client_of(rpc::Call& call, std::string client_id) {
  auto& connection = call.connection();
  return {.client_id = std::move(client_id),
          .connection = connection.weak_from_this(),
          .connection_id = connection.id(),
          .address = connection.peer().text(),
          .language = call.header().language,
          .version = call.header().version,
          .last_heard = call.now(),
          .heard_at = call.mono()};
}

// Every consuming group has a retry topic from its first heartbeat on.
void ensure_retry_topic(const wire::ConsumerData& data, const GroupRef& group,
                        const ClientDeps& deps) {
  bool orders = std::any_of(data.subscriptions.begin(), data.subscriptions.end(), [&](auto& one) {
    auto topic = deps.topics.find(one.topic);
    return topic && topic->is_order;
  });
  wire::TopicConfig retry;
  retry.name = message::retry_topic(data.group_name);
  retry.read_queues = retry.write_queues = group->retry_queue_nums;
  retry.is_order = orders;
  retry.sys_flag = data.unit_mode ? wire::kTopicFlagUnitSub : 0;
  if (auto made = deps.topics.ensure(retry); !made) {
    AGENA_LOG(warn, "broker", "no retry topic for group {}: {}", data.group_name,
              describe(made.error()));
  }
}

// Others are shown these, and look at them at each pull: no client has ever needed more.
constexpr size_t kClientIdBytesMax = 1'024;
constexpr size_t kGroupNameBytesMax = 255;
constexpr size_t kSubStringBytesMax = 64 << 10;

Status check_lengths(const wire::HeartbeatBody& body) {
  auto check = [](std::string_view text, size_t bytes_max, std::string_view what) -> Status {
    if (text.size() <= bytes_max) return ok();
    return Error{Errc::bad_field,
                 fmt::format("{} of {} bytes: {} are allowed", what, text.size(), bytes_max)};
  };
  TRY_OK(check(body.client_id, kClientIdBytesMax, "clientID"));
  for (const auto& producer : body.producers) {
    TRY_OK(check(producer.group_name, kGroupNameBytesMax, "groupName"));
  }
  for (const auto& consumer : body.consumers) {
    for (const auto& one : consumer.subscriptions) {
      TRY_OK(check(one.sub_string, kSubStringBytesMax, "subString"));
      TRY_OK(check(one.topic, message::kRetryTopicLengthMax, "subscribed topic"));
    }
  }
  return ok();
}

Status heartbeat(rpc::Call& call, const ClientDeps& deps) {
  TRY(body, json::parse_json<wire::HeartbeatBody>(as_text(call.body())));
  TRY_OK(check_lengths(body));
  ClientInfo client = client_of(call, body.client_id);
  bool is_v2 = body.fingerprint != 0;
  bool subscriptions_changed = !is_v2;
  for (const auto& consumer : body.consumers) {
    if (deps.options.reject_pull_consumer_enable &&
        consumer.consume_type == wire::ConsumeType::actively) {
      continue;
    }
    GroupRef group = deps.groups.find_or_create(consumer.group_name);
    if (!group) continue;
    subscriptions_changed |=
        deps.clients.fingerprint_changed(consumer.group_name, body.fingerprint) && is_v2;
    ensure_retry_topic(consumer, group, deps);
    bool is_short = is_v2 && body.without_subscriptions;
    bool changed = deps.clients.register_consumer(consumer, client, is_short);
    if (changed) deps.notices.group_changed(consumer.group_name);
    // A short one to a broker that started again, or that saw the whole group leave: "changed" is
    // what makes the client send everything. Java leaves such a group without subscriptions.
    subscriptions_changed |= is_short && !deps.clients.has_subscriptions(consumer.group_name);
  }
  for (const auto& producer : body.producers) {
    deps.clients.register_producer(producer.group_name, client);
  }
  call.reply_with(
      wire::HeartbeatReply{.supports_v2 = true, .subscription_changed = subscriptions_changed});
  return ok();
}

Status unregister(rpc::Call& call, const wire::UnregisterClient& request, const ClientDeps& deps) {
  auto connection = call.connection().id();
  if (request.producer_group) {
    deps.clients.unregister_producer(*request.producer_group, request.client_id, connection);
  }
  if (request.consumer_group &&
      deps.clients.unregister_consumer(*request.consumer_group, request.client_id, connection)) {
    deps.notices.group_changed(std::string(*request.consumer_group));
  }
  call.reply_ok();
  return ok();
}

Status list_consumers(rpc::Call& call, const wire::GetConsumerListByGroup& request,
                      const ClientDeps& deps) {
  wire::ConsumerIdsBody body;
  for (auto& client : deps.clients.consumers(request.consumer_group)) {
    // Once, also with two connections: who shares queues among the ids counts places in this list.
    if (body.consumer_ids.empty() || body.consumer_ids.back() != client.client_id) {
      body.consumer_ids.push_back(std::move(client.client_id));
    }
  }
  if (body.consumer_ids.empty()) {
    return Error{Errc::system_error,
                 fmt::format("no consumer for this group, {}", request.consumer_group)};
  }
  call.reply_body(json::to_json(body));
  return ok();
}

Status lock_queues(rpc::Call& call, const ClientDeps& deps) {
  TRY(body, json::parse_json<wire::LockBody>(as_text(call.body())));
  wire::LockedBody locked;
  locked.locked = deps.locks.lock(body.consumer_group, body.queues, body.client_id, call.mono());
  call.reply_body(json::to_json(locked));
  return ok();
}

Status unlock_queues(rpc::Call& call, const ClientDeps& deps) {
  TRY(body, json::parse_json<wire::LockBody>(as_text(call.body())));
  deps.locks.unlock(body.consumer_group, body.queues, body.client_id);
  call.reply_ok();
  return ok();
}

Status check_client(rpc::Call& call) {
  TRY(body, json::parse_json<wire::CheckClientBody>(as_text(call.body())));
  if (body.subscription && body.subscription->expression_type != "TAG" &&
      !body.subscription->expression_type.empty()) {
    return Error{Errc::system_error,
                 fmt::format("The broker does not support consumer to filter message by {}",
                             body.subscription->expression_type)};
  }
  call.reply_ok();
  return ok();
}

}  // namespace

void add_client_handlers(rpc::Router& router, const ClientDeps& deps) {
  router.on<wire::Heartbeat>(
      [deps](rpc::Call& call, const auto&) { return heartbeat(call, deps); });
  router.on<wire::UnregisterClient>(
      [deps](rpc::Call& call, const auto& request) { return unregister(call, request, deps); });
  router.on<wire::GetConsumerListByGroup>(
      [deps](rpc::Call& call, const auto& request) { return list_consumers(call, request, deps); });
  router.on<wire::LockBatch>(
      [deps](rpc::Call& call, const auto&) { return lock_queues(call, deps); });
  router.on<wire::UnlockBatch>(
      [deps](rpc::Call& call, const auto&) { return unlock_queues(call, deps); });
  router.on<wire::CheckClientConfig>(
      [](rpc::Call& call, const auto&) { return check_client(call); });
}

}  // namespace agena::broker
