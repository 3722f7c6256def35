#include "storage/store_marks.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/log.h"

namespace agena::storage {
namespace {

constexpr std::string_view kLockText = "lock";

std::string lock_path(const std::string& root_dir) {
  return root_dir + "/lock";
}
std::string abort_path(const std::string& root_dir) {
  return root_dir + "/abort";
}

}  // namespace

Result<std::unique_ptr<io::FileLock>> lock_store(io::Files& files, const std::string& root_dir) {
  TRY_OK(files.make_dirs(root_dir));
  const std::string path = lock_path(root_dir);
  // The text is for whoever looks; it has to be there before the lock is taken, because closing any
  // handle of a locked file gives the lock up.
  if (!files.exists(path)) {
    TRY(file, files.open(path, io::Open::create));
    TRY_OK(file->write_at(as_bytes(kLockText), 0));
  }
  auto lock = files.lock(path);
  if (!lock && lock.error().code == Errc::illegal_operation) {
    return Error{Errc::illegal_operation,
                 root_dir +
                     " is in use by another broker; stop that one, or choose another "
                     "storePathRootDir"};
  }
  return lock;
}

Result<LastStop> last_stop(io::Files& files, const std::string& root_dir,
                           const std::string& log_dir) {
  if (files.exists(abort_path(root_dir))) return LastStop::unclean;
  if (!files.exists(log_dir)) return LastStop::fresh;
  TRY(names, files.list(log_dir));
  return names.empty() ? LastStop::fresh : LastStop::clean;
}

Status mark_running(io::Files& files, const std::string& root_dir, int64_t process_id) {
  ASSERT(process_id > 0);
  const std::string text = std::to_string(process_id);
  TRY(file, files.open(abort_path(root_dir), io::Open::create));
  TRY_OK(file->resize(0));
  TRY_OK(file->write_at(as_bytes(text), 0));
  TRY_OK(file->sync());
  return files.sync_dir(root_dir);
}

Status mark_stopped(io::Files& files, const std::string& root_dir) {
  const std::string path = abort_path(root_dir);
  if (files.exists(path)) TRY_OK(files.remove(path));
  return files.sync_dir(root_dir);
}

Status sync_folders(io::Files& files, const std::string& root_dir, const std::string& log_dir) {
  TRY_OK(files.sync_dir(root_dir));
  TRY_OK(files.sync_dir(log_dir));
  for (const std::string& dir : {root_dir, log_dir}) {
    const size_t slash = dir.find_last_of('/');
    const std::string parent = slash == dir.npos ? "." : slash == 0 ? "/" : dir.substr(0, slash);
    // It may be somebody else's, and not for us to open.
    if (Status synced = files.sync_dir(parent); !synced) {
      AGENA_LOG(info, "storage", "the name of {} was not synced: {}", dir,
                describe(synced.error()));
    }
  }
  return ok();
}

}  // namespace agena::storage
