#include "io/posix/asio_loop.h"

#include <fmt/core.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/log.h"
#include "io/posix/asio_stream.h"

namespace agena::io {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr int kHandlersATurnMax = 1000;
constexpr int kBacklog = 1024;
constexpr int64_t kAcceptPauseMs = 100;

thread_local const AsioLoop* current_loop = nullptr;

class AsioTimer final : public Timer {
 public:
  // Shared with the pending wait, so that a timer may be destroyed inside its own task.
  struct State : std::enable_shared_from_this<State> {
    State(asio::io_context& context, Loop::Task t, int64_t period)
        : timer(context), task(std::move(t)), period_ms(period) {}
    asio::steady_timer timer;
    Loop::Task task;
    const int64_t period_ms;  // 0: once.
    bool cancelled = false;

    void wait() {
      timer.async_wait([self = shared_from_this()](error_code error) {
        if (error || self->cancelled) return;
        self->task();
        if (self->cancelled || self->period_ms == 0) return;
        auto now = asio::steady_timer::clock_type::now();
        auto next = self->timer.expiry() + std::chrono::milliseconds(self->period_ms);
        self->timer.expires_at(std::max(next, now));  // No backlog of missed periods.
        self->wait();
      });
    }
  };
  explicit AsioTimer(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~AsioTimer() override {
    state_->cancelled = true;
    state_->timer.cancel();
  }

 private:
  std::shared_ptr<State> state_;
};

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

  void accept() {
    auto* target = static_cast<AsioLoop*>(targets[next++ % targets.size()]);
    acceptor.async_accept(target->context(), [self = shared_from_this(), target](
                                                 error_code error, tcp::socket socket) {
      self->accepted(*target, error, std::move(socket));
    });
  }

  void accepted(AsioLoop& target, error_code error, tcp::socket socket) {
    if (stopped || error == asio::error::operation_aborted) return;
    if (error) {
      // Out of descriptors, most often: wait rather than spin; connections queue in the kernel.
      AGENA_LOG(warn, "io", "accept: {}", error.message());
      pause = loop.after(kAcceptPauseMs, [self = shared_from_this()] {
        if (!self->stopped) self->accept();
      });
      return;
    }
    auto stream = std::make_shared<AsioStream>(target, std::move(socket));
    target.post([self = shared_from_this(), &target, stream] { self->on_accept(target, stream); });
    accept();
  }
};

class AsioListener final : public Listener {
 public:
  explicit AsioListener(std::shared_ptr<Acceptor> acceptor) : acceptor_(std::move(acceptor)) {}
  ~AsioListener() override {
    acceptor_->stopped = true;
    acceptor_->pause.reset();
    error_code ignored;
    acceptor_->acceptor.close(ignored);
  }
  uint16_t port() const override {
    error_code ignored;
    return acceptor_->acceptor.local_endpoint(ignored).port();
  }

 private:
  std::shared_ptr<Acceptor> acceptor_;
};

struct Connecting : std::enable_shared_from_this<Connecting> {
  Connecting(AsioLoop& l, Loop::OnConnect c)
      : loop(l), socket(l.context()), resolver(l.context()), on_connect(std::move(c)) {}
  AsioLoop& loop;
  tcp::socket socket;
  tcp::resolver resolver;
  Loop::OnConnect on_connect;
  std::unique_ptr<Timer> timeout;
  bool done = false;

  void begin(const std::string& host, uint16_t port) {
    error_code not_literal;
    auto ip = asio::ip::make_address(host, not_literal);
    if (!not_literal) {
      socket.async_connect({ip, port},
                           [self = shared_from_this()](error_code error) { self->finish(error); });
      return;
    }
    resolver.async_resolve(
        host, std::to_string(port),
        [self = shared_from_this()](error_code error, const tcp::resolver::results_type& found) {
          if (error) {
            self->finish(error);
            return;
          }
          asio::async_connect(self->socket, found, [self](error_code failed, const tcp::endpoint&) {
            self->finish(failed);
          });
        });
  }

  void finish(error_code error) {
    if (done) return;
    done = true;
    timeout.reset();
    if (error) {
      error_code ignored;
      socket.close(ignored);
      resolver.cancel();
      Errc code = error == asio::error::timed_out ? Errc::timed_out : Errc::unreachable;
      on_connect(Error{code, error.message()});
      return;
    }
    on_connect(std::shared_ptr<Stream>(std::make_shared<AsioStream>(loop, std::move(socket))));
  }
};

}  // namespace

AsioLoop::AsioLoop()
    : context_(std::make_unique<asio::io_context>(1)),
      read_space_(std::make_unique_for_overwrite<std::byte[]>(kReadSpaceBytes)) {
  work_.emplace(context_->get_executor());
}

AsioLoop::~AsioLoop() {
  join();
  clear();
}

void AsioLoop::start() {
  thread_ = std::thread([this] { run(); });
}

void AsioLoop::join() {
  if (!thread_.joinable()) return;
  context_->stop();
  thread_.join();
}

void AsioLoop::clear() {
  for (AsioStream* stream : std::set(std::move(streams_))) stream->forget_owner();
  streams_.clear();
  unflushed_.clear();
  hooks_.clear();
  work_.reset();
  context_.reset();
}

void AsioLoop::run() {
  current_loop = this;
  while (context_->run_one() > 0) {
    for (int n = 0; n < kHandlersATurnMax && context_->poll_one() > 0; ++n) {
    }
    end_turn();
  }
}

void AsioLoop::end_turn() {
  // Sending may make an owner write more, and that must not leave before the hooks have run.
  do {
    for (auto& hook : hooks_) hook();
    for (auto& stream : std::exchange(unflushed_, {})) stream->flush();
  } while (!unflushed_.empty());
}

void AsioLoop::flush_at_turn_end(std::shared_ptr<AsioStream> stream) {
  unflushed_.push_back(std::move(stream));
}

void AsioLoop::post(Task task) {
  if (context_) asio::post(*context_, std::move(task));
}

bool AsioLoop::on_this_thread() const {
  return current_loop == this;
}

std::unique_ptr<Timer> AsioLoop::after(int64_t delay_ms, Task task) {
  auto state = std::make_shared<AsioTimer::State>(*context_, std::move(task), 0);
  state->timer.expires_after(std::chrono::milliseconds(delay_ms));
  state->wait();
  return std::make_unique<AsioTimer>(std::move(state));
}

std::unique_ptr<Timer> AsioLoop::every(int64_t period_ms, Task task) {
  ASSERT(period_ms > 0);
  auto state = std::make_shared<AsioTimer::State>(*context_, std::move(task), period_ms);
  state->timer.expires_after(std::chrono::milliseconds(period_ms));
  state->wait();
  return std::make_unique<AsioTimer>(std::move(state));
}

void AsioLoop::at_turn_end(Task hook) {
  hooks_.push_back(std::move(hook));
}

Result<std::unique_ptr<Listener>> AsioLoop::listen(const std::string& ip, uint16_t port,
                                                   std::vector<Loop*> targets, OnAccept on_accept) {
  ASSERT(!targets.empty());
  error_code error;
  auto address = asio::ip::make_address(ip, error);
  if (error) return Error{Errc::bad_config, fmt::format("'{}' is not an IP address", ip)};
  tcp::endpoint endpoint(address, port);
  auto made = std::make_shared<Acceptor>(*this, std::move(targets), std::move(on_accept));
  made->acceptor.open(endpoint.protocol(), error);
  if (!error) made->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) made->acceptor.bind(endpoint, error);
  if (!error) made->acceptor.listen(kBacklog, error);
  if (error) {
    return Error{Errc::io_error, fmt::format("listen on {}:{}: {}", ip, port, error.message())};
  }
  made->accept();
  return std::unique_ptr<Listener>(new AsioListener(std::move(made)));
}

void AsioLoop::connect(const std::string& host, uint16_t port, int64_t timeout_ms,
                       OnConnect on_connect) {
  auto attempt = std::make_shared<Connecting>(*this, std::move(on_connect));
  attempt->timeout = after(timeout_ms, [attempt] { attempt->finish(asio::error::timed_out); });
  attempt->begin(host, port);
}

}  // namespace agena::io
