// The outside world as one value: clock, files, loops and randomness of this process.
//
// Over:     clock.h, files.h, loop.h.  Under: cmd/, which makes one and hands parts of it on.
// Lifetime: outlives everything that was given a part of it.
#pragma once
#include <memory>
#include <vector>

#include "io/clock.h"
#include "io/files.h"
#include "io/loop.h"

namespace agena::io {

class Env {
 public:
  virtual ~Env() = default;
  virtual Clock& clock() = 0;
  virtual Files& files() = 0;
  virtual std::vector<Loop*> loops() = 0;  // Connections live here. At least one.
  virtual Loop& background() = 0;          // Blocking work: flushes, large queries, file removal.
  virtual uint64_t random() = 0;           // Any thread.
  // From here on SIGINT and SIGTERM are stop(). Until then they end the process, as for any
  // program: only who has something to close asks for more.
  virtual void stop_on_signals() = 0;
  virtual void run_until_stopped() = 0;  // Runs the loops until stop().
  virtual void stop() = 0;               // Any thread.
};

// The real one: `loops` event loops and one background loop, each a thread.
std::unique_ptr<Env> make_posix_env(int loops);

// What the process uses now, for start-up lines and runtime info.
struct ProcessUsage {
  uint64_t resident_bytes = 0;
  int64_t cpu_ms = 0;
};
ProcessUsage process_usage();
int64_t process_id();
MonoNanos process_started();  // On the monotonic clock.

}  // namespace agena::io
