#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>

namespace agena {
namespace {

std::atomic<LogLevel> g_least{LogLevel::info};

spdlog::logger& sink() {
  static auto logger = [] {
    auto made = spdlog::stderr_color_mt("agena");
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%-5l%$ %v");
    made->set_level(spdlog::level::debug);
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

void set_log_level(LogLevel least) noexcept {
  g_least.store(least, std::memory_order_relaxed);
}

bool log_enabled(LogLevel level) noexcept {
  return level >= g_least.load(std::memory_order_relaxed);
}

void log_line(LogLevel level, std::string_view module, std::string_view text) {
  sink().log(to_spdlog(level), "[{}] {}", module, text);
}

}  // namespace agena
