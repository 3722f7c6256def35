// Runs something on a loop's thread and waits for it: for starting and stopping, when what lives on
// a loop has to begin or end there. And waits alone, for programs that have one thing to do.
//
// Over:    loop.h.  Under: the composition of servers, client/.
// Threads: never on a loop that `loop` may wait for; on `loop` itself it just runs.
#pragma once
#include <functional>

#include "io/loop.h"

namespace agena::io {

// Returns when the loop has run `task`, and with it whatever was posted before.
void run_on(Loop& loop, const std::function<void()>& task);

// Returns after that time. Never on `loop` itself.
void wait_on(Loop& loop, int64_t delay_ms);

}  // namespace agena::io
