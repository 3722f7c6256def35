#include "broker/config_file.h"

#include <vector>

#include "base/log.h"
#include "base/thread.h"

namespace agena::broker {

struct ConfigFile::State {
  State(ConfigFileDeps d, std::string p, std::function<std::string()> e)
      : deps(d), path(std::move(p)), encode(std::move(e)) {}

  ConfigFileDeps deps;
  const std::string path;

  Mutex writing;  // Held while a save is on its way to the disk; taken before `mutex`.
  std::function<std::string()> encode GUARDED_BY(writing);  // Empty once the owner is gone.

  mutable Mutex mutex;
  bool scheduled GUARDED_BY(mutex) = false;
  std::vector<std::function<void(const Status&)>> waiting GUARDED_BY(mutex);
  uint64_t failures GUARDED_BY(mutex) = 0;

  Status save() {
    std::vector<std::function<void(const Status&)>> told;
    Status status;
    {
      MutexLock write_lock(writing);
      {
        MutexLock lock(mutex);
        scheduled = false;
        told.swap(waiting);
      }
      if (!encode) return ok();
      status = io::replace_text(deps.files, path, encode(), true);
      if (!status) {
        AGENA_LOG(error, "broker", "{} was not saved: {}", path, describe(status.error()));
        MutexLock lock(mutex);
        ++failures;
      }
      for (auto& one : told) one(status);
    }
    return status;
  }
};

ConfigFile::ConfigFile(ConfigFileDeps deps, std::string path, std::function<std::string()> encode)
    : state_(std::make_shared<State>(deps, std::move(path), std::move(encode))) {}

ConfigFile::~ConfigFile() {
  MutexLock write_lock(state_->writing);
  state_->encode = nullptr;
  MutexLock lock(state_->mutex);
  state_->waiting.clear();
}

Status ConfigFile::load(const std::function<Status(const std::string&)>& decode) {
  io::Files& files = state_->deps.files;
  std::optional<Error> first;
  for (const std::string& path : {state_->path, state_->path + ".bak"}) {
    if (!files.exists(path)) continue;
    auto text = io::read_text(files, path);
    Status decoded = !text           ? Status(text.error())
                     : text->empty() ? Status(Error{Errc::corrupt, path + " is empty"})
                                     : decode(*text);
    if (decoded) {
      if (first) AGENA_LOG(warn, "broker", "{}; {} was used instead", describe(*first), path);
      return ok();
    }
    if (!first) first = Error{Errc::corrupt, path + ": " + describe(decoded.error())};
  }
  if (first) return *first;
  return ok();
}

void ConfigFile::save_soon() {
  {
    MutexLock lock(state_->mutex);
    if (std::exchange(state_->scheduled, true)) return;
  }
  state_->deps.background.post([state = state_] {
    // save() logs and counts a failure and tells who waits.
    if (Status saved = state->save(); !saved) return;
  });
}

void ConfigFile::when_saved(std::function<void(const Status&)> done) {
  {
    MutexLock lock(state_->mutex);
    state_->waiting.push_back(std::move(done));
  }
  save_soon();
}

Status ConfigFile::save_now() {
  return state_->save();
}

uint64_t ConfigFile::failures() const {
  MutexLock lock(state_->mutex);
  return state_->failures;
}

}  // namespace agena::broker
