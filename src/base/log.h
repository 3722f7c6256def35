// Log lines on standard error, one module name each. spdlog does the work behind log.cc.
//
// Threads: any. Lines are written by the caller's thread; never log on the send or pull path.
// Use:     AGENA_LOG(info, "broker", "topic {} created with {} queues", topic, n);
#pragma once
#include <fmt/core.h>

#include <string>
#include <string_view>

namespace agena {

enum class LogLevel { debug, info, warn, error };

void set_log_level(LogLevel least) noexcept;
bool log_enabled(LogLevel level) noexcept;
void log_line(LogLevel level, std::string_view module, std::string_view text);

}  // namespace agena

#define AGENA_LOG(level, module, ...)                                                  \
  do {                                                                                 \
    if (::agena::log_enabled(::agena::LogLevel::level))                                \
      ::agena::log_line(::agena::LogLevel::level, module, ::fmt::format(__VA_ARGS__)); \
  } while (false)
