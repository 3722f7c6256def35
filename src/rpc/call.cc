#include "rpc/call.h"

namespace agena::rpc {

Responder::State::~State() {
  auto kept = counted_bytes > 0 && !answered.load() ? connection.lock() : nullptr;
  if (!kept) return;
  auto& loop = kept->loop();
  loop.post([kept = std::move(kept), bytes = counted_bytes] { kept->answer_held({}, bytes); });
}

bool Responder::take() const {
  return !state_->answered.exchange(true) && !(state_->oneway && state_->counted_bytes == 0);
}

void Responder::deliver(Buffer frame) const {
  auto connection = state_->connection.lock();
  if (!connection) return;
  size_t counted_bytes = state_->counted_bytes;
  if (state_->oneway) frame.clear();
  auto& loop = connection->loop();
  if (loop.on_this_thread()) {
    connection->answer_held(frame.view(), counted_bytes);
    return;
  }
  // std::function wants copyable captures; the frame is shared rather than copied.
  auto shared = std::make_shared<Buffer>(std::move(frame));
  loop.post([connection = std::move(connection), shared, counted_bytes] {
    connection->answer_held(shared->view(), counted_bytes);
  });
}

Responder Call::defer(Hold hold) {
  ASSERT(!answered_, "a request is answered once");
  answered_ = true;
  Responder later;
  later.state_ = std::make_shared<Responder::State>();
  auto& state = *later.state_;
  state.connection = connection_.weak_from_this();
  state.connection_id = connection_.id();
  state.opaque = header_.opaque;
  state.serialization = header_.serialization;
  state.oneway = header_.is_oneway();
  if (hold == Hold::counted) {
    state.counted_bytes = wire_bytes_;
    connection_.hold_request(wire_bytes_);
  }
  return later;
}

}  // namespace agena::rpc
