// The machine's clocks.
//
// Over: io/clock.h.  Under: posix_env.cc.  Threads: any.
#pragma once
#include "io/clock.h"

namespace agena::io {

class SystemClock final : public Clock {
 public:
  MonoNanos mono() const override;
  UnixMillis wall() const override;
};

}  // namespace agena::io
