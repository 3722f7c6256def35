#include "io/posix/system_clock.h"

#include <ctime>

namespace agena::io {

MonoNanos SystemClock::mono() const {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return MonoNanos(now.tv_sec * kNanosPerSecond + now.tv_nsec);
}

UnixMillis SystemClock::wall() const {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return UnixMillis(now.tv_sec * 1000 + now.tv_nsec / kNanosPerMilli);
}

}  // namespace agena::io
