// The two clocks. Logic is given times as arguments; only this layer reads them.
//
// Over: nothing.  Under: everything that wires. Threads: any. A simulated clock implements the
// same.
#pragma once
#include "base/ids.h"

namespace agena::io {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonoNanos mono() const = 0;   // Never goes back; for time-outs and leases.
  virtual UnixMillis wall() const = 0;  // May jump; for what is stored and shown.
};

}  // namespace agena::io
