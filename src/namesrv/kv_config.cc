#include "namesrv/kv_config.h"

#include "base/log.h"

namespace agena::namesrv {

Result<KvConfig::File> KvConfig::read(const std::string& path) const {
  TRY(text, io::read_text(files_, path));
  return json::parse_json<File>(text);
}

Status KvConfig::load() {
  const std::string backup = path_ + ".bak";
  if (!files_.exists(path_) && !files_.exists(backup)) return ok();
  auto file = read(path_);
  if (!file) {
    auto old = read(backup);
    if (!old) return Error{file.error().code, path_ + ": " + file.error().text};
    AGENA_LOG(warn, "namesrv", "{} cannot be read ({}), going on with {}", path_,
              describe(file.error()), backup);
    file = std::move(old);
  }
  MutexLock lock(mutex_);
  file_ = std::move(file).value();
  return ok();
}

Status KvConfig::change(const std::function<void(File&)>& edit) {
  File changed;
  {
    MutexLock lock(mutex_);
    changed = file_;
  }
  edit(changed);
  if (const size_t slash = path_.rfind('/'); slash != std::string::npos && slash > 0) {
    TRY_OK(files_.make_dirs(path_.substr(0, slash)));
  }
  TRY_OK(io::replace_text(files_, path_, json::to_json(changed), true));
  MutexLock lock(mutex_);
  file_ = std::move(changed);
  return ok();
}

Status KvConfig::put(std::string_view name_space, std::string_view key, std::string_view value) {
  return change([&](File& file) {
    file.namespaces[std::string(name_space)].insert_or_assign(std::string(key), value);
  });
}

Status KvConfig::erase(std::string_view name_space, std::string_view key) {
  return change([&](File& file) {
    const auto found = file.namespaces.find(std::string(name_space));
    if (found != file.namespaces.end()) found->second.erase(std::string(key));
  });
}

std::optional<std::string> KvConfig::get(std::string_view name_space, std::string_view key) const {
  MutexLock lock(mutex_);
  const auto found = file_.namespaces.find(std::string(name_space));
  if (found == file_.namespaces.end()) return std::nullopt;
  const auto value = found->second.find(std::string(key));
  if (value == found->second.end()) return std::nullopt;
  return value->second;
}

std::optional<wire::KvTable> KvConfig::list(std::string_view name_space) const {
  MutexLock lock(mutex_);
  const auto found = file_.namespaces.find(std::string(name_space));
  if (found == file_.namespaces.end()) return std::nullopt;
  return wire::KvTable{.table = found->second};
}

}  // namespace agena::namesrv
