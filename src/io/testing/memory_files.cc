#include "io/testing/memory_files.h"

#include <algorithm>
#include <limits>
#include <random>
#include <unordered_map>
#include <utility>

#include "io/testing/memory_node.h"

namespace agena::io {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

// Without doubled and trailing slashes and leading "./".
std::string clean(const std::string& path) {
  std::string out;
  for (char c : path) {
    if (c != '/' || !out.ends_with('/')) out += c;
  }
  if (out.starts_with("./") && out.size() > 2) out.erase(0, 2);
  if (out.size() > 1 && out.ends_with('/')) out.pop_back();
  return out;
}

std::string parent_of(const std::string& path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool is_under(const std::string& path, const std::string& dir) {
  return path.size() > dir.size() && path.starts_with(dir) && path[dir.size()] == '/';
}

Error dead(const std::string& path) {
  return {Errc::io_error, path + ": opened before the crash"};
}

}  // namespace

class MemoryFiles::OpenFile final : public File {
 public:
  OpenFile(MemoryFiles& files, std::shared_ptr<Node> node, std::string path, uint64_t life,
           bool writable)
      : files_(files),
        node_(std::move(node)),
        path_(std::move(path)),
        life_(life),
        writable_(writable) {}

  Result<size_t> read_at(MutableBytes into, uint64_t offset) const override {
    MutexLock lock(files_.mutex_);
    TRY_OK(files_.count(FileCall::read, path_, false));
    return node_->read(into, offset);
  }
  Status write_at(Bytes bytes, uint64_t offset) override {
    MutexLock lock(files_.mutex_);
    TRY_OK(check_writable());
    bool was_dark = files_.changes_ > files_.power_until_;
    Status counted = files_.count(FileCall::write, path_, true);
    if (!counted && !was_dark) bytes = bytes.first(bytes.size() / 2);
    if (counted || !was_dark) node_->write(bytes, offset);
    return counted;
  }
  Status sync() override {
    MutexLock lock(files_.mutex_);
    TRY_OK(check_alive());
    Status counted = files_.count(FileCall::sync, path_, true);
    if (counted) {
      node_->make_safe();
    } else if (files_.changes_ <= files_.power_until_) {
      node_->lose();
    }
    return counted;
  }
  Status allocate(uint64_t offset, uint64_t length) override {
    MutexLock lock(files_.mutex_);
    TRY_OK(check_writable());
    TRY_OK(files_.count(FileCall::allocate, path_, true));
    if (node_->live.size() < offset + length) node_->resize(offset + length);
    return ok();
  }
  Status resize(uint64_t size) override {
    MutexLock lock(files_.mutex_);
    TRY_OK(check_writable());
    TRY_OK(files_.count(FileCall::resize, path_, true));
    node_->absorb(0, Node::kAll);
    node_->resize(size);
    return ok();
  }
  Result<uint64_t> size() const override {
    MutexLock lock(files_.mutex_);
    return node_->live.size();
  }
  Result<std::unique_ptr<Mapping>> map(uint64_t offset, uint64_t length) override;
  void write_back(uint64_t, uint64_t) override {}

 private:
  friend class OpenMapping;
  Status check_alive() const REQUIRES(files_.mutex_) {
    return life_ == files_.life_ ? ok() : Status(dead(path_));
  }
  Status check_writable() const REQUIRES(files_.mutex_) {
    if (!writable_) return Error{Errc::io_error, path_ + " is open for reading only"};
    return check_alive();
  }

  MemoryFiles& files_;
  const std::shared_ptr<Node> node_;
  const std::string path_;
  const uint64_t life_;
  const bool writable_;
};

class MemoryFiles::OpenMapping final : public Mapping {
 public:
  OpenMapping(const OpenFile& file, std::shared_ptr<Region> region)
      : files_(file.files_),
        node_(file.node_),
        region_(std::move(region)),
        path_(file.path_),
        life_(file.life_) {}
  ~OpenMapping() override {
    MutexLock lock(files_.mutex_);
    node_->absorb(region_->offset, region_->end());
    region_.reset();
  }
  MutableBytes bytes() override { return region_->bytes; }
  Status sync(size_t offset, size_t length) override {
    MutexLock lock(files_.mutex_);
    ASSERT(offset <= region_->bytes.size() && length <= region_->bytes.size() - offset);
    if (life_ != files_.life_) return dead(path_);
    TRY_OK(files_.count(FileCall::sync, path_, true));
    node_->make_safe(region_->offset + offset, region_->offset + offset + length);
    return ok();
  }

 private:
  MemoryFiles& files_;
  const std::shared_ptr<Node> node_;
  std::shared_ptr<Region> region_;
  const std::string path_;
  const uint64_t life_;
};

Result<std::unique_ptr<Mapping>> MemoryFiles::OpenFile::map(uint64_t offset, uint64_t length) {
  MutexLock lock(files_.mutex_);
  TRY_OK(check_writable());
  TRY_OK(files_.count(FileCall::map, path_, false));
  if (length == 0 || offset + length > node_->live.size()) {
    return Error{Errc::io_error, path_ + ": mapped beyond its end"};
  }
  auto region = node_->map(offset, length);
  if (!region) return Error{Errc::io_error, path_ + ": memory mappings may not overlap"};
  return std::unique_ptr<Mapping>(new OpenMapping(*this, std::move(region)));
}

class MemoryFiles::HeldLock final : public FileLock {
 public:
  HeldLock(MemoryFiles& files, std::string path, uint64_t life)
      : files_(files), path_(std::move(path)), life_(life) {}
  ~HeldLock() override {
    MutexLock lock(files_.mutex_);
    if (life_ == files_.life_) files_.locked_.erase(path_);
  }

 private:
  MemoryFiles& files_;
  const std::string path_;
  const uint64_t life_;
};

MemoryFiles::MemoryFiles() : dirs_{".", "/"}, power_until_(kNever) {}
MemoryFiles::~MemoryFiles() = default;

void MemoryFiles::crash(std::optional<uint64_t> seed) {
  MutexLock lock(mutex_);
  std::mt19937_64 random(seed.value_or(0));
  size_t kept = seed ? random() % (unsafe_.size() + 1) : 0;
  for (size_t i = 0; i < kept; ++i) apply(safe_names_, unsafe_[i]);
  unsafe_.clear();
  for (auto& [path, node] : safe_names_) node = node->after_crash(seed ? &random : nullptr);
  names_ = safe_names_;
  locked_.clear();
  ++life_;
  forget_faults();
}

void MemoryFiles::fail(FileCall call, int64_t nth, Errc code, bool forever) {
  ASSERT(nth > 0 && code != Errc::ok);
  MutexLock lock(mutex_);
  auto index = static_cast<size_t>(call);
  faults_[index] = {calls_[index] + nth, code, forever};
}

void MemoryFiles::cut_power_after(int64_t count) {
  MutexLock lock(mutex_);
  power_until_ = changes_ + count;
}

void MemoryFiles::heal() {
  MutexLock lock(mutex_);
  forget_faults();
}

void MemoryFiles::forget_faults() {
  faults_ = {};
  power_until_ = kNever;
}

int64_t MemoryFiles::calls(FileCall call) const {
  MutexLock lock(mutex_);
  return calls_[static_cast<size_t>(call)];
}

int64_t MemoryFiles::changes() const {
  MutexLock lock(mutex_);
  return changes_;
}

void MemoryFiles::set_space(Space space) {
  MutexLock lock(mutex_);
  space_ = space;
}

Status MemoryFiles::count(FileCall call, const std::string& path, bool changes) {
  auto index = static_cast<size_t>(call);
  int64_t number = ++calls_[index];
  if (changes && changes_ <= power_until_) ++changes_;
  if (changes_ > power_until_) return Error{Errc::io_error, path + ": the power is gone"};
  const Fault& fault = faults_[index];
  if (fault.at == 0 || number < fault.at || (number > fault.at && !fault.forever)) return ok();
  return Error{fault.code, path + ": the test made this call fail"};
}

void MemoryFiles::apply(Names& names, const NameChange& change) {
  if (!change.removed.empty()) names.erase(change.removed);
  if (!change.added.empty()) names[change.added] = change.node;
}

Result<std::unique_ptr<File>> MemoryFiles::open(const std::string& dirty, Open mode) {
  std::string path = clean(dirty);
  MutexLock lock(mutex_);
  auto at = names_.find(path);
  bool makes = at == names_.end() && mode == Open::create && !dirs_.contains(path);
  TRY_OK(count(FileCall::open, path, makes));
  if (dirs_.contains(path)) return Error{Errc::io_error, path + " is a directory"};
  if (makes && !dirs_.contains(parent_of(path))) return Error{Errc::not_found, parent_of(path)};
  if (makes) {
    NameChange made{"", path, std::make_shared<Node>()};
    apply(names_, made);
    unsafe_.push_back(made);
    at = names_.find(path);
  }
  if (at == names_.end()) return Error{Errc::not_found, path};
  return std::unique_ptr<File>(new OpenFile(*this, at->second, path, life_, mode != Open::read));
}

Status MemoryFiles::make_dirs(const std::string& dirty) {
  MutexLock lock(mutex_);
  for (std::string path = clean(dirty); !dirs_.contains(path); path = parent_of(path)) {
    if (names_.contains(path)) return Error{Errc::io_error, path + " is not a directory"};
    dirs_.insert(path);
  }
  return ok();
}

Result<std::vector<std::string>> MemoryFiles::list(const std::string& dirty) {
  std::string dir = clean(dirty);
  MutexLock lock(mutex_);
  if (!dirs_.contains(dir)) return Error{Errc::not_found, dir};
  std::vector<std::string> out;
  auto add = [&](const std::string& path) {
    if (path == dir || path == "." || path == "/" || parent_of(path) != dir) return;
    out.push_back(path.substr(path.rfind('/') + 1));
  };
  for (auto& [path, node] : names_) add(path);
  for (auto& path : dirs_) add(path);
  std::sort(out.begin(), out.end());
  return out;
}

bool MemoryFiles::exists(const std::string& dirty) {
  std::string path = clean(dirty);
  MutexLock lock(mutex_);
  return names_.contains(path) || dirs_.contains(path);
}

bool MemoryFiles::is_dir(const std::string& dirty) {
  MutexLock lock(mutex_);
  return dirs_.contains(clean(dirty));
}

Status MemoryFiles::rename(const std::string& dirty_from, const std::string& dirty_to) {
  std::string from = clean(dirty_from), to = clean(dirty_to);
  MutexLock lock(mutex_);
  TRY_OK(count(FileCall::rename, from, true));
  if (!dirs_.contains(parent_of(to))) return Error{Errc::not_found, parent_of(to)};
  if (dirs_.contains(from)) {
    rename_dir(from, to);
    return ok();
  }
  auto at = names_.find(from);
  if (at == names_.end()) return Error{Errc::not_found, from};
  if (dirs_.contains(to)) return Error{Errc::io_error, to + " is a directory"};
  if (from == to) return ok();
  NameChange moved{from, to, at->second};
  apply(names_, moved);
  unsafe_.push_back(moved);
  return ok();
}

void MemoryFiles::rename_dir(const std::string& from, const std::string& to) {
  auto move = [&](const std::string& path) {
    return path == from || is_under(path, from) ? to + path.substr(from.size()) : path;
  };
  for (Names* names : {&names_, &safe_names_}) {
    Names moved;
    for (auto& [path, node] : *names) moved[move(path)] = node;
    *names = std::move(moved);
  }
  std::set<std::string> dirs;
  for (auto& path : dirs_) dirs.insert(move(path));
  dirs_ = std::move(dirs);
  for (NameChange& change : unsafe_) {
    change.removed = move(change.removed);
    change.added = move(change.added);
  }
}

Status MemoryFiles::remove(const std::string& dirty) {
  std::string path = clean(dirty);
  MutexLock lock(mutex_);
  TRY_OK(count(FileCall::remove, path, true));
  auto is_inside = [&](const std::string& other) { return is_under(other, path); };
  if (dirs_.contains(path)) {
    bool is_empty =
        std::none_of(dirs_.begin(), dirs_.end(), is_inside) &&
        std::none_of(names_.begin(), names_.end(), [&](auto& e) { return is_inside(e.first); });
    if (!is_empty) return Error{Errc::io_error, path + " is not empty"};
    dirs_.erase(path);
    return ok();
  }
  if (!names_.contains(path)) return Error{Errc::not_found, path};
  NameChange gone{path, "", nullptr};
  apply(names_, gone);
  unsafe_.push_back(gone);
  return ok();
}

Status MemoryFiles::sync_dir(const std::string& dirty) {
  std::string dir = clean(dirty);
  MutexLock lock(mutex_);
  TRY_OK(count(FileCall::sync_dir, dir, true));
  if (!dirs_.contains(dir)) return Error{Errc::not_found, dir};
  std::erase_if(unsafe_, [&](const NameChange& change) NO_THREAD_SAFETY_ANALYSIS {
    bool here = (!change.removed.empty() && parent_of(change.removed) == dir) ||
                (!change.added.empty() && parent_of(change.added) == dir);
    if (here) apply(safe_names_, change);
    return here;
  });
  return ok();
}

Status MemoryFiles::sync_all(const std::string& path) {
  MutexLock lock(mutex_);
  TRY_OK(count(FileCall::sync, path, true));
  for (const NameChange& change : unsafe_) apply(safe_names_, change);
  unsafe_.clear();
  for (auto& [name, node] : names_) node->make_safe();
  return ok();
}

Result<Space> MemoryFiles::space(const std::string&) {
  MutexLock lock(mutex_);
  return space_;
}

Result<std::unique_ptr<FileLock>> MemoryFiles::lock(const std::string& dirty) {
  std::string path = clean(dirty);
  TRY_OK(open(path, Open::create));
  MutexLock guard(mutex_);
  if (!locked_.insert(path).second) {
    return Error{Errc::illegal_operation, path + " is locked"};
  }
  return std::unique_ptr<FileLock>(new HeldLock(*this, path, life_));
}

}  // namespace agena::io
