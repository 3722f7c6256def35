// One remoting connection, either side: requests come in and are answered, requests go out and
// their answers come back, all matched by `opaque`.
//
// Over:     io/loop.h (stream), wire/frame.h.  Under: server.h, client.h, handlers.
// Threads:  lives on one loop. Methods marked "any thread" post to it; all others run on it.
// Lifetime: shared; the loop's owner (Server or Client) holds it until it is closed. Others keep a
//           std::weak_ptr, or the id.
// Limits:   limits.h; a bad frame closes this connection and disturbs nobody else.
#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "io/clock.h"
#include "io/loop.h"
#include "rpc/limits.h"
#include "wire/frame.h"
#include "wire/request.h"

namespace agena::rpc {

using ConnectionId = Tagged<uint64_t, struct ConnectionIdTag>;

class Connection;
class Router;

// Told on the connection's loop.
class ConnectionWatcher {
 public:
  virtual ~ConnectionWatcher() = default;
  virtual void on_connection_closed(Connection& connection) = 0;
};

// An answer to a request of ours; valid during the callback.
struct Response {
  const wire::Header& header;
  Bytes body;
  bool ok() const { return header.code == 0; }
  // The peer's refusal as an Error, for callers that pass it on.
  Error error() const { return {Errc::system_error, std::string(header.remark)}; }
};
using OnResponse = std::function<void(Result<Response>)>;

struct ConnectionDeps {
  io::Loop& loop;
  const io::Clock& clock;
  const Router* router = nullptr;  // Null: requests from the peer are refused.
  ConnectionWatcher* watcher = nullptr;
  Limits limits;
};

class Connection final : public io::StreamEvents, public std::enable_shared_from_this<Connection> {
 public:
  Connection(ConnectionDeps deps, std::shared_ptr<io::Stream> stream);
  ~Connection() override;

  ConnectionId id() const { return id_; }                        // Any thread; never used twice.
  const io::Address& peer() const { return stream_->peer(); }    // Any thread.
  const io::Address& local() const { return stream_->local(); }  // Any thread.
  io::Loop& loop() const { return deps_.loop; }                  // Any thread.
  wire::Language language() const { return language_; }          // Of the newest request.
  int32_t version() const { return version_; }

  void start();
  void close(const Error& why);  // Any thread.
  void close_after_send();       // Any thread.
  // As close_after_send, for an owner that goes away: requests of ours fail before this returns,
  // and the watcher hears no more of this connection. The loop's thread only.
  void leave(const Error& why);
  bool closed() const { return closed_.load(std::memory_order_relaxed); }

  // Any thread. The callback comes once, on the loop: answer, Errc::timed_out or unreachable.
  template <wire::Request R>
  void request(const R& request, Bytes body, int64_t timeout_ms, OnResponse done) {
    int32_t opaque = next_opaque();
    Buffer frame;
    wire::append_request(frame, request, opaque, body);
    send_request(opaque, std::move(frame), timeout_ms, std::move(done));
  }
  // Any thread.
  template <wire::Request R>
  void send_oneway(const R& request, Bytes body = {}) {
    Buffer frame;
    wire::append_request(frame, request, next_opaque(), body, wire::Serialization::json, true);
    send(std::move(frame));
  }
  void send(Buffer frame);  // Any thread. Whole frames only.
  static int32_t next_opaque();
  void send_request(int32_t opaque, Buffer frame, int64_t timeout_ms, OnResponse done);

  // Where an answer is appended in place; the loop's thread only.
  Buffer& out() { return stream_->out(); }
  // A counted request, of so many bytes, will be answered later.
  void hold_request(size_t bytes) {
    ++in_flight_;
    in_flight_bytes_ += bytes;
  }
  // Sends a late answer, if there is one; `held_bytes` as given to hold_request, 0 if it was not.
  void answer_held(Bytes frame, size_t held_bytes);
  int32_t in_flight() const { return in_flight_; }
  // So much is unsent that no further requests are read; the loop's thread only.
  bool is_full() const { return stream_->unsent() >= deps_.limits.unsent_pause_bytes; }

  void quiesce();  // Takes no further requests; answers still leave.

  // Closes what has been silent too long and fails requests that got no answer. Called by the
  // owner about once a second.
  void sweep(MonoNanos now);

  size_t on_data(Bytes unread) override;
  void on_drained() override;
  void on_closed(const Error& why) override;

 private:
  struct Pending {
    MonoNanos deadline;
    OnResponse done;
  };
  void dispatch(const wire::Frame& frame);
  void update_reading();
  bool over_limits();
  void fail_pending(const Error& why);

  ConnectionDeps deps_;
  std::shared_ptr<io::Stream> stream_;
  const ConnectionId id_;
  wire::HeaderReader reader_;
  wire::Header header_;
  wire::Language language_ = wire::Language::other;
  int32_t version_ = 0;
  int32_t in_flight_ = 0;
  size_t in_flight_bytes_ = 0;
  bool reading_ = true;
  bool heard_ = false;
  bool quiet_ = false;
  std::atomic<bool> closed_{false};
  MonoNanos opened_, last_heard_, partial_since_;
  size_t last_unsent_ = 0;
  std::map<int32_t, Pending> pending_;
};

}  // namespace agena::rpc
