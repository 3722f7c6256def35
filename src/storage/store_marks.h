// The two small files that tell a store's state: `lock`, held while a process uses the store, and
// `abort`, there from the start until a clean stop.
//
// Over:     io/files.h.  Under: the store's open() and close(), recovery.h.
// Threads:  one at a time, while the store opens or closes.
// Errors:   Errc::illegal_operation when another process, ours or Java's, holds the store; those
//           of the files otherwise.
// Source:   Java 5.5.0: `lock` holds the text "lock", `abort` the process id in decimal.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "io/files.h"

namespace agena::storage {

// Makes the store's directory if need be. The lock lasts as long as the value.
Result<std::unique_ptr<io::FileLock>> lock_store(io::Files& files, const std::string& root_dir);

// How the last process left the store. `fresh`: nobody has ever used it.
enum class LastStop : uint8_t { fresh, clean, unclean };
// `log_dir` tells a fresh store from one that was stopped cleanly.
Result<LastStop> last_stop(io::Files& files, const std::string& root_dir,
                           const std::string& log_dir);

// Durable when they return: a crash right after the first leaves `abort`, a crash right after the
// second does not.
Status mark_running(io::Files& files, const std::string& root_dir, int64_t process_id);
Status mark_stopped(io::Files& files, const std::string& root_dir);
// The folders' own names and those of the files in them outlive a power cut, whoever made them.
Status sync_folders(io::Files& files, const std::string& root_dir, const std::string& log_dir);

}  // namespace agena::storage
