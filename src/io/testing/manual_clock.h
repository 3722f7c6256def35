// For tests only: clocks that stand until the test moves them.
//
// Over:    io/clock.h.  Under: tests.
// Threads: any; a move is seen at once.
#pragma once
#include <atomic>

#include "io/clock.h"

namespace agena::io {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(UnixMillis wall = UnixMillis(1'700'000'000'000)) : wall_(wall.value) {}
  MonoNanos mono() const override { return MonoNanos(mono_); }
  UnixMillis wall() const override { return UnixMillis(wall_); }

  void advance_ms(int64_t ms) {
    mono_ += ms * kNanosPerMilli;
    wall_ += ms;
  }
  void advance_to(MonoNanos then) {
    wall_ += (then - mono()) / kNanosPerMilli;
    mono_ = then.value;
  }
  void set_mono(MonoNanos now) { mono_ = now.value; }
  void set_wall(UnixMillis now) { wall_ = now.value; }  // Wall clocks jump, also back.

 private:
  std::atomic<int64_t> mono_{kNanosPerSecond};
  std::atomic<int64_t> wall_;
};

}  // namespace agena::io
