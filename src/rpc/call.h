// One request being served, and the means to answer it now or later.
//
// Over:     connection.h.  Under: router.h, every handler.
// Lifetime: a Call and all views in it end when the handler returns; a Responder may be kept.
// Rule:     a handler answers exactly once: reply(), fail(), returning an error, or defer().
#pragma once
#include <memory>
#include <string_view>

#include "base/utf8.h"
#include "rpc/connection.h"

namespace agena::rpc {

struct NoFields {
  static constexpr auto fields = std::tuple{};
};

// Remarks repeat what peers sent; a longer one would not fit into a header in the worst case.
inline constexpr size_t kRemarkBytesMax = 16 << 10;

// Appends a whole answer frame; of a long remark, its start.
template <HasFields H>
void append_answer(Buffer& out, int32_t opaque, wire::Serialization serialization, int32_t code,
                   std::string_view remark, const H& fields, Bytes body) {
  wire::Header header{.code = code,
                      .opaque = opaque,
                      .flag = wire::kFlagResponse,
                      .remark = utf8_front(remark, kRemarkBytesMax),
                      .serialization = serialization,
                      .ext = {}};
  auto start = wire::start_frame(out, header,
                                 [&](wire::ExtWriter& ext) { wire::encode_fields(ext, fields); });
  out.append(body);
  wire::finish_frame(out, start);
}

enum class Hold {
  counted,  // Against the connection's in-flight limit: the server is working on it.
  parked,   // Waits for an event, as a long poll does; its keeper bounds how many.
};

// Answers a request after its handler has returned. Any thread; copies share one answer. If every
// copy goes away unanswered (a stopping server), the client runs into its time-out.
class Responder {
 public:
  template <HasFields H>
  void reply_with(int32_t code, std::string_view remark, const H& fields, Bytes body = {}) const {
    if (!take()) return;
    Buffer frame;
    append_answer(frame, state_->opaque, state_->serialization, code, remark, fields, body);
    deliver(std::move(frame));
  }
  void reply(int32_t code, std::string_view remark, Bytes body = {}) const {
    reply_with(code, remark, NoFields{}, body);
  }
  void fail(const Error& error) const { reply(error.response_code(), error.remark()); }
  ConnectionId connection_id() const { return state_->connection_id; }
  std::weak_ptr<Connection> connection() const { return state_->connection; }

 private:
  friend class Call;
  struct State {
    std::weak_ptr<Connection> connection;
    ConnectionId connection_id;
    int32_t opaque = 0;
    wire::Serialization serialization = wire::Serialization::json;
    bool oneway = false;
    size_t counted_bytes = 0;  // 0: not against the connection's limits.
    std::atomic<bool> answered{false};
    ~State();
  };
  bool take() const;  // False when somebody has answered, or nobody wants an answer.
  void deliver(Buffer frame) const;
  std::shared_ptr<State> state_;
};

class Call {
 public:
  Call(Connection& connection, const wire::Header& header, const wire::Frame& frame,
       const io::Clock& clock)
      : connection_(connection),
        header_(header),
        body_(frame.body),
        wire_bytes_(frame.wire_bytes),
        clock_(clock) {}

  Connection& connection() { return connection_; }
  const wire::Header& header() const { return header_; }
  Bytes body() const { return body_; }
  UnixMillis now() const { return clock_.wall(); }
  MonoNanos mono() const { return clock_.mono(); }
  bool answered() const { return answered_; }

  template <HasFields H>
  void reply_with(int32_t code, std::string_view remark, const H& fields, Bytes body = {}) {
    ASSERT(!answered_, "a request is answered once");
    answered_ = true;
    if (header_.is_oneway()) return;
    append_answer(connection_.out(), header_.opaque, header_.serialization, code, remark, fields,
                  body);
  }
  template <HasFields H>
  void reply_with(const H& fields, Bytes body = {}) {
    reply_with(0, {}, fields, body);
  }
  void reply(int32_t code, std::string_view remark, Bytes body = {}) {
    reply_with(code, remark, NoFields{}, body);
  }
  void reply_body(std::string_view body) { reply(0, {}, as_bytes(body)); }
  void reply_ok() { reply(0, {}); }
  void fail(const Error& error) { reply(error.response_code(), error.remark()); }
  Responder defer(Hold hold = Hold::counted);

 private:
  Connection& connection_;
  const wire::Header& header_;
  Bytes body_;
  size_t wire_bytes_;
  const io::Clock& clock_;
  bool answered_ = false;
};

}  // namespace agena::rpc
