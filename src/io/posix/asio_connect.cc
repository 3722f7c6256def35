#include "io/posix/asio_connect.h"

#include <fmt/core.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "io/posix/asio_stream.h"

namespace agena::io {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

struct Attempt : std::enable_shared_from_this<Attempt> {
  Attempt(AsioLoop& l, std::string t, Loop::OnConnect c)
      : loop(l),
        target(std::move(t)),
        on_connect(std::move(c)),
        socket(l.context()),
        resolver(l.context()) {}
  AsioLoop& loop;
  const std::string target;
  Loop::OnConnect on_connect;
  tcp::socket socket;
  tcp::resolver resolver;
  std::unique_ptr<Timer> timeout;
  bool done = false;

  void begin(const std::string& host, uint16_t port) {
    error_code no_literal;
    auto ip = asio::ip::make_address(host, no_literal);
    if (!no_literal) {
      socket.async_connect({ip, port},
                           [self = shared_from_this()](error_code error) { self->finish(error); });
      return;
    }
    resolver.async_resolve(host, std::to_string(port),
                           [self = shared_from_this()](error_code error, const auto& found) {
                             if (error || self->done) {
                               self->finish(error);
                             } else {
                               self->connect_to_any(found);
                             }
                           });
  }

  void connect_to_any(const tcp::resolver::results_type& found) {
    asio::async_connect(
        socket, found,
        // Closing the socket at the time-out must not make it go on with the next address.
        [self = shared_from_this()](const error_code&, const tcp::endpoint&) {
          return !self->done;
        },
        [self = shared_from_this()](error_code error, const tcp::endpoint&) {
          self->finish(error);
        });
  }

  void finish(error_code error) {
    if (done) return;
    done = true;
    timeout.reset();
    auto tell = std::move(on_connect);
    if (!error) {
      tell(std::shared_ptr<Stream>(std::make_shared<AsioStream>(loop, std::move(socket))));
      return;
    }
    error_code ignored;
    socket.close(ignored);
    resolver.cancel();
    Errc code = error == asio::error::timed_out ? Errc::timed_out : Errc::unreachable;
    tell(Error{code, fmt::format("connect to {}: {}", target, error.message())});
  }
};

}  // namespace

void start_asio_connect(AsioLoop& loop, const std::string& host, uint16_t port, int64_t timeout_ms,
                        Loop::OnConnect on_connect) {
  auto attempt = std::make_shared<Attempt>(loop, Address{host, port}.text(), std::move(on_connect));
  attempt->timeout = loop.after(timeout_ms, [weak = attempt->weak_from_this()] {
    if (auto self = weak.lock()) self->finish(asio::error::timed_out);
  });
  attempt->begin(host, port);
}

}  // namespace agena::io
