#include "io/posix/posix_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "base/thread.h"

namespace agena::io {
namespace {

Error error_of(const char* what, const std::string& path, int number) {
  Errc code = Errc::io_error;
  if (number == ENOSPC || number == EDQUOT) code = Errc::disk_full;
  if (number == ENOENT) code = Errc::not_found;
  return {code, fmt::format("{} {}: {}", what, path, std::strerror(number))};
}

template <typename Call>
auto retried(Call&& call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

class PosixMapping final : public Mapping {
 public:
  PosixMapping(void* at, size_t length, std::string path)
      : at_(at), length_(length), path_(std::move(path)) {}
  ~PosixMapping() override { ::munmap(at_, length_); }
  MutableBytes bytes() override { return {static_cast<std::byte*>(at_), length_}; }
  Status sync(size_t offset, size_t length) override {
    ASSERT(offset <= length_ && length <= length_ - offset);
    auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
    size_t start = offset / page * page;
    if (::msync(static_cast<std::byte*>(at_) + start, offset - start + length, MS_SYNC) == 0) {
      return ok();
    }
    return error_of("msync", path_, errno);
  }

 private:
  void* at_;
  size_t length_;
  std::string path_;
};

class PosixFile final : public File {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~PosixFile() override { ::close(fd_); }

  Result<size_t> read_at(MutableBytes into, uint64_t offset) const override {
    size_t done = 0;
    while (done < into.size()) {
      ssize_t n = retried([&] {
        return ::pread(fd_, into.data() + done, into.size() - done,
                       static_cast<off_t>(offset + done));
      });
      if (n < 0) return error_of("read", path_, errno);
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  }

  Status write_at(Bytes bytes, uint64_t offset) override {
    while (!bytes.empty()) {
      ssize_t n = retried(
          [&] { return ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
      if (n < 0) return error_of("write", path_, errno);
      if (n == 0) return Error{Errc::io_error, "write " + path_ + ": nothing was taken"};
      bytes = bytes.subspan(static_cast<size_t>(n));
      offset += static_cast<uint64_t>(n);
    }
    return ok();
  }

  Status sync() override {
    if (retried([&] { return ::fdatasync(fd_); }) == 0) return ok();
    return error_of("fdatasync", path_, errno);
  }

  Status allocate(uint64_t offset, uint64_t length) override {
    int result = retried([&] {
      return ::fallocate(fd_, 0, static_cast<off_t>(offset), static_cast<off_t>(length));
    });
    if (result == 0) return ok();
    if (errno != EOPNOTSUPP && errno != ENOSYS) return error_of("allocate", path_, errno);
    TRY(now, size());
    return now >= offset + length ? ok() : resize(offset + length);
  }

  Status resize(uint64_t size) override {
    if (retried([&] { return ::ftruncate(fd_, static_cast<off_t>(size)); }) == 0) return ok();
    return error_of("resize", path_, errno);
  }

  Result<uint64_t> size() const override {
    struct stat facts {};
    if (::fstat(fd_, &facts) != 0) return error_of("stat", path_, errno);
    return static_cast<uint64_t>(facts.st_size);
  }

  Result<uint64_t> data_from(uint64_t offset) const override {
    const off_t found = ::lseek(fd_, static_cast<off_t>(offset), SEEK_DATA);
    if (found >= 0) return static_cast<uint64_t>(found);
    if (errno == ENXIO) return size();
    return File::data_from(offset);
  }

  Result<std::unique_ptr<Mapping>> map(uint64_t offset, uint64_t length) override {
    void* at = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd_,
                      static_cast<off_t>(offset));
    if (at == MAP_FAILED) return error_of("map", path_, errno);
    // Index slots are touched at random: read-ahead would pull in megabytes for each.
    ::madvise(at, length, MADV_RANDOM);
    return std::unique_ptr<Mapping>(new PosixMapping(at, length, path_));
  }

  void write_back(uint64_t offset, uint64_t length) override {
    ::sync_file_range(fd_, static_cast<off_t>(offset), static_cast<off_t>(length),
                      SYNC_FILE_RANGE_WRITE);
  }

 private:
  const int fd_;
  const std::string path_;
};

// Record locks belong to the process, so a second lock in this process is refused here.
struct LockedInProcess {
  Mutex mutex;
  std::set<std::pair<dev_t, ino_t>> files GUARDED_BY(mutex);
};
LockedInProcess& locked_in_process() {
  static LockedInProcess all;
  return all;
}

class PosixLock final : public FileLock {
 public:
  PosixLock(int fd, std::pair<dev_t, ino_t> id) : fd_(fd), id_(id) {}
  ~PosixLock() override {
    ::close(fd_);  // Ends the record lock.
    auto& all = locked_in_process();
    MutexLock lock(all.mutex);
    all.files.erase(id_);
  }

 private:
  const int fd_;
  const std::pair<dev_t, ino_t> id_;
};

}  // namespace

Result<std::unique_ptr<File>> PosixFiles::open(const std::string& path, Open mode) {
  int flags = O_CLOEXEC;
  switch (mode) {
    case Open::read:
      flags |= O_RDONLY;
      break;
    case Open::write:
      flags |= O_RDWR;
      break;
    case Open::create:
      flags |= O_RDWR | O_CREAT;
      break;
  }
  int fd = retried([&] { return ::open(path.c_str(), flags, 0644); });
  if (fd < 0) return error_of("open", path, errno);
  return std::unique_ptr<File>(new PosixFile(fd, path));
}

Status PosixFiles::make_dirs(const std::string& path) {
  for (size_t at = path.find('/', 1);; at = path.find('/', at + 1)) {
    std::string part = path.substr(0, at);
    if (::mkdir(part.c_str(), 0755) != 0 && errno != EEXIST) {
      return error_of("make directory", part, errno);
    }
    if (at == std::string::npos) break;
  }
  return is_dir(path) ? ok() : Status(Error{Errc::io_error, path + " is not a directory"});
}

Result<std::vector<std::string>> PosixFiles::list(const std::string& dir) {
  DIR* handle = ::opendir(dir.c_str());
  if (handle == nullptr) return error_of("list", dir, errno);
  std::vector<std::string> out;
  int number = 0;
  for (;;) {
    errno = 0;  // readdir() tells its errors from the end only by errno.
    dirent* entry = ::readdir(handle);
    number = errno;
    if (entry == nullptr) break;
    std::string_view name = entry->d_name;
    if (name != "." && name != "..") out.emplace_back(name);
  }
  ::closedir(handle);
  if (number != 0) return error_of("list", dir, number);
  std::sort(out.begin(), out.end());
  return out;
}

bool PosixFiles::exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

bool PosixFiles::is_dir(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
}

Status PosixFiles::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return ok();
  return error_of("rename", from, errno);
}

Status PosixFiles::remove(const std::string& path) {
  int result = is_dir(path) ? ::rmdir(path.c_str()) : ::unlink(path.c_str());
  return result == 0 ? ok() : Status(error_of("remove", path, errno));
}

Status PosixFiles::sync_dir(const std::string& path) {
  int fd = retried([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (fd < 0) return error_of("open directory", path, errno);
  int result = retried([&] { return ::fsync(fd); });
  int number = errno;
  ::close(fd);
  return result == 0 ? ok() : Status(error_of("fsync", path, number));
}

Result<Space> PosixFiles::space(const std::string& path) {
  struct statvfs facts {};
  if (::statvfs(path.c_str(), &facts) != 0) return error_of("statvfs", path, errno);
  const uint64_t reserved = facts.f_bfree > facts.f_bavail ? facts.f_bfree - facts.f_bavail : 0;
  return Space{.total_bytes = facts.f_blocks * facts.f_frsize,
               .free_bytes = facts.f_bavail * facts.f_frsize,
               .reserved_bytes = reserved * facts.f_frsize};
}

Result<std::unique_ptr<FileLock>> PosixFiles::lock(const std::string& path) {
  auto& all = locked_in_process();
  MutexLock guard(all.mutex);
  // Closing any descriptor of a locked file would end the lock, so look before opening.
  struct stat facts {};
  if (::stat(path.c_str(), &facts) == 0 && all.files.contains({facts.st_dev, facts.st_ino})) {
    return Error{Errc::illegal_operation, path + " is locked by this process"};
  }
  int fd = retried([&] { return ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644); });
  if (fd < 0) return error_of("open", path, errno);
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(fd, F_SETLK, &whole) != 0 || ::fstat(fd, &facts) != 0) {
    int number = errno;
    ::close(fd);
    if (number == EACCES || number == EAGAIN) {
      return Error{Errc::illegal_operation, path + " is locked by another process"};
    }
    return error_of("lock", path, number);
  }
  std::pair<dev_t, ino_t> id{facts.st_dev, facts.st_ino};
  all.files.insert(id);
  return std::unique_ptr<FileLock>(new PosixLock(fd, id));
}

}  // namespace agena::io
