// Accepting connections on an AsioLoop.
//
// Over: asio_loop.h, asio_stream.h.  Under: asio_loop.cc.  Threads: the loop's; targets are other
// AsioLoops. Out of descriptors, it waits and leaves connections in the kernel's queue.
#pragma once
#include "io/posix/asio_loop.h"

namespace agena::io {

Result<std::unique_ptr<Listener>> start_asio_listener(AsioLoop& loop, const std::string& ip,
                                                      uint16_t port, std::vector<Loop*> targets,
                                                      Loop::OnAccept on_accept);

}  // namespace agena::io
