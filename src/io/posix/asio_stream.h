// A TCP connection of an AsioLoop.
//
// Over:     io/loop.h, asio_loop.h.  Under: asio_listen.cc, asio_connect.cc.
// Threads:  its loop's; made, and destroyed when closed, on any.
// Lifetime: from start() until it has closed, the loop keeps it.
// Reading waits for readiness and reads into space that the loop's streams share; only what the
// owner did not take is kept here. Memory therefore grows with what was received, never with a
// length that a peer announced, and an idle connection holds none.
#pragma once
#include <boost/asio/ip/tcp.hpp>

#include "io/posix/asio_loop.h"

namespace agena::io {

class AsioStream final : public Stream, public std::enable_shared_from_this<AsioStream> {
 public:
  AsioStream(AsioLoop& loop, boost::asio::ip::tcp::socket socket);

  void start(std::shared_ptr<StreamEvents> events) override;
  Buffer& out() override;
  size_t unsent() const override { return out_.size() - sent_; }
  void pause_reading() override { paused_ = true; }
  void resume_reading() override;
  void close_after_send() override;
  void close() override;
  const Address& peer() const override { return peer_; }
  const Address& local() const override { return local_; }

  void flush();                             // Sends what is pending, as much as the socket takes.
  void forget_owner() { events_.reset(); }  // The loop ends; nobody is told anything any more.

 private:
  void await_readable();
  void read();
  size_t show(Bytes unread);
  void show_kept();
  void keep(Bytes rest);
  void await_writable();
  void sent_all();
  void end_after_send();
  void discard();
  bool has_everything();
  void shut();
  void post_closed();
  void fail(const Error& why);
  void tell_closed(const Error& why);

  AsioLoop& loop_;
  boost::asio::ip::tcp::socket socket_;
  Address peer_, local_;
  std::shared_ptr<StreamEvents> events_;
  Buffer out_;
  size_t sent_ = 0;  // Of out_.
  Buffer kept_;      // Received and not yet taken.
  std::unique_ptr<Timer> close_timer_;
  bool paused_ = false;
  bool showing_ = false;  // Inside on_data().
  bool show_posted_ = false;
  bool awaits_readable_ = false;
  bool awaits_writable_ = false;
  bool was_blocked_ = false;
  bool in_unflushed_ = false;
  bool closes_after_send_ = false;
  bool lingers_ = false;   // Our side has ended; the peer's not yet.
  bool discards_ = false;  // Something came since one last looked.
  bool closed_ = false;
};

}  // namespace agena::io
