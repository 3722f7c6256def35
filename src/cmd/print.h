// What commands say: on standard output what was asked for, on standard error what goes with it.
//
// Over:    fmt.  Under: every command.
// Threads: the command's own.
// Errors:  none at each line: the reader may be gone or the disk full, and that must not end a
//          server. flush_output() says whether all of it got out; main() asks at the end.
#pragma once
#include <fmt/core.h>

#include <cerrno>
#include <cstdio>

#include "base/result.h"

namespace agena::cmd {

namespace detail {
inline int output_errno = 0;  // Of the first write that failed.
}

template <typename... Args>
void print(fmt::format_string<Args...> format, Args&&... args) {
  const std::string text = fmt::format(format, std::forward<Args>(args)...);
  const bool is_out = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!is_out && detail::output_errno == 0) detail::output_errno = errno;
}

template <typename... Args>
void print_note(fmt::format_string<Args...> format, Args&&... args) {
  std::fputs(fmt::format(format, std::forward<Args>(args)...).c_str(), stderr);
}

inline Status flush_output() {
  if (std::fflush(stdout) != 0 && detail::output_errno == 0) detail::output_errno = errno;
  if (detail::output_errno == 0) return ok();
  if (detail::output_errno == EPIPE) return Error{Errc::not_open, "nobody reads the output"};
  return Error{Errc::system_error, "the output cannot be written"};
}

}  // namespace agena::cmd
