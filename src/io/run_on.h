// Runs something on a loop's thread and waits for it: for starting and stopping, when what lives on
// a loop has to begin or end there.
//
// Over:    loop.h.  Under: the composition of servers.
// Threads: never on a loop that `loop` may wait for; on `loop` itself it just runs.
#pragma once
#include <functional>

#include "io/loop.h"

namespace agena::io {

// Returns when the loop has run `task`, and with it whatever was posted before.
void run_on(Loop& loop, const std::function<void()>& task);

}  // namespace agena::io
