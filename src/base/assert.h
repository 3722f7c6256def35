// Checks of what must be true if our own code is right. They stay on in release builds: a server
// that has lost its invariants stops before it writes or acknowledges anything more.
//
// Never for input: what comes from a socket, a file or an operator gets an Error instead.
#pragma once

namespace agena {
[[noreturn]] void assert_failed(const char* expression, const char* file, int line,
                                const char* why) noexcept;
}  // namespace agena

// `why` is optional prose for whoever reads the crash: ASSERT(a <= b, "readers never pass
// writers").
#define ASSERT(condition, ...)        \
  (__builtin_expect(!!(condition), 1) \
       ? static_cast<void>(0)         \
       : ::agena::assert_failed(#condition, __FILE__, __LINE__, "" __VA_ARGS__))
