// One of config/*.json: loaded at start, saved in the background after changes, several changes a
// save.
//
// Over:     io/files.h (replace_text).  Under: topic_table.h, group_table.h, offset_table.h.
// Threads:  any; saving happens on the background loop, where encode() is called.
// Lifetime: the loop outlives it; the destructor waits for nothing: call save_now() to be sure.
// Errors:   a file that exists but is empty or unreadable, with no good .bak beside it, is an
// error:
//           a broker that starts as if it were new would lose its topics.
// Format:   docs/formats/config_files.md; the old content stays as .bak, as Java keeps it.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "io/files.h"
#include "io/loop.h"

namespace agena::broker {

struct ConfigFileDeps {
  io::Files& files;
  io::Loop& background;
};

class ConfigFile {
 public:
  ConfigFile(ConfigFileDeps deps, std::string path, std::function<std::string()> encode);
  ~ConfigFile();

  // `decode` is tried on the file, then on its .bak. Nothing is loaded when neither exists.
  Status load(const std::function<Status(const std::string&)>& decode);
  void save_soon();
  // After the next save that contains everything changed before this call. `done` gets the save's
  // status, on the saving thread; it may not save again from there. It never comes once the
  // ConfigFile is gone.
  void when_saved(std::function<void(const Status&)> done);
  Status save_now();
  uint64_t failures() const;  // Saves that failed; each is logged.

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace agena::broker
