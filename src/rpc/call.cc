#include "rpc/call.h"

namespace agena::rpc {

Responder::State::~State() {
  auto kept = counted && !answered.load() ? connection.lock() : nullptr;
  if (!kept) return;
  auto& loop = kept->loop();
  loop.post([kept = std::move(kept)] { kept->release_request(); });
}

bool Responder::take() const {
  return !state_->answered.exchange(true) && !(state_->oneway && !state_->counted);
}

void Responder::deliver(Buffer frame) const {
  auto connection = state_->connection.lock();
  if (!connection) return;
  bool counted = state_->counted;
  bool oneway = state_->oneway;
  auto put = [counted, oneway](Connection& to, Buffer& bytes) {
    if (!oneway && !to.closed()) to.out().append(bytes.view());
    if (counted) to.release_request();
  };
  if (connection->loop().on_this_thread()) {
    put(*connection, frame);
    return;
  }
  auto& loop = connection->loop();
  // std::function wants copyable captures; the frame is shared rather than copied.
  auto shared = std::make_shared<Buffer>(std::move(frame));
  loop.post([connection = std::move(connection), shared, put] { put(*connection, *shared); });
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
  state.counted = hold == Hold::counted;
  if (state.counted) connection_.hold_request();
  return later;
}

}  // namespace agena::rpc
