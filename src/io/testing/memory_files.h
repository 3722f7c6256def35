// For tests only: a disk in memory that tells what was written from what would survive a crash,
// and fails at the call that the test names.
//
// Over:    io/files.h.  Under: tests of everything that keeps files.
// Threads: any.
// Model:   sync() makes a file's bytes and size safe, sync_dir() the names made, moved and removed
//          in that directory. Directories themselves are safe when made or moved. A mapping writes
//          through to its file; two mappings of a file may not overlap unless they are equal.
// Crash:   what is not safe is lost, or a random part of it is kept: single sectors of 512 bytes,
//          one of the sizes, and the changes of names up to a random one. Files, mappings and locks
//          from before belong to the process that died: writing through them fails.
#pragma once
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/thread.h"
#include "io/files.h"

namespace agena::io {

enum class FileCall { open, read, write, sync, allocate, resize, rename, remove, sync_dir, map };
inline constexpr size_t kFileCalls = 10;

class MemoryFiles final : public Files {
 public:
  MemoryFiles();
  ~MemoryFiles() override;

  // Only what is safe survives; with a seed, also some of the rest. Forgets all faults.
  void crash(std::optional<uint64_t> seed = {});

  // The n-th such call from now (1: the next) fails, and with `forever` all after it. A failed
  // write has written its first half; what a failed sync should have saved is never saved.
  void fail(FileCall call, int64_t nth, Errc code, bool forever = false);
  // After `count` more calls that change something, every call fails as if the power had gone.
  void cut_power_after(int64_t count);
  void heal();  // Forgets all faults.
  int64_t calls(FileCall call) const;
  int64_t changes() const;  // Calls that change something, as cut_power_after() counts them.
  void set_space(Space space);

  Result<std::unique_ptr<File>> open(const std::string& path, Open mode) override;
  Status make_dirs(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& dir) override;
  bool exists(const std::string& path) override;
  bool is_dir(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status sync_dir(const std::string& path) override;
  Status sync_all(const std::string& path) override;
  Result<Space> space(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;

 private:
  struct Node;  // memory_node.h
  struct Region;
  class OpenFile;
  class OpenMapping;
  class HeldLock;
  using Names = std::map<std::string, std::shared_ptr<Node>>;
  struct NameChange {
    std::string removed, added;  // Either may be empty.
    std::shared_ptr<Node> node;
  };
  struct Fault {
    int64_t at = 0;  // Of calls_; 0: none.
    Errc code = Errc::io_error;
    bool forever = false;
  };

  Status count(FileCall call, const std::string& path, bool changes) REQUIRES(mutex_);
  void forget_faults() REQUIRES(mutex_);
  void rename_dir(const std::string& from, const std::string& to) REQUIRES(mutex_);
  static void apply(Names& names, const NameChange& change);

  mutable Mutex mutex_;
  Names names_ GUARDED_BY(mutex_);
  Names safe_names_ GUARDED_BY(mutex_);
  std::vector<NameChange> unsafe_ GUARDED_BY(mutex_);  // In order, since the directory's last sync.
  std::set<std::string> dirs_ GUARDED_BY(mutex_);
  std::set<std::string> locked_ GUARDED_BY(mutex_);
  std::array<int64_t, kFileCalls> calls_ GUARDED_BY(mutex_){};
  std::array<Fault, kFileCalls> faults_ GUARDED_BY(mutex_);
  int64_t changes_ GUARDED_BY(mutex_) = 0;
  int64_t power_until_ GUARDED_BY(mutex_);
  uint64_t life_ GUARDED_BY(mutex_) = 0;  // Crashes so far.
  Space space_ GUARDED_BY(mutex_){uint64_t{1} << 40, uint64_t{1} << 39};
};

}  // namespace agena::io
