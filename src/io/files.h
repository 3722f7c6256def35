// Files and directories behind one seam, so that tests can lose writes, fill the disk or fail a
// flush at any call.
//
// Over:    base/.  Under: storage/, config files, lock and pid files.
// Threads: any; a File may be used by several threads at once, as pread and pwrite may.
// Errors:  Errc::io_error with path and errno text; Errc::disk_full for ENOSPC and EDQUOT;
//          Errc::not_found for ENOENT.
#pragma once
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace agena::io {

// A writable shared mapping of a file range; unmapped by the destructor.
class Mapping {
 public:
  virtual ~Mapping() = default;
  virtual MutableBytes bytes() = 0;
  virtual Status sync(size_t offset, size_t length) = 0;  // Back on the disk when it returns.
};

class File {
 public:
  virtual ~File() = default;  // Closes; does not flush to the disk.
  // Reads until `into` is full or the file ends; returns how much.
  virtual Result<size_t> read_at(MutableBytes into, uint64_t offset) const = 0;
  // All of `bytes`, or an error; after an error a prefix may have been written.
  virtual Status write_at(Bytes bytes, uint64_t offset) = 0;
  // Data (and size) are on the disk when it returns. After one failure never trust the file again.
  virtual Status sync() = 0;
  // Real blocks for the range, so that writing there cannot meet a full disk. Grows the file.
  virtual Status allocate(uint64_t offset, uint64_t length) = 0;
  virtual Status resize(uint64_t size) = 0;  // Sparse when it grows.
  virtual Result<uint64_t> size() const = 0;
  // The first offset, from `offset` on, where anything but zeros may be; the file's size when there
  // is nothing more. Cheap in a sparse file. What cannot tell says `offset`.
  virtual Result<uint64_t> data_from(uint64_t offset) const {
    TRY(end, size());
    return std::min(offset, end);
  }
  virtual Result<std::unique_ptr<Mapping>> map(uint64_t offset, uint64_t length) = 0;
  // Starts writing the range back without waiting, to bound dirty memory.
  virtual void write_back(uint64_t offset, uint64_t length) = 0;
};

enum class Open {
  read,    // Must exist.
  write,   // Read and write; must exist.
  create,  // Read and write; made when missing.
};

struct Space {
  uint64_t total_bytes = 0;
  uint64_t free_bytes = 0;      // For unprivileged writers.
  uint64_t reserved_bytes = 0;  // Free, too, but not for them.
  // As df and the Java broker count: what is reserved is neither used nor to be had.
  double used_ratio() const {
    const auto usable = double(total_bytes) - double(reserved_bytes);
    return usable <= 0 ? 0.0 : 1.0 - double(free_bytes) / usable;
  }
};

class FileLock {
 public:
  virtual ~FileLock() = default;  // Unlocks.
};

class Files {
 public:
  virtual ~Files() = default;
  virtual Result<std::unique_ptr<File>> open(const std::string& path, Open mode) = 0;
  virtual Status make_dirs(const std::string& path) = 0;                      // mkdir -p
  virtual Result<std::vector<std::string>> list(const std::string& dir) = 0;  // Names, sorted.
  virtual bool exists(const std::string& path) = 0;
  virtual bool is_dir(const std::string& path) = 0;
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status remove(const std::string& path) = 0;    // A file or an empty directory.
  virtual Status sync_dir(const std::string& path) = 0;  // Names made or removed are durable.
  // Everything written so far on the file system of `path`, names included: cheaper than thousands
  // of sync() calls. Errc::illegal_operation where there is no such thing.
  virtual Status sync_all(const std::string& path) { return Error{Errc::illegal_operation, path}; }
  virtual Result<Space> space(const std::string& path) = 0;
  // Exclusive among processes; Errc::illegal_operation when somebody holds it.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;
};

Result<std::string> read_text(Files& files, const std::string& path);
// New content or old, never a mix or an empty file, whenever the power goes: temporary file, flush,
// rename, flush of the directory. With `keep_old`, the old content stays as path + ".bak".
Status replace_text(Files& files, const std::string& path, std::string_view text,
                    bool keep_old = false);

}  // namespace agena::io
