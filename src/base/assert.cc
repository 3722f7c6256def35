#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace agena {

void assert_failed(const char* expression, const char* file, int line, const char* why) noexcept {
  std::fprintf(stderr, "agena: broken invariant at %s:%d: %s%s%s\n", file, line, expression,
               *why ? ": " : "", why);
  std::abort();
}

}  // namespace agena
