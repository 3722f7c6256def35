#include "broker/handlers/config.h"

#include "base/log.h"
#include "base/thread.h"
#include "wire/bodies/data_version.h"
#include "wire/requests/admin.h"

namespace agena::broker {
namespace {

class Config {
 public:
  explicit Config(const ConfigDeps& deps) : deps_(deps) { version_.timestamp = deps.clock.wall(); }

  Status get(rpc::Call& call) const {
    auto version = json::to_json(this->version());
    auto text = properties_text(option_table().values_with_known(deps_.options));
    call.reply_with(wire::GetBrokerConfigReply{.version = version}, as_bytes(text));
    return ok();
  }

  Status update(const std::string& text) {
    TRY(properties, parse_properties(text));
    TRY(update, option_table().update(deps_.options, properties));
    for (const std::string& key : update.ignored) {
      AGENA_LOG(warn, "broker", "a configuration update names {}, which is no key", key);
    }
    for (const auto& [key, value] : update.applied) {
      AGENA_LOG(info, "broker", "{} is {} from now on", key, value);
      if (key == "brokerPermission") deps_.topics.touch();
    }
    if (!update.applied.empty()) advance();
    Status saved = save(update.applied);
    if (saved) return ok();
    return Error{saved.error().code, "in force, but not saved: " + saved.error().text};
  }

 private:
  wire::DataVersion version() const {
    MutexLock lock(mutex_);
    return version_;
  }
  void advance() {
    MutexLock lock(mutex_);
    version_.advance(deps_.clock.wall());
  }

  Status save(const KeyValues& changed) const {
    const std::string& path = deps_.options.broker_config_path;
    if (path.empty() || changed.empty()) return ok();
    std::string before;
    if (deps_.files.exists(path)) {
      TRY(text, io::read_text(deps_.files, path));
      before = std::move(text);
    } else if (size_t slash = path.rfind('/'); slash != std::string::npos && slash > 0) {
      TRY_OK(deps_.files.make_dirs(path.substr(0, slash)));
    }
    TRY(after, replace_properties(before, changed));
    return io::replace_text(deps_.files, path, after, true);
  }

  ConfigDeps deps_;
  mutable Mutex mutex_;
  wire::DataVersion version_ GUARDED_BY(mutex_);
};

}  // namespace

void add_config_handlers(rpc::Router& router, const ConfigDeps& deps) {
  auto config = std::make_shared<Config>(deps);
  router.on<wire::GetBrokerConfig>(
      [config](rpc::Call& call, const auto&) { return config->get(call); });
  router.on<wire::UpdateBrokerConfig>(
      [config, &background = deps.background](rpc::Call& call, const auto&) {
        AGENA_LOG(info, "broker", "{} updates the configuration", call.connection().peer().text());
        background.post([config, later = call.defer(), text = std::string(as_text(call.body()))] {
          Status done = config->update(text);
          if (done) {
            later.reply(0, {});
          } else {
            later.fail(done.error());
          }
        });
        return ok();
      });
}

}  // namespace agena::broker
