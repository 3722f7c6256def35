#include "client/routes.h"

#include <fmt/core.h>

#include "message/names.h"
#include "wire/bodies/topic_config.h"
#include "wire/requests/namesrv.h"

namespace agena::client {
namespace {

constexpr int64_t kTimeoutMs = 3'000;
constexpr int32_t kQueuesOfNewTopic = 4;

const std::string* master_of(const wire::TopicRouteData& route, const std::string& broker_name) {
  for (const auto& broker : route.brokers) {
    if (broker.broker_name != broker_name) continue;
    auto at = broker.addresses.find(BrokerId(0));
    if (at != broker.addresses.end()) return &at->second;
  }
  return nullptr;
}

std::vector<TopicQueue> list_queues(const wire::TopicRouteData& route, std::string_view topic,
                                    int32_t perm, int32_t queues_max) {
  std::vector<TopicQueue> out;
  for (const auto& queue : route.queues) {
    const std::string* address = master_of(route, queue.broker_name);
    if (address == nullptr || (queue.perm & perm) == 0) continue;
    int32_t count = perm == wire::kPermRead ? queue.read_queues : queue.write_queues;
    for (int32_t id = 0; id < std::min(count, queues_max); ++id) {
      out.push_back({std::string(topic), queue.broker_name, *address, QueueId(id)});
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> split_addresses(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    size_t end = text.find(';');
    if (end != 0) out.emplace_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return out;
}

Routes::Routes(rpc::Client& client, std::vector<std::string> name_servers)
    : client_(client), name_servers_(std::move(name_servers)) {}

Result<wire::TopicRouteData> Routes::route(std::string_view topic) {
  Error last{Errc::unreachable, "no name server is configured"};
  for (const auto& server : name_servers_) {
    wire::GetRouteInfoByTopic request;
    request.topic = topic;
    request.accept_standard_json_only = true;
    auto answer = call(client_, server, request, {}, kTimeoutMs);
    if (!answer) {
      last = answer.error();
      continue;
    }
    if (answer->ok()) return json::parse_json<wire::TopicRouteData>(answer->body);
    last = answer->code == errc_info(Errc::topic_not_exist).response_code
               ? Error{Errc::topic_not_exist, fmt::format("no topic '{}' at {}", topic, server)}
               : answer->error();
    if (last.code == Errc::topic_not_exist) return last;
  }
  return last;
}

Result<std::vector<TopicQueue>> Routes::queues_to_write(std::string_view topic) {
  auto known = route(topic);
  int32_t queues_max = INT32_MAX;
  if (!known && known.error().code == Errc::topic_not_exist) {
    auto example = route(message::system_topic::auto_create);
    if (!example) return known.error();
    known = std::move(example);
    queues_max = kQueuesOfNewTopic;
  }
  if (!known) return known.error();
  auto out = list_queues(*known, topic, wire::kPermWrite, queues_max);
  if (out.empty()) {
    return Error{Errc::no_permission, fmt::format("no broker lets topic '{}' be written", topic)};
  }
  return out;
}

Result<std::vector<TopicQueue>> Routes::queues_to_read(std::string_view topic) {
  TRY(known, route(topic));
  return list_queues(known, topic, wire::kPermRead, INT32_MAX);
}

}  // namespace agena::client
