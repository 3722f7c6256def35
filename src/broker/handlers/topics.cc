#include "broker/handlers/topics.h"

#include <fmt/core.h>

#include "base/log.h"
#include "broker/attributes.h"
#include "broker/handlers/paging.h"
#include "broker/handlers/saved.h"
#include "message/names.h"
#include "wire/bodies/registration.h"
#include "wire/bodies/topic_list.h"
#include "wire/requests/topics.h"

namespace agena::broker {
namespace {

Status check_not_system(std::string_view topic, const TopicDeps& deps) {
  if (!deps.options.validate_system_topic_when_update_topic || !deps.topics.is_system(topic)) {
    return ok();
  }
  return Error{Errc::invalid_parameter,
               fmt::format("The topic[{}] is conflict with system topic.", topic)};
}

// `config.attributes` holds changes: `+key` and `-key`.
Status check_change(const wire::TopicConfig& config, const TopicDeps& deps) {
  TRY_OK(message::check_topic(config.name));
  TRY_OK(check_not_system(config.name, deps));
  if (config.filter_type != "SINGLE_TAG" && config.filter_type != "MULTI_TAG") {
    return Error{Errc::system_error,
                 fmt::format("topicFilterType = [{}] value invalid", config.filter_type)};
  }
  auto type = config.attributes.find("+message.type");
  bool is_mixed = type != config.attributes.end() && type->second == "MIXED";
  if (is_mixed && !deps.options.enable_mixed_message_type) {
    return Error{Errc::invalid_parameter, "MIXED message type is not supported."};
  }
  return ok();
}

// Whether the topic is as asked already: then nothing is written and nobody told.
bool is_unchanged(const wire::TopicConfig& config, const TopicDeps& deps) {
  TopicRef current = deps.topics.find(config.name);
  return current != nullptr && *current == config;
}

void answer_when_known(const rpc::Responder& later, std::vector<ConfigFile*> files,
                       const TopicDeps& deps) {
  when_all_saved(std::move(files), [later, &registration = deps.registration](const Status& saved) {
    if (saved) {
      registration.when_told([later] { later.reply(0, {}); });
    } else {
      fail_unsaved(later, saved.error());
    }
  });
}

Status put_topics(rpc::Call& call, std::vector<wire::TopicConfig> configs, const TopicDeps& deps) {
  for (const auto& config : configs) TRY_OK(check_change(config, deps));
  bool changed = false;
  for (auto& config : configs) {
    if (is_unchanged(config, deps)) continue;
    AGENA_LOG(info, "broker", "{} sets topic {}: {} read and {} write queues, perm {}",
              call.connection().peer().text(), config.name, config.read_queues, config.write_queues,
              config.perm);
    TRY_OK(deps.topics.put(std::move(config)));
    changed = true;
  }
  if (changed) {
    answer_when_known(call.defer(), {&deps.topics.file()}, deps);
  } else {
    call.reply_ok();
  }
  return ok();
}

Status put_topic(rpc::Call& call, const wire::UpdateAndCreateTopic& request,
                 const TopicDeps& deps) {
  wire::TopicConfig config;
  config.name = request.topic;
  config.read_queues = request.read_queue_nums;
  config.write_queues = request.write_queue_nums;
  config.perm = request.perm;
  config.filter_type = request.topic_filter_type;
  config.sys_flag = request.topic_sys_flag.value_or(0);
  config.is_order = request.is_order;
  TRY_OK(check_change(config, deps));
  TRY(changes, parse_attribute_changes(request.attributes.value_or("")));
  config.attributes = std::move(changes);
  return put_topics(call, {std::move(config)}, deps);
}

Status put_list(rpc::Call& call, const TopicDeps& deps) {
  TRY(list, json::parse_json<wire::TopicConfigList>(as_text(call.body())));
  return put_topics(call, std::move(list.topics), deps);
}

Status all_topics(rpc::Call& call, const wire::GetAllTopicConfig& request, const TopicDeps& deps) {
  auto table = deps.topics.snapshot();
  wire::GetAllTopicConfigReply reply{.total_topic_num = static_cast<int32_t>(table.topics.size())};
  cut_to_page({request.topic_seq, request.data_version, request.max_topic_num}, table.data_version,
              table.topics);
  wire::RegisteredTopics body;
  body.data_version = table.data_version;
  body.topics = std::move(table.topics);
  call.reply_with(reply, as_bytes(json::to_json(body)));
  return ok();
}

Status topic_config(rpc::Call& call, const wire::GetTopicConfig& request, const TopicDeps& deps) {
  TopicRef topic = deps.topics.find(request.topic);
  if (!topic) {
    return Error{Errc::topic_not_exist,
                 fmt::format("No topic in this broker. topic: {}", request.topic)};
  }
  call.reply_body(json::to_json(*topic));
  return ok();
}

Status system_topics(rpc::Call& call, const TopicDeps& deps) {
  wire::TopicList body;
  for (auto name : message::system_topics()) body.topics.emplace(name);
  for (const auto& topic : deps.topics.all()) {
    if (deps.topics.is_system(topic->name)) body.topics.insert(topic->name);
  }
  call.reply_body(json::to_json(body));
  return ok();
}

// The topic, and the retry topics that pop consumers have of it.
std::vector<std::string> topics_to_delete(std::string_view topic, const TopicDeps& deps) {
  std::vector<std::string> out{std::string(topic)};
  for (const auto& group : deps.offsets.groups_of(topic)) {
    for (auto version : {message::PopRetryVersion::v2, message::PopRetryVersion::v1}) {
      auto retry = message::pop_retry_topic(topic, group, version);
      if (deps.topics.find(retry)) out.push_back(std::move(retry));
    }
  }
  return out;
}

Status remove_topic(const std::string& topic, const TopicDeps& deps) {
  if (!deps.topics.remove(topic)) {
    AGENA_LOG(warn, "broker", "topic {} is deleted, but there was none", topic);
  }
  deps.offsets.remove_topic(topic);
  deps.stats.forget_topic(topic);
  return deps.store.delete_topic(topic);
}

Status delete_topic(rpc::Call& call, const wire::DeleteTopicInBroker& request,
                    const TopicDeps& deps) {
  if (request.topic.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return Error{Errc::invalid_parameter, "The specified topic is blank."};
  }
  TRY_OK(check_not_system(request.topic, deps));
  AGENA_LOG(info, "broker", "{} deletes topic {}", call.connection().peer().text(), request.topic);
  deps.background.post([later = call.defer(), deps, topic = std::string(request.topic)] {
    for (const auto& each : topics_to_delete(topic, deps)) {
      if (Status removed = remove_topic(each, deps); !removed) {
        later.fail(removed.error());
        return;
      }
    }
    deps.offsets.save_if_changed();
    answer_when_known(later, {&deps.topics.file(), &deps.offsets.file()}, deps);
  });
  return ok();
}

}  // namespace

void add_topic_handlers(rpc::Router& router, const TopicDeps& deps) {
  router.on<wire::UpdateAndCreateTopic>(
      [deps](rpc::Call& call, const auto& request) { return put_topic(call, request, deps); });
  router.on<wire::UpdateAndCreateTopicList>(
      [deps](rpc::Call& call, const auto&) { return put_list(call, deps); });
  router.on<wire::GetAllTopicConfig>(
      [deps](rpc::Call& call, const auto& request) { return all_topics(call, request, deps); });
  router.on<wire::GetTopicConfig>(
      [deps](rpc::Call& call, const auto& request) { return topic_config(call, request, deps); });
  router.on<wire::GetSystemTopicListFromBroker>(
      [deps](rpc::Call& call, const auto&) { return system_topics(call, deps); });
  router.on<wire::DeleteTopicInBroker>(
      [deps](rpc::Call& call, const auto& request) { return delete_topic(call, request, deps); });
}

}  // namespace agena::broker
