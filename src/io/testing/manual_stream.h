// For tests only: one end of a connection between two ManualLoops.
//
// Over:    manual_loop.h.  Under: manual_loop.cc.  Threads: the test's.
// What one end sends at the end of its turn waits at the other, up to the net's window, and is
// shown there by a handler of that loop.
#pragma once
#include "io/testing/manual_loop.h"

namespace agena::io {

class ManualStream final : public Stream, public std::enable_shared_from_this<ManualStream> {
 public:
  ManualStream(ManualLoop& loop, Address local, Address peer)
      : loop_(loop), local_(std::move(local)), peer_(std::move(peer)) {}
  static void join(const std::shared_ptr<ManualStream>& a, const std::shared_ptr<ManualStream>& b);

  void start(std::shared_ptr<StreamEvents> events) override;
  Buffer& out() override;
  size_t unsent() const override { return out_.size(); }
  void pause_reading() override { paused_ = true; }
  void resume_reading() override;
  void close_after_send() override;
  void close() override;
  const Address& peer() const override { return peer_; }
  const Address& local() const override { return local_; }

  void flush();
  void forget_owner();  // The loop ends.

 private:
  void wake_reader();
  void read();
  size_t room() const;
  void take(Bytes bytes);
  void peer_ended();
  void end(const Error& why, bool tell_now);
  void tell_closed(const Error& why);

  ManualLoop& loop_;
  const Address local_, peer_;
  std::weak_ptr<ManualStream> other_;
  std::shared_ptr<StreamEvents> events_;
  std::unique_ptr<Timer> close_timer_;
  Buffer out_;
  Buffer arrived_;  // Nothing of it was shown yet.
  Buffer unread_;   // Shown and not taken.
  bool show_again_ = false;
  bool started_ = false;
  bool paused_ = false;
  bool reader_awake_ = false;
  bool in_unflushed_ = false;
  bool was_blocked_ = false;
  bool closes_after_send_ = false;
  bool other_ended_ = false;
  bool closed_ = false;
};

}  // namespace agena::io
