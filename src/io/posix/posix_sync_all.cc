// PosixFiles::sync_all(): syncfs(2), which reports write-back errors since Linux 5.8.
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "io/posix/posix_files.h"

namespace agena::io {

Status PosixFiles::sync_all(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return Error{errno == ENOENT ? Errc::not_found : Errc::io_error,
                 fmt::format("open {}: {}", path, std::generic_category().message(errno))};
  const int result = ::syncfs(fd);
  const int number = errno;
  ::close(fd);
  if (result == 0) return ok();
  return Error{Errc::io_error,
               fmt::format("syncfs {}: {}", path, std::generic_category().message(number))};
}

}  // namespace agena::io
