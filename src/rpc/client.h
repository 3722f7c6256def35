// Connections that we open: one an address, made when first needed and kept.
//
// Over:     connection.h.  Under: broker (registration), client/, bench/, command line.
// Threads:  any; the work happens on the loop given. Callbacks come on that loop.
// Lifetime: the loop outlives it. After close() (or the destructor) no callback comes any more
//           except for requests that fail in close() itself.
// Errors:   Errc::unreachable when no connection can be made, Errc::timed_out without an answer.
#pragma once
#include <memory>
#include <string>

#include "rpc/connection.h"

namespace agena::rpc {

struct ClientOptions {
  int64_t connect_timeout_ms = 3000;
  const Router* router = nullptr;  // For requests that the peer pushes.
  Limits limits;
};

class Client {
 public:
  Client(io::Loop& loop, const io::Clock& clock, ClientOptions options = {});
  ~Client();

  // `address` is HOST:PORT.
  template <wire::Request R>
  void request(const std::string& address, const R& request, Bytes body, int64_t timeout_ms,
               OnResponse done) {
    int32_t opaque = Connection::next_opaque();
    Buffer frame;
    wire::append_request(frame, request, opaque, body);
    send(address,
         {opaque, std::make_shared<Buffer>(std::move(frame)), timeout_ms, std::move(done)});
  }
  template <wire::Request R>
  void send_oneway(const std::string& address, const R& request, Bytes body = {}) {
    Buffer frame;
    wire::append_request(frame, request, Connection::next_opaque(), body, wire::Serialization::json,
                         true);
    send(address, {0, std::make_shared<Buffer>(std::move(frame)), 0, nullptr});
  }
  void close();
  io::Loop& loop() const;

 private:
  struct Outgoing {
    int32_t opaque = 0;
    std::shared_ptr<Buffer> frame;
    int64_t timeout_ms = 0;
    OnResponse done;  // Null for one-way requests.
  };
  struct State;
  void send(const std::string& address, Outgoing outgoing);
  std::shared_ptr<State> state_;
};

// "host:port" or "[::1]:port".
struct HostPort {
  std::string host;
  uint16_t port = 0;
};
Result<HostPort> parse_host_port(std::string_view text);

}  // namespace agena::rpc
