#include "broker/handlers/groups.h"

#include "base/log.h"
#include "broker/handlers/paging.h"
#include "broker/handlers/saved.h"
#include "message/names.h"
#include "wire/bodies/group_list.h"
#include "wire/bodies/topic_config.h"
#include "wire/requests/topics.h"

namespace agena::broker {
namespace {

// The bit of a group's forbidden word that stops it from reading a topic.
constexpr int32_t kForbiddenReadBit = 2;
static_assert(1 << kForbiddenReadBit == wire::kPermRead, "pulls check the bit by its value");

Status put_groups(rpc::Call& call, std::vector<wire::SubscriptionGroupConfig> configs,
                  const GroupDeps& deps) {
  for (const auto& config : configs) TRY_OK(message::check_group(config.group_name));
  for (auto& config : configs) {
    AGENA_LOG(info, "broker", "{} sets group {}", call.connection().peer().text(),
              config.group_name);
    TRY_OK(deps.groups.put(std::move(config)));
  }
  answer_when_saved(call, {&deps.groups.file()});
  return ok();
}

Status put_group(rpc::Call& call, const GroupDeps& deps) {
  if (call.body().empty()) {
    call.reply_ok();
    return ok();
  }
  TRY(config, json::parse_json<wire::SubscriptionGroupConfig>(as_text(call.body())));
  return put_groups(call, {std::move(config)}, deps);
}

Status put_list(rpc::Call& call, const GroupDeps& deps) {
  TRY(list, json::parse_json<wire::SubscriptionGroupList>(as_text(call.body())));
  return put_groups(call, std::move(list.groups), deps);
}

Status all_groups(rpc::Call& call, const wire::GetAllSubscriptionGroup& request,
                  const GroupDeps& deps) {
  auto table = deps.groups.snapshot();
  wire::GetAllSubscriptionGroupReply reply{.total_group_num =
                                               static_cast<int32_t>(table.groups.size())};
  PageRequest page{request.group_seq, request.data_version, request.max_group_num};
  cut_to_page(page, table.data_version, table.groups);
  if (!page.wants_all()) {
    std::erase_if(table.forbidden,
                  [&](const auto& entry) { return !table.groups.contains(entry.first); });
  }
  call.reply_with(reply, as_bytes(json::to_json(table)));
  return ok();
}

Status group_config(rpc::Call& call, const wire::GetSubscriptionGroupConfig& request,
                    const GroupDeps& deps) {
  GroupRef group = deps.groups.find_or_create(request.group);
  if (!group) return Error{Errc::subscription_group_not_exist, "No group in this broker"};
  call.reply_body(json::to_json(*group));
  return ok();
}

Status delete_group(rpc::Call& call, const wire::DeleteSubscriptionGroup& request,
                    const GroupDeps& deps) {
  AGENA_LOG(info, "broker", "{} deletes group {}{}", call.connection().peer().text(),
            request.group_name, request.clean_offset ? " and its offsets" : "");
  if (!deps.groups.remove(request.group_name)) {
    AGENA_LOG(warn, "broker", "group {} is deleted, but there was none", request.group_name);
  }
  deps.stats.forget_group(request.group_name);
  std::vector<ConfigFile*> changed{&deps.groups.file()};
  if (request.clean_offset) {
    deps.offsets.remove_group(request.group_name);
    deps.offsets.save_if_changed();
    changed.push_back(&deps.offsets.file());
  }
  answer_when_saved(call, std::move(changed));
  return ok();
}

Status forbid(rpc::Call& call, const wire::UpdateGroupForbidden& request, const GroupDeps& deps) {
  if (request.readable) {
    AGENA_LOG(info, "broker", "{} {} group {} to read topic {}", call.connection().peer().text(),
              *request.readable ? "allows" : "forbids", request.group, request.topic);
    deps.groups.set_forbidden(request.group, request.topic, kForbiddenReadBit, !*request.readable);
  }
  bool forbidden = (deps.groups.forbidden(request.group, request.topic) & wire::kPermRead) != 0;
  wire::GroupForbidden body{.group = std::string(request.group),
                            .readable = !forbidden,
                            .topic = std::string(request.topic)};
  if (request.readable) {
    answer_when_saved(call, {&deps.groups.file()}, json::to_json(body));
  } else {
    call.reply_body(json::to_json(body));
  }
  return ok();
}

}  // namespace

void add_group_handlers(rpc::Router& router, const GroupDeps& deps) {
  router.on<wire::UpdateAndCreateSubscriptionGroup>(
      [deps](rpc::Call& call, const auto&) { return put_group(call, deps); });
  router.on<wire::UpdateAndCreateSubscriptionGroupList>(
      [deps](rpc::Call& call, const auto&) { return put_list(call, deps); });
  router.on<wire::GetAllSubscriptionGroup>(
      [deps](rpc::Call& call, const auto& request) { return all_groups(call, request, deps); });
  router.on<wire::GetSubscriptionGroupConfig>(
      [deps](rpc::Call& call, const auto& request) { return group_config(call, request, deps); });
  router.on<wire::DeleteSubscriptionGroup>(
      [deps](rpc::Call& call, const auto& request) { return delete_group(call, request, deps); });
  router.on<wire::UpdateGroupForbidden>(
      [deps](rpc::Call& call, const auto& request) { return forbid(call, request, deps); });
}

}  // namespace agena::broker
