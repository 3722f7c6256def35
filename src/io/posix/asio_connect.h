// Outgoing connections of an AsioLoop.
//
// Over: asio_loop.h, asio_stream.h.  Under: asio_loop.cc.  Threads: the loop's.
// Errors: Errc::timed_out, or Errc::unreachable with the address and the system's text.
#pragma once
#include "io/posix/asio_loop.h"

namespace agena::io {

// Calls `on_connect` once, from the loop and never from here. Names are resolved beside the loop.
void start_asio_connect(AsioLoop& loop, const std::string& host, uint16_t port, int64_t timeout_ms,
                        Loop::OnConnect on_connect);

}  // namespace agena::io
