#include "io/posix/asio_listen.h"

#include <fmt/core.h>

#include <boost/asio/ip/tcp.hpp>
#include <chrono>

#include "base/log.h"
#include "io/posix/asio_stream.h"

namespace agena::io {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr int kBacklog = 1024;
constexpr int64_t kAcceptPauseMs = 100;
constexpr auto kLogPause = std::chrono::seconds(1);

struct Acceptor : std::enable_shared_from_this<Acceptor> {
  Acceptor(AsioLoop& l, std::vector<Loop*> t, Loop::OnAccept a)
      : loop(l), acceptor(l.context()), targets(std::move(t)), on_accept(std::move(a)) {}

  AsioLoop& loop;
  tcp::acceptor acceptor;
  std::vector<Loop*> targets;
  Loop::OnAccept on_accept;
  size_t next = 0;
  bool stopped = false;
  std::unique_ptr<Timer> pause;
  std::chrono::steady_clock::time_point quiet_until;

  Status open(const std::string& ip, uint16_t port) {
    error_code error;
    auto address = asio::ip::make_address(ip, error);
    if (error) return Error{Errc::bad_config, fmt::format("'{}' is not an IP address", ip)};
    tcp::endpoint endpoint(address, port);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(kBacklog, error);
    if (!error) return ok();
    const bool is_taken = error == asio::error::address_in_use;
    return Error{is_taken ? Errc::address_in_use : Errc::io_error,
                 fmt::format("listen on {}: {}", Address{ip, port}.text(), error.message())};
  }

  void accept() {
    auto* target = static_cast<AsioLoop*>(targets[next++ % targets.size()]);
    acceptor.async_accept(target->context(), [self = shared_from_this(), target](
                                                 error_code error, tcp::socket socket) {
      self->accepted(*target, error, std::move(socket));
    });
  }

  void accepted(AsioLoop& target, error_code error, tcp::socket socket) {
    if (stopped) return;
    if (error) {
      back_off(error);
      return;
    }
    auto stream = std::make_shared<AsioStream>(target, std::move(socket));
    target.post([self = shared_from_this(), &target, stream = std::move(stream)] {
      self->on_accept(target, stream);
    });
    accept();
  }

  void back_off(error_code error) {
    if (auto now = std::chrono::steady_clock::now(); now >= quiet_until) {
      AGENA_LOG(warn, "io", "cannot accept connections: {}", error.message());
      quiet_until = now + kLogPause;
    }
    pause = loop.after(kAcceptPauseMs, [weak = weak_from_this()] {
      auto self = weak.lock();
      if (self && !self->stopped) self->accept();
    });
  }
};

class AsioListener final : public Listener {
 public:
  AsioListener(std::shared_ptr<Acceptor> acceptor, uint16_t port)
      : acceptor_(std::move(acceptor)), port_(port) {}
  ~AsioListener() override {
    acceptor_->stopped = true;
    acceptor_->pause.reset();
    error_code ignored;
    acceptor_->acceptor.close(ignored);
  }
  uint16_t port() const override { return port_; }

 private:
  std::shared_ptr<Acceptor> acceptor_;
  const uint16_t port_;
};

}  // namespace

Result<std::unique_ptr<Listener>> start_asio_listener(AsioLoop& loop, const std::string& ip,
                                                      uint16_t port, std::vector<Loop*> targets,
                                                      Loop::OnAccept on_accept) {
  ASSERT(!targets.empty());
  auto acceptor = std::make_shared<Acceptor>(loop, std::move(targets), std::move(on_accept));
  TRY_OK(acceptor->open(ip, port));
  error_code error;
  uint16_t bound = acceptor->acceptor.local_endpoint(error).port();
  if (error) return Error{Errc::io_error, "listen: " + error.message()};
  acceptor->accept();
  return std::unique_ptr<Listener>(new AsioListener(std::move(acceptor), bound));
}

}  // namespace agena::io
