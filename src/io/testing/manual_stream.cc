#include "io/testing/manual_stream.h"

#include <algorithm>
#include <utility>

namespace agena::io {
namespace {

constexpr int64_t kCloseAfterSendMs = 5'000;

void drop_front(Buffer& buffer, size_t count) {
  ASSERT(count <= buffer.size());
  Buffer rest;
  rest.append(buffer.view().subspan(count));
  buffer = std::move(rest);
}

}  // namespace

void ManualStream::join(const std::shared_ptr<ManualStream>& a,
                        const std::shared_ptr<ManualStream>& b) {
  a->other_ = b;
  b->other_ = a;
  // As the kernel does, the net holds both ends until they are closed.
  a->loop_.streams_[a.get()] = a;
  b->loop_.streams_[b.get()] = b;
}

void ManualStream::start(std::shared_ptr<StreamEvents> events) {
  ASSERT(!started_ && events, "a stream is started once");
  started_ = true;
  events_ = std::move(events);
  if (closed_) {
    loop_.post([self = shared_from_this()] {
      self->tell_closed({Errc::not_open, "closed by this side"});
    });
  }
  wake_reader();
}

Buffer& ManualStream::out() {
  if (closed_) {
    out_.clear();
  } else if (!in_unflushed_) {
    in_unflushed_ = true;
    loop_.unflushed_.push_back(shared_from_this());
  }
  return out_;
}

void ManualStream::wake_reader() {
  if (closed_ || paused_ || !started_ || reader_awake_) return;
  if (arrived_.empty() && !other_ended_ && !show_again_) return;
  reader_awake_ = true;
  loop_.post([self = shared_from_this()] { self->read(); });
}

void ManualStream::read() {
  reader_awake_ = false;
  if (closed_ || paused_) return;
  if (arrived_.empty() && !show_again_) {
    if (other_ended_) end({Errc::unreachable, "the peer closed the connection"}, true);
    return;
  }
  size_t fresh = std::min(arrived_.size(), loop_.net_.piece_bytes_);
  unread_.append(arrived_.view().first(fresh));
  drop_front(arrived_, fresh);
  show_again_ = false;
  if (!unread_.empty()) {
    auto events = events_;
    size_t taken = events->on_data(unread_.view());
    ASSERT(taken <= unread_.size(), "an owner takes no more than it was shown");
    drop_front(unread_, taken);
  }
  if (closed_) return;
  if (paused_) show_again_ = !unread_.empty();
  auto other = other_.lock();
  if (other && !other->closed_ && other->unsent() > 0) {
    other->loop_.post([other] { other->out(); });  // There is room again.
  }
  wake_reader();
}

void ManualStream::resume_reading() {
  if (!std::exchange(paused_, false) || closed_) return;
  show_again_ = show_again_ || !unread_.empty();
  wake_reader();
}

size_t ManualStream::room() const {
  size_t window = loop_.net_.window_bytes_;
  return window > arrived_.size() ? window - arrived_.size() : 0;
}

void ManualStream::take(Bytes bytes) {
  arrived_.append(bytes);
  wake_reader();
}

void ManualStream::flush() {
  in_unflushed_ = false;
  auto other = other_.lock();
  if (closed_) return;
  if (!other || other->closed_) {
    if (!out_.empty() || closes_after_send_)
      end({Errc::unreachable, "the peer closed the connection"}, true);
    return;
  }
  size_t count = std::min(out_.size(), other->room());
  other->take(out_.view().first(count));
  drop_front(out_, count);
  if (!out_.empty()) {
    was_blocked_ = true;
    return;
  }
  if (closes_after_send_) {
    close();
  } else if ((std::exchange(was_blocked_, false) || paused_) && events_) {
    auto events = events_;
    events->on_drained();
  }
}

void ManualStream::close_after_send() {
  if (closed_ || closes_after_send_) return;
  paused_ = true;
  if (out_.empty()) {
    close();
    return;
  }
  closes_after_send_ = true;
  out();
  close_timer_ = loop_.after(kCloseAfterSendMs, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->close();
  });
}

void ManualStream::close() {
  end({Errc::not_open, "closed by this side"}, false);
}

void ManualStream::peer_ended() {
  other_ended_ = true;
  wake_reader();
}

void ManualStream::end(const Error& why, bool tell_now) {
  if (std::exchange(closed_, true)) return;
  close_timer_.reset();
  out_.clear();
  if (auto other = other_.lock(); other && !other->closed_) other->peer_ended();
  if (tell_now) {
    tell_closed(why);
  } else {
    loop_.post([self = shared_from_this(), why] { self->tell_closed(why); });
  }
}

void ManualStream::tell_closed(const Error& why) {
  auto self = shared_from_this();
  loop_.streams_.erase(this);
  auto events = std::exchange(events_, nullptr);
  if (events) events->on_closed(why);
}

void ManualStream::forget_owner() {
  closed_ = true;
  close_timer_.reset();
  events_.reset();
  if (auto other = other_.lock(); other && !other->closed_) other->peer_ended();
}

}  // namespace agena::io
