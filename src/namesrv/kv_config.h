// Texts by namespace and key that administrators keep at the name server, such as the queue order
// of topics (namespace ORDER_TOPIC_CONFIG).
//
// Over:    io/files.h (replace_text), wire/bodies/kv_table.h.  Under: handlers.
// Threads: get() and list() from any thread. put() and erase() write the file before they return:
//          from the background loop only, so that saves do not overtake each other.
// Errors:  what cannot be saved does not take effect. A file that cannot be read, with no good .bak
//          beside it, is an error: starting empty would lose it at the next save.
// Format:  kvConfig.json as the Java name server writes it: {"configTable":{ns:{key:value}}}.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/json_fields.h"
#include "base/result.h"
#include "base/thread.h"
#include "io/files.h"
#include "wire/bodies/kv_table.h"

namespace agena::namesrv {

inline constexpr std::string_view kOrderNamespace = "ORDER_TOPIC_CONFIG";

class KvConfig {
 public:
  KvConfig(io::Files& files, std::string path) : files_(files), path_(std::move(path)) {}

  Status load() EXCLUDES(mutex_);  // Once, before use. No file is an empty table.
  Status put(std::string_view name_space, std::string_view key, std::string_view value)
      EXCLUDES(mutex_);
  Status erase(std::string_view name_space, std::string_view key) EXCLUDES(mutex_);

  std::optional<std::string> get(std::string_view name_space, std::string_view key) const
      EXCLUDES(mutex_);
  // Nothing when the namespace was never used; emptied ones stay.
  std::optional<wire::KvTable> list(std::string_view name_space) const EXCLUDES(mutex_);

 private:
  struct File {
    std::map<std::string, std::map<std::string, std::string>> namespaces = {};
    static constexpr auto fields = std::tuple{field("configTable", &File::namespaces)};
  };
  Result<File> read(const std::string& path) const;
  Status change(const std::function<void(File&)>& edit) EXCLUDES(mutex_);

  io::Files& files_;
  const std::string path_;
  mutable Mutex mutex_;
  File file_ GUARDED_BY(mutex_);
};

}  // namespace agena::namesrv
