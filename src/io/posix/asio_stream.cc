#include "io/posix/asio_stream.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <utility>

namespace agena::io {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr size_t kReadBytesATurn = 256 << 10;  // Then other streams have their turn.
// A rest up to this long is put in front of the next bytes; a longer one gets them appended.
constexpr size_t kRestInFrontBytesMax = 64 << 10;
constexpr int64_t kCloseAfterSendMs = 5'000;
constexpr int64_t kLingerStepMs = 50;

Address address_of(const tcp::endpoint& endpoint) {
  auto ip = endpoint.address();
  if (ip.is_v6() && ip.to_v6().is_v4_mapped()) {
    ip = asio::ip::make_address_v4(asio::ip::v4_mapped, ip.to_v6());
  }
  return {ip.to_string(), endpoint.port()};
}

bool must_wait(error_code error) {
  return error == asio::error::would_block || error == asio::error::try_again;
}

void drop_front(Buffer& buffer, size_t count) {
  ASSERT(count <= buffer.size());
  size_t left = buffer.size() - count;
  if (count > 0 && left > 0) std::memmove(buffer.data(), buffer.data() + count, left);
  buffer.truncate(left);
}

}  // namespace

AsioStream::AsioStream(AsioLoop& loop, tcp::socket socket)
    : loop_(loop), socket_(std::move(socket)) {
  error_code ignored;  // A peer that is gone already shows at the first read.
  socket_.non_blocking(true, ignored);
  socket_.set_option(tcp::no_delay(true), ignored);
  peer_ = address_of(socket_.remote_endpoint(ignored));
  local_ = address_of(socket_.local_endpoint(ignored));
}

void AsioStream::start(std::shared_ptr<StreamEvents> events) {
  ASSERT(!events_ && events, "a stream is started once");
  events_ = std::move(events);
  if (closed_) {
    post_closed();
    return;
  }
  loop_.keep_alive(shared_from_this());
  await_readable();
}

Buffer& AsioStream::out() {
  if (closed_) {
    out_.clear();  // Goes nowhere, and must not pile up.
    sent_ = 0;
    return out_;
  }
  loop_.take_memory(out_);
  if (!in_unflushed_) {
    in_unflushed_ = true;
    loop_.flush_at_turn_end(shared_from_this());
  }
  return out_;
}

void AsioStream::await_readable() {
  if (closed_ || (paused_ && !lingers_) || awaits_readable_) return;
  awaits_readable_ = true;
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](error_code error) {
    self->awaits_readable_ = false;
    if (error == asio::error::operation_aborted) return;
    if (self->lingers_) {
      self->discard();
    } else {
      self->read();
    }
  });
}

void AsioStream::read() {
  size_t total = 0;
  while (!closed_ && !paused_ && total < kReadBytesATurn) {
    MutableBytes space = loop_.read_space();
    bool is_short = kept_.size() <= kRestInFrontBytesMax;
    size_t rest = is_short ? kept_.size() : 0;
    MutableBytes fresh = space.subspan(rest, kReadBytesATurn);
    error_code error;
    size_t n = socket_.read_some(asio::buffer(fresh.data(), fresh.size()), error);
    if (must_wait(error)) break;
    if (error) {
      fail({Errc::unreachable,
            error == asio::error::eof ? "the peer closed the connection" : error.message()});
      return;
    }
    if (is_short) {
      std::copy_n(kept_.data(), rest, space.data());
      kept_.clear();
      Bytes unread = space.first(rest + n);
      keep(unread.subspan(show(unread)));
    } else {
      kept_.append(fresh.first(n));
      show_kept();
    }
    total += n;
    if (n < fresh.size()) break;
  }
  await_readable();
}

size_t AsioStream::show(Bytes unread) {
  auto events = events_;
  if (!events) return unread.size();
  showing_ = true;
  size_t taken = events->on_data(unread);
  showing_ = false;
  ASSERT(taken <= unread.size(), "an owner takes no more than it was shown");
  return taken;
}

void AsioStream::show_kept() {
  if (kept_.empty()) return;
  drop_front(kept_, show(kept_.view()));
  keep({});
}

void AsioStream::keep(Bytes rest) {
  if (closed_) kept_.clear();
  if (!closed_ && !rest.empty()) {
    loop_.take_memory(kept_);
    kept_.append(rest);
  }
  if (kept_.empty()) loop_.give_back(kept_);
}

void AsioStream::resume_reading() {
  if (!paused_ || closed_ || closes_after_send_) return;
  paused_ = false;
  await_readable();
  // What is kept is not shown from here: the owner may be in the middle of something.
  if (show_posted_ || (kept_.empty() && !showing_)) return;
  show_posted_ = true;
  loop_.post([self = shared_from_this()] {
    self->show_posted_ = false;
    if (!self->closed_ && !self->paused_) self->show_kept();
  });
}

void AsioStream::flush() {
  in_unflushed_ = false;
  if (closed_ || awaits_writable_) return;
  if (unsent() > 0) {
    error_code error;
    size_t n = socket_.write_some(asio::buffer(out_.data() + sent_, unsent()), error);
    if (error && !must_wait(error)) {
      fail({Errc::unreachable, error.message()});
      return;
    }
    sent_ += n;
  }
  if (unsent() == 0) {
    sent_all();
    return;
  }
  // A peer that is always a little behind must not make us keep all that it ever got.
  if (sent_ >= out_.size() / 2) drop_front(out_, std::exchange(sent_, 0));
  was_blocked_ = true;
  await_writable();
}

void AsioStream::sent_all() {
  sent_ = 0;
  out_.clear();
  loop_.give_back(out_);
  if (closes_after_send_) {
    end_after_send();
    return;
  }
  auto events = events_;
  bool is_awaited = std::exchange(was_blocked_, false) || paused_;
  if (is_awaited && events) events->on_drained();
}

void AsioStream::await_writable() {
  awaits_writable_ = true;
  socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](error_code error) {
    self->awaits_writable_ = false;
    if (self->closed_ || error == asio::error::operation_aborted) return;
    self->out();  // Goes with the others at the end of the turn, behind its hooks.
  });
}

void AsioStream::close_after_send() {
  if (closed_ || closes_after_send_) return;
  closes_after_send_ = true;
  paused_ = true;
  if (unsent() == 0) {
    end_after_send();
    return;
  }
  out();
  close_timer_ = loop_.after(kCloseAfterSendMs, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->close();
  });
}

// The kernel resets a connection that is closed while bytes come in, and the peer may then lose
// what we sent last, even if it was on its way already. So our side ends first, what comes is
// thrown away, and the socket closes when the peer has ended, too, or has everything and says
// nothing more.
void AsioStream::end_after_send() {
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  lingers_ = true;
  close_timer_ = loop_.every(kLingerStepMs, [weak = weak_from_this(),
                                             steps = kCloseAfterSendMs / kLingerStepMs]() mutable {
    auto self = weak.lock();
    if (self && (self->has_everything() || --steps <= 0)) self->close();
  });
  discard();
}

void AsioStream::discard() {
  error_code error;
  for (size_t total = 0; !closed_ && total < kReadBytesATurn;) {
    MutableBytes space = loop_.read_space();
    size_t n = socket_.read_some(asio::buffer(space.data(), space.size()), error);
    if (must_wait(error)) break;
    if (error) {
      close();
      return;
    }
    total += n;
    discards_ = true;
  }
  await_readable();
}

// The peer's kernel, that is: it has acknowledged all we sent, and sends nothing any more.
bool AsioStream::has_everything() {
  int unacknowledged = 0;
  if (::ioctl(socket_.native_handle(), SIOCOUTQ, &unacknowledged) != 0) return true;
  return unacknowledged == 0 && !std::exchange(discards_, false);
}

void AsioStream::close() {
  if (closed_) return;
  shut();
  post_closed();
}

void AsioStream::post_closed() {
  loop_.post([self = shared_from_this()] {
    self->tell_closed({Errc::not_open, "closed by this side"});
  });
}

void AsioStream::fail(const Error& why) {
  if (closed_) return;
  shut();
  tell_closed(why);
}

void AsioStream::shut() {
  closed_ = true;
  close_timer_.reset();
  error_code ignored;
  socket_.close(ignored);
}

void AsioStream::tell_closed(const Error& why) {
  ASSERT(!showing_);
  auto self = shared_from_this();
  loop_.let_go(this);
  sent_ = 0;
  out_.release();
  kept_.release();
  auto events = std::exchange(events_, nullptr);
  if (events) events->on_closed(why);
}

}  // namespace agena::io
