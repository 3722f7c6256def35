#include "namesrv/handlers/settings.h"

#include "base/log.h"
#include "wire/requests/namesrv.h"

namespace agena::namesrv {
namespace {

// Runs `work` on the background loop and answers with what it returns.
void in_background(rpc::Call& call, const SettingDeps& deps, std::function<Status()> work) {
  deps.background.post([later = call.defer(), work = std::move(work)] {
    const Status done = work();
    if (done) {
      later.reply(0, {});
    } else {
      later.fail(done.error());
    }
  });
}

Status put_key(rpc::Call& call, const wire::PutKvConfig& request, const SettingDeps& deps) {
  in_background(call, deps,
                [&kv = deps.kv, name_space = std::string(request.name_space),
                 key = std::string(request.key), value = std::string(request.value)] {
                  AGENA_LOG(info, "namesrv", "setting {}/{} becomes {}", name_space, key, value);
                  return kv.put(name_space, key, value);
                });
  return ok();
}

Status delete_key(rpc::Call& call, const wire::DeleteKvConfig& request, const SettingDeps& deps) {
  in_background(call, deps,
                [&kv = deps.kv, name_space = std::string(request.name_space),
                 key = std::string(request.key)] {
                  AGENA_LOG(info, "namesrv", "setting {}/{} is deleted", name_space, key);
                  return kv.erase(name_space, key);
                });
  return ok();
}

Status get_key(rpc::Call& call, const wire::GetKvConfig& request, const SettingDeps& deps) {
  const auto value = deps.kv.get(request.name_space, request.key);
  if (!value) {
    return Error{Errc::query_not_found,
                 "No config item, Namespace: " + std::string(request.name_space) +
                     " Key: " + std::string(request.key)};
  }
  call.reply_with(wire::GetKvConfigReply{.value = *value});
  return ok();
}

Status list_keys(rpc::Call& call, const wire::GetKvListByNamespace& request,
                 const SettingDeps& deps) {
  const auto table = deps.kv.list(request.name_space);
  if (!table) {
    return Error{Errc::query_not_found,
                 "No config item, Namespace: " + std::string(request.name_space)};
  }
  call.reply_body(json::to_json(*table));
  return ok();
}

// The file keeps its comments and order; only the lines of changed keys change.
Status save_options(const KeyValues& changed, const SettingDeps& deps) {
  const std::string& path = deps.options.config_store_path;
  if (path.empty() || changed.empty()) return ok();
  std::string before;
  if (deps.files.exists(path)) {
    TRY(text, io::read_text(deps.files, path));
    before = std::move(text);
  } else if (const size_t slash = path.rfind('/'); slash != std::string::npos && slash > 0) {
    TRY_OK(deps.files.make_dirs(path.substr(0, slash)));
  }
  TRY(after, replace_properties(before, changed));
  return io::replace_text(deps.files, path, after, true);
}

Status update_options(const std::string& text, const SettingDeps& deps) {
  TRY(properties, parse_properties(text));
  TRY(update, option_table().update(deps.options, properties));
  for (const auto& [key, value] : update.applied) {
    AGENA_LOG(info, "namesrv", "{} is {} from now on", key, value);
  }
  for (const std::string& key : update.ignored) {
    AGENA_LOG(warn, "namesrv", "a configuration update names {}, which is no key", key);
  }
  const Status saved = save_options(update.applied, deps);
  if (saved) return ok();
  return Error{saved.error().code, "in force, but not saved: " + saved.error().text};
}

Status update_config(rpc::Call& call, const SettingDeps& deps) {
  if (call.body().empty()) {
    call.reply_ok();
    return ok();
  }
  AGENA_LOG(info, "namesrv", "{} updates the configuration", call.connection().peer().text());
  in_background(call, deps, [deps, text = std::string(as_text(call.body()))] {
    return update_options(text, deps);
  });
  return ok();
}

Status get_config(rpc::Call& call, const SettingDeps& deps) {
  call.reply_body(properties_text(option_table().values_with_known(deps.options)));
  return ok();
}

}  // namespace

void add_setting_handlers(rpc::Router& router, const SettingDeps& deps) {
  router.on<wire::PutKvConfig>(
      [deps](rpc::Call& call, const auto& request) { return put_key(call, request, deps); });
  router.on<wire::DeleteKvConfig>(
      [deps](rpc::Call& call, const auto& request) { return delete_key(call, request, deps); });
  router.on<wire::GetKvConfig>(
      [deps](rpc::Call& call, const auto& request) { return get_key(call, request, deps); });
  router.on<wire::GetKvListByNamespace>(
      [deps](rpc::Call& call, const auto& request) { return list_keys(call, request, deps); });
  router.on<wire::UpdateNamesrvConfig>(
      [deps](rpc::Call& call, const auto&) { return update_config(call, deps); });
  router.on<wire::GetNamesrvConfig>(
      [deps](rpc::Call& call, const auto&) { return get_config(call, deps); });
}

}  // namespace agena::namesrv
