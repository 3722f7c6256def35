// Timers of an AsioLoop.
//
// Over: io/loop.h.  Under: asio_loop.cc.  Threads: the loop's.
// The task belongs to the pending wait, not to the timer: a task may own whatever owns its timer,
// and may destroy it while it runs; ending the loop drops the wait and with it the task.
#pragma once
#include <boost/asio/io_context.hpp>
#include <memory>

#include "io/loop.h"

namespace agena::io {

// `period_ns` 0: once. A period that was missed is skipped; the later ones keep their times.
std::unique_ptr<Timer> start_asio_timer(boost::asio::io_context& context, int64_t delay_ns,
                                        int64_t period_ns, Loop::Task task);

}  // namespace agena::io
