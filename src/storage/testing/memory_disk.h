// For tests only: a disk in memory that knows what a flush has made safe, so that a test can cut
// the power, kill the process, fill the disk or break it at any call.
//
// Over:    io/files.h.  Under: tests of storage/.
// Threads: any.
// Model:   every file has a content, and the content of its last sync(); names are safe once
//          their directory was flushed. after_kill() keeps all, as the kernel does when a process
//          ends, and what was not safe is not yet. after_power_cut() keeps what is safe, and of the
//          writes since then those that `keep` says; directories themselves are always safe.
#pragma once
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/thread.h"
#include "io/files.h"

namespace agena::storage::testing {

class MemoryDisk final : public io::Files {
 public:
  enum class Call { open, write, sync, allocate, resize, rename, remove, sync_dir };
  // Asked before every call that changes something; an error is what the call returns.
  std::function<Status(Call, const std::string& path)> fault;
  // Asked before every read; an error is what it returns.
  std::function<Status(const std::string& path, uint64_t offset, uint64_t length)> read_fault;
  io::Space space_now{1 << 30, 1 << 29, 0};
  // What was read of files whose path begins so, since the disk was made.
  uint64_t bytes_read(const std::string& prefix) const {
    MutexLock lock(mutex_);
    uint64_t sum = 0;
    for (const auto& [path, bytes] : reads_) sum += path.starts_with(prefix) ? bytes : 0;
    return sum;
  }

  std::unique_ptr<MemoryDisk> after_kill() const NO_THREAD_SAFETY_ANALYSIS {
    auto copy = std::make_unique<MemoryDisk>();
    MutexLock lock(mutex_);
    copy->dirs_ = dirs_;
    std::map<std::shared_ptr<Node>, std::shared_ptr<Node>> twins;
    for (const auto* names : {&names_, &safe_names_})
      for (const auto& [path, node] : *names)
        if (auto& twin = twins[node]; !twin) twin = std::make_shared<Node>(*node);
    for (const auto& [path, node] : names_) copy->names_[path] = twins[node];
    for (const auto& [path, node] : safe_names_) copy->safe_names_[path] = twins[node];
    return copy;
  }

  // `keep(path, write number since the last sync)`: whether that write reached the disk anyway.
  using Keep = std::function<bool(const std::string& path, size_t write)>;
  std::unique_ptr<MemoryDisk> after_power_cut(const Keep& keep = {}) const
      NO_THREAD_SAFETY_ANALYSIS {  // The copy is nobody else's yet.
    auto copy = std::make_unique<MemoryDisk>();
    MutexLock lock(mutex_);
    copy->dirs_ = dirs_;
    for (const auto& [path, node] : safe_names_) {
      auto twin = std::make_shared<Node>();
      twin->now = node->safe;
      for (size_t i = 0; keep && i < node->unsafe.size(); ++i) {
        const Write& write = node->unsafe[i];
        if (!keep(path, i)) continue;
        if (twin->now.size() < write.offset + write.bytes.size())
          twin->now.resize(write.offset + write.bytes.size());
        std::copy(write.bytes.begin(), write.bytes.end(),
                  twin->now.begin() + static_cast<ptrdiff_t>(write.offset));
      }
      twin->safe = twin->now;
      copy->names_[path] = copy->safe_names_[path] = twin;
    }
    return copy;
  }

  std::vector<std::string> paths() const {
    MutexLock lock(mutex_);
    std::vector<std::string> all;
    for (const auto& [path, node] : names_) all.push_back(path);
    return all;
  }
  std::vector<std::byte> content(const std::string& path) const {
    MutexLock lock(mutex_);
    auto found = names_.find(path);
    return found == names_.end() ? std::vector<std::byte>() : found->second->now;
  }
  void set_content(const std::string& path, std::vector<std::byte> bytes) {
    MutexLock lock(mutex_);
    add_dirs(parent_of(path));
    auto node = std::make_shared<Node>();
    node->now = node->safe = std::move(bytes);
    names_[path] = safe_names_[path] = node;
  }
  void remove_under(const std::string& prefix) {
    MutexLock lock(mutex_);
    auto is_under = [&](const auto& entry) { return entry.first.starts_with(prefix); };
    std::erase_if(names_, is_under);
    std::erase_if(safe_names_, is_under);
    std::erase_if(dirs_, [&](const std::string& dir) { return dir.starts_with(prefix); });
  }

  Result<std::unique_ptr<io::File>> open(const std::string& path, io::Open mode) override {
    TRY_OK(ask(Call::open, path));
    MutexLock lock(mutex_);
    auto found = names_.find(path);
    if (found == names_.end()) {
      if (mode != io::Open::create) return Error{Errc::not_found, path};
      if (dirs_.count(parent_of(path)) == 0) return Error{Errc::not_found, parent_of(path)};
      found = names_.emplace(path, std::make_shared<Node>()).first;
    }
    return std::unique_ptr<io::File>(new DiskFile(*this, path, found->second));
  }
  Status make_dirs(const std::string& path) override {
    MutexLock lock(mutex_);
    add_dirs(path);
    return ok();
  }
  Result<std::vector<std::string>> list(const std::string& dir) override {
    MutexLock lock(mutex_);
    if (dirs_.count(dir) == 0) return Error{Errc::not_found, dir};
    std::set<std::string> found;
    const std::string prefix = dir + "/";
    auto add = [&](const std::string& path) {
      if (path.starts_with(prefix))
        found.insert(path.substr(prefix.size(), path.find('/', prefix.size()) - prefix.size()));
    };
    for (auto at = names_.lower_bound(prefix); at != names_.end(); ++at) {
      if (!at->first.starts_with(prefix)) break;
      add(at->first);
    }
    for (auto at = dirs_.lower_bound(prefix); at != dirs_.end(); ++at) {
      if (!at->starts_with(prefix)) break;
      add(*at);
    }
    return std::vector<std::string>(found.begin(), found.end());
  }
  bool exists(const std::string& path) override {
    MutexLock lock(mutex_);
    return names_.count(path) > 0 || dirs_.count(path) > 0;
  }
  bool is_dir(const std::string& path) override {
    MutexLock lock(mutex_);
    return dirs_.count(path) > 0;
  }
  Status rename(const std::string& from, const std::string& to) override {
    TRY_OK(ask(Call::rename, to));
    MutexLock lock(mutex_);
    if (dirs_.count(from) > 0) {
      move_dir(from, to);
      return ok();
    }
    auto moved = names_.extract(from);
    if (moved.empty()) return Error{Errc::not_found, from};
    names_[to] = std::move(moved.mapped());
    return ok();
  }
  Status remove(const std::string& path) override {
    TRY_OK(ask(Call::remove, path));
    MutexLock lock(mutex_);
    if (names_.erase(path) > 0 || dirs_.erase(path) > 0) return ok();
    return Error{Errc::not_found, path};
  }
  Status sync_dir(const std::string& path) override {
    TRY_OK(ask(Call::sync_dir, path));
    MutexLock lock(mutex_);
    if (dirs_.count(path) == 0) return Error{Errc::not_found, path};
    std::erase_if(safe_names_, [&](const auto& e) { return parent_of(e.first) == path; });
    for (const auto& [name, node] : names_)
      if (parent_of(name) == path) safe_names_[name] = node;
    return ok();
  }
  Status sync_all(const std::string& path) override {
    TRY_OK(ask(Call::sync, path));
    MutexLock lock(mutex_);
    safe_names_ = names_;
    for (const auto& [name, node] : names_) {
      node->safe = node->now;
      node->unsafe.clear();
    }
    return ok();
  }
  Result<io::Space> space(const std::string&) override { return space_now; }
  Result<std::unique_ptr<io::FileLock>> lock(const std::string&) override {
    return std::make_unique<io::FileLock>();
  }

 private:
  struct Write {
    uint64_t offset;
    std::vector<std::byte> bytes;
  };
  struct Node {
    std::vector<std::byte> now, safe;
    std::vector<Write> unsafe;  // Since the last sync.
  };

  class DiskMapping final : public io::Mapping {
   public:
    DiskMapping(MemoryDisk& disk, std::shared_ptr<Node> node, uint64_t offset, uint64_t length)
        : disk_(disk), node_(std::move(node)), offset_(offset), length_(length) {}
    MutableBytes bytes() override { return {node_->now.data() + offset_, length_}; }
    Status sync(size_t, size_t) override {
      MutexLock lock(disk_.mutex_);
      node_->safe = node_->now;
      node_->unsafe.clear();
      return ok();
    }

   private:
    MemoryDisk& disk_;
    std::shared_ptr<Node> node_;
    uint64_t offset_, length_;
  };

  class DiskFile final : public io::File {
   public:
    DiskFile(MemoryDisk& disk, std::string path, std::shared_ptr<Node> node)
        : disk_(disk), path_(std::move(path)), node_(std::move(node)) {}
    Result<size_t> read_at(MutableBytes into, uint64_t offset) const override {
      if (disk_.read_fault) TRY_OK(disk_.read_fault(path_, offset, into.size()));
      MutexLock lock(disk_.mutex_);
      if (offset >= node_->now.size()) return size_t{0};
      const size_t count = std::min<size_t>(into.size(), node_->now.size() - offset);
      std::copy_n(node_->now.begin() + static_cast<ptrdiff_t>(offset), count, into.begin());
      disk_.reads_[path_] += count;
      return count;
    }
    Status write_at(Bytes bytes, uint64_t offset) override {
      TRY_OK(disk_.ask(Call::write, path_));
      MutexLock lock(disk_.mutex_);
      if (node_->now.size() < offset + bytes.size()) node_->now.resize(offset + bytes.size());
      std::copy(bytes.begin(), bytes.end(), node_->now.begin() + static_cast<ptrdiff_t>(offset));
      node_->unsafe.push_back({offset, {bytes.begin(), bytes.end()}});
      return ok();
    }
    Status sync() override {
      TRY_OK(disk_.ask(Call::sync, path_));
      MutexLock lock(disk_.mutex_);
      node_->safe = node_->now;
      node_->unsafe.clear();
      return ok();
    }
    Status allocate(uint64_t offset, uint64_t length) override {
      TRY_OK(disk_.ask(Call::allocate, path_));
      MutexLock lock(disk_.mutex_);
      if (node_->now.size() < offset + length) node_->now.resize(offset + length);
      return ok();
    }
    Status resize(uint64_t size) override {
      TRY_OK(disk_.ask(Call::resize, path_));
      MutexLock lock(disk_.mutex_);
      node_->now.resize(size);
      return ok();
    }
    Result<uint64_t> size() const override {
      MutexLock lock(disk_.mutex_);
      return uint64_t{node_->now.size()};
    }
    Result<uint64_t> data_from(uint64_t offset) const override {
      MutexLock lock(disk_.mutex_);
      const auto& all = node_->now;
      auto at = all.begin() + static_cast<ptrdiff_t>(std::min<size_t>(offset, all.size()));
      while (at != all.end() && *at == std::byte()) ++at;
      return static_cast<uint64_t>(at - all.begin());
    }
    Result<std::unique_ptr<io::Mapping>> map(uint64_t offset, uint64_t length) override {
      MutexLock lock(disk_.mutex_);
      if (node_->now.size() < offset + length) return Error{Errc::io_error, path_};
      return std::unique_ptr<io::Mapping>(new DiskMapping(disk_, node_, offset, length));
    }
    void write_back(uint64_t, uint64_t) override {}

   private:
    MemoryDisk& disk_;
    const std::string path_;
    std::shared_ptr<Node> node_;
  };

  Status ask(Call call, const std::string& path) { return fault ? fault(call, path) : ok(); }
  static std::string parent_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
  }
  void add_dirs(const std::string& path) REQUIRES(mutex_) {
    for (std::string dir = path; !dir.empty(); dir = parent_of(dir)) dirs_.insert(dir);
  }
  void move_dir(const std::string& from, const std::string& to) REQUIRES(mutex_) {
    auto moved = [&](const std::string& path) { return to + path.substr(from.size()); };
    auto is_inside = [&](const std::string& p) { return p == from || p.starts_with(from + "/"); };
    for (auto* names : {&names_, &safe_names_}) {
      std::map<std::string, std::shared_ptr<Node>> kept;
      for (auto& [path, node] : *names) kept[is_inside(path) ? moved(path) : path] = node;
      names->swap(kept);
    }
    std::set<std::string> dirs;
    for (const std::string& dir : dirs_) dirs.insert(is_inside(dir) ? moved(dir) : dir);
    dirs_.swap(dirs);
  }

  mutable Mutex mutex_;
  std::map<std::string, std::shared_ptr<Node>> names_ GUARDED_BY(mutex_);
  std::map<std::string, std::shared_ptr<Node>> safe_names_ GUARDED_BY(mutex_);
  std::set<std::string> dirs_ GUARDED_BY(mutex_);
  std::map<std::string, uint64_t> reads_ GUARDED_BY(mutex_);
};

}  // namespace agena::storage::testing
