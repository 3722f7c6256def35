#include "rpc/connection.h"

#include "base/log.h"
#include "rpc/call.h"
#include "rpc/router.h"

namespace agena::rpc {
namespace {

ConnectionId next_id() {
  static std::atomic<uint64_t> last{0};
  return ConnectionId(++last);
}

int64_t elapsed_ms(MonoNanos since, MonoNanos now) {
  return (now - since) / kNanosPerMilli;
}

}  // namespace

Connection::Connection(ConnectionDeps deps, std::shared_ptr<io::Stream> stream)
    : deps_(std::move(deps)),
      stream_(std::move(stream)),
      id_(next_id()),
      opened_(deps_.clock.mono()),
      last_heard_(opened_) {}

Connection::~Connection() {
  ASSERT(pending_.empty(), "on_closed fails what is pending");
}

int32_t Connection::next_opaque() {
  static std::atomic<int32_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) & INT32_MAX;
}

void Connection::start() {
  stream_->start(shared_from_this());
}

size_t Connection::on_data(Bytes unread) {
  last_heard_ = deps_.clock.mono();
  heard_ = true;
  size_t taken = 0;
  while (reading_ && !closed()) {
    auto frame = wire::next_frame(unread.subspan(taken));
    if (!frame) {
      close(frame.error());
      return unread.size();
    }
    if (!*frame) break;
    dispatch(**frame);
    taken += (*frame)->wire_bytes;
    update_reading();
  }
  if (closed()) return unread.size();
  bool partial = reading_ && taken < unread.size();
  if (!partial) {
    partial_since_ = {};
  } else if (taken > 0 || partial_since_ == MonoNanos{}) {
    partial_since_ = last_heard_;
  }
  return taken;
}

void Connection::dispatch(const wire::Frame& frame) {
  if (Status read = reader_.read(frame.header, frame.serialization, header_); !read) {
    close(read.error());
    return;
  }
  if (header_.is_response()) {
    auto at = pending_.find(header_.opaque);
    if (at == pending_.end()) return;  // Came after its time-out.
    OnResponse done = std::move(at->second.done);
    pending_.erase(at);
    done(Response{header_, frame.body});
    return;
  }
  language_ = header_.language;
  version_ = header_.version;
  Call call(*this, header_, frame, deps_.clock);
  if (deps_.router != nullptr) {
    deps_.router->dispatch(call);
  } else {
    call.fail(Error{Errc::request_code_not_supported, {}});
  }
}

// Requests stay in the socket while too much is unanswered or unsent.
void Connection::update_reading() {
  const Limits& limits = deps_.limits;
  bool want = !quiet_ && in_flight_ < limits.in_flight_max &&
              in_flight_bytes_ < limits.in_flight_bytes_max && !is_full();
  if (over_limits() || want == reading_) return;
  reading_ = want;
  if (want) {
    stream_->resume_reading();
  } else {
    stream_->pause_reading();
  }
}

bool Connection::over_limits() {
  if (stream_->unsent() <= deps_.limits.unsent_bytes_max) return false;
  close({Errc::limit_exceeded, "the peer does not read its answers"});
  return true;
}

void Connection::quiesce() {
  quiet_ = true;
  if (!closed()) update_reading();
}

void Connection::answer_held(Bytes frame, size_t held_bytes) {
  if (held_bytes > 0) {
    ASSERT(in_flight_ > 0 && in_flight_bytes_ >= held_bytes);
    --in_flight_;
    in_flight_bytes_ -= held_bytes;
  }
  if (closed()) return;
  if (!frame.empty()) stream_->out().append(frame);
  update_reading();
}

void Connection::on_drained() {
  if (!closed()) update_reading();
}

void Connection::send(Buffer frame) {
  if (deps_.loop.on_this_thread()) {
    if (closed()) return;
    stream_->out().append(frame.view());
    over_limits();
    return;
  }
  auto shared = std::make_shared<Buffer>(std::move(frame));
  deps_.loop.post([self = shared_from_this(), shared] { self->send(std::move(*shared)); });
}

void Connection::send_request(int32_t opaque, Buffer frame, int64_t timeout_ms, OnResponse done) {
  if (!deps_.loop.on_this_thread()) {
    auto shared = std::make_shared<Buffer>(std::move(frame));
    deps_.loop.post(
        [self = shared_from_this(), opaque, shared, timeout_ms, done = std::move(done)]() mutable {
          self->send_request(opaque, std::move(*shared), timeout_ms, std::move(done));
        });
    return;
  }
  if (closed()) {
    done(Error{Errc::unreachable, peer().text() + " has closed the connection"});
    return;
  }
  pending_[opaque] = {deps_.clock.mono() + timeout_ms * kNanosPerMilli, std::move(done)};
  send(std::move(frame));
}

void Connection::close(const Error& why) {
  if (!deps_.loop.on_this_thread()) {
    deps_.loop.post([self = shared_from_this(), why] { self->close(why); });
    return;
  }
  if (closed_.exchange(true)) return;
  AGENA_LOG(info, "rpc", "closing {}: {}", peer().text(), describe(why));
  stream_->close();
}

void Connection::close_after_send() {
  if (!deps_.loop.on_this_thread()) {
    deps_.loop.post([self = shared_from_this()] { self->close_after_send(); });
    return;
  }
  if (closed_.exchange(true)) return;
  stream_->close_after_send();
}

void Connection::leave(const Error& why) {
  deps_.watcher = nullptr;
  close_after_send();
  fail_pending(why);
}

void Connection::fail_pending(const Error& why) {
  auto pending = std::move(pending_);
  pending_.clear();
  for (auto& [opaque, request] : pending) request.done(why);
}

void Connection::on_closed(const Error& why) {
  closed_ = true;
  fail_pending({Errc::unreachable, describe(why)});
  if (deps_.watcher != nullptr) deps_.watcher->on_connection_closed(*this);
}

void Connection::sweep(MonoNanos now) {
  for (auto at = pending_.begin(); at != pending_.end();) {
    if (at->second.deadline > now) {
      ++at;
      continue;
    }
    OnResponse done = std::move(at->second.done);
    at = pending_.erase(at);
    done(Error{Errc::timed_out, "no answer from " + peer().text()});
    if (closed()) return;
  }
  if (closed() || over_limits()) return;
  if (size_t unsent = stream_->unsent(); unsent != last_unsent_) {
    last_unsent_ = unsent;
    last_heard_ = now;  // The peer takes bytes, so it is alive.
  }
  const Limits& limits = deps_.limits;
  if (!heard_ && elapsed_ms(opened_, now) > limits.first_byte_ms_max) {
    close({Errc::timed_out, "no first byte in time"});
  } else if (partial_since_ != MonoNanos{} &&
             elapsed_ms(partial_since_, now) > limits.partial_frame_ms_max) {
    close({Errc::timed_out, "a frame was not completed in time"});
  } else if (elapsed_ms(last_heard_, now) > limits.idle_ms_max) {
    close({Errc::timed_out, "idle"});
  }
}

}  // namespace agena::rpc
