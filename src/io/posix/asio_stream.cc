#include "io/posix/asio_stream.h"

#include <boost/asio/buffer.hpp>

#include <utility>

namespace agena::io {
namespace asio = boost::asio;
using boost::system::error_code;

namespace {
constexpr size_t kReadBytesATurnMax = 1 << 20;    // Then other streams have their turn.
constexpr size_t kIdleBufferBytesMax = 64 << 10;  // More is given back when a buffer empties.
constexpr int64_t kCloseAfterSendMs = 5'000;
}  // namespace

Address address_of(const asio::ip::tcp::endpoint& endpoint) {
  auto ip = endpoint.address();
  if (ip.is_v6() && ip.to_v6().is_v4_mapped()) {
    ip = asio::ip::make_address_v4(asio::ip::v4_mapped, ip.to_v6());
  }
  return {ip.to_string(), endpoint.port()};
}

AsioStream::AsioStream(AsioLoop& loop, asio::ip::tcp::socket socket)
    : loop_(loop), socket_(std::move(socket)) {
  error_code ignored;  // A peer that is gone already shows at the first read.
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  peer_ = address_of(socket_.remote_endpoint(ignored));
  local_ = address_of(socket_.local_endpoint(ignored));
}

AsioStream::~AsioStream() {
  loop_.remove(this);
}

void AsioStream::start(std::shared_ptr<StreamEvents> events) {
  loop_.add(this);
  events_ = std::move(events);
  await_readable();
}

Buffer& AsioStream::out() {
  if (!in_unflushed_ && !closed_) {
    in_unflushed_ = true;
    loop_.flush_at_turn_end(shared_from_this());
  }
  return out_;
}

void AsioStream::await_readable() {
  if (closed_ || paused_ || awaits_readable_) return;
  awaits_readable_ = true;
  socket_.async_wait(asio::socket_base::wait_read, [self = shared_from_this()](error_code error) {
    self->awaits_readable_ = false;
    if (self->closed_ || error == asio::error::operation_aborted) return;
    self->read();
  });
}

void AsioStream::read() {
  size_t total = 0;
  while (!closed_ && !paused_ && total < kReadBytesATurnMax) {
    MutableBytes space = loop_.read_space();
    error_code error;
    size_t n = socket_.read_some(asio::buffer(space.data(), space.size()), error);
    if (error == asio::error::would_block || error == asio::error::try_again) break;
    if (error) {
      fail({Errc::unreachable,
            error == asio::error::eof ? "the peer closed the connection" : error.message()});
      return;
    }
    deliver(space.first(n));
    total += n;
    if (n < space.size()) break;
  }
  await_readable();
}

void AsioStream::deliver(Bytes fresh) {
  auto events = events_;
  if (!events) return;
  if (kept_.empty()) {
    size_t taken = events->on_data(fresh);
    ASSERT(taken <= fresh.size());
    if (!closed_) kept_.append(fresh.subspan(taken));
    return;
  }
  kept_.append(fresh);
  deliver_kept();
}

void AsioStream::deliver_kept() {
  auto events = events_;
  if (!events) return;
  size_t taken = events->on_data(kept_.view());
  ASSERT(taken <= kept_.size());
  size_t left = kept_.size() - taken;
  if (left > 0 && taken > 0) std::memmove(kept_.data(), kept_.data() + taken, left);
  kept_.truncate(left);
  if (left == 0 && kept_.capacity() > kIdleBufferBytesMax) kept_.release();
}

void AsioStream::resume_reading() {
  if (!paused_) return;
  paused_ = false;
  if (closed_) return;
  if (kept_.empty()) {
    await_readable();
    return;
  }
  // Not from here: the owner may be in the middle of something.
  loop_.post([self = shared_from_this()] {
    if (self->closed_ || self->paused_) return;
    self->deliver_kept();
    self->await_readable();
  });
}

void AsioStream::flush() {
  in_unflushed_ = false;
  if (closed_ || awaits_writable_) return;
  if (unsent() > 0) {
    error_code error;
    size_t n = socket_.write_some(asio::buffer(out_.data() + sent_, unsent()), error);
    if (error && error != asio::error::would_block && error != asio::error::try_again) {
      fail({Errc::unreachable, error.message()});
      return;
    }
    sent_ += n;
  }
  if (unsent() > 0) {
    was_blocked_ = true;
    await_writable();
    return;
  }
  sent_ = 0;
  out_.clear();
  if (out_.capacity() > kIdleBufferBytesMax) out_.release();
  if (closes_after_send_) {
    close();
  } else if (std::exchange(was_blocked_, false)) {
    auto events = events_;
    if (events) events->on_drained();
  }
}

void AsioStream::await_writable() {
  awaits_writable_ = true;
  socket_.async_wait(asio::socket_base::wait_write, [self = shared_from_this()](error_code error) {
    self->awaits_writable_ = false;
    if (self->closed_ || error == asio::error::operation_aborted) return;
    self->out();  // Goes with the others at the end of the turn, behind its hooks.
  });
}

void AsioStream::close_after_send() {
  if (closed_ || closes_after_send_) return;
  paused_ = true;
  if (unsent() == 0) {
    close();
    return;
  }
  closes_after_send_ = true;
  out();
  close_timer_ = loop_.after(kCloseAfterSendMs, [self = shared_from_this()] { self->close(); });
}

void AsioStream::close() {
  if (closed_) return;
  closed_ = true;
  close_timer_.reset();
  error_code ignored;
  socket_.close(ignored);
  loop_.post([self = shared_from_this()] {
    self->tell_closed({Errc::not_open, "closed by this side"});
  });
}

void AsioStream::fail(const Error& why) {
  if (closed_) return;
  closed_ = true;
  close_timer_.reset();
  error_code ignored;
  socket_.close(ignored);
  tell_closed(why);
}

void AsioStream::tell_closed(const Error& why) {
  auto events = std::exchange(events_, nullptr);
  if (events) events->on_closed(why);
}

}  // namespace agena::io
