// Listening ports and the connections that came in through them.
//
// Over:     connection.h, router.h.  Under: namesrv, broker (wired in cmd/).
// Threads:  start() and stop() from the thread that owns the server; the rest is its own.
// Lifetime: router, watcher and env outlive it. stop() (or the destructor) returns once every
//           connection is closed.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "io/env.h"
#include "rpc/connection.h"

namespace agena::rpc {

struct ServerOptions {
  std::string bind_ip = "127.0.0.1";
  std::vector<uint16_t> ports;  // All serve the same requests.
  Limits limits;
};

class Server {
 public:
  static Result<std::unique_ptr<Server>> start(io::Env& env, const Router& router,
                                               ConnectionWatcher* watcher, ServerOptions options);
  ~Server();

  // No new connections or requests; what was taken is answered (waits up to `drain_ms` for it), and
  // every answer is sent before its connection closes.
  void stop(int64_t drain_ms = 3000);
  size_t connections() const;

 private:
  struct Shared;
  explicit Server(std::shared_ptr<Shared> shared);
  std::shared_ptr<Shared> shared_;
};

}  // namespace agena::rpc
