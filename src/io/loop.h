// Event loops: one thread each, running handlers, timers and the connections that were given to it.
//
// Over:    base/.  Under: rpc/, servers, background work.
// Turns:   a loop runs in turns: wait, run every ready handler, run the turn-end hooks in the order
//          they were added, then send what each stream has pending, one write a stream. The store
//          adds the hook that writes its log, so nothing is acknowledged before it is written.
// Threads: post() and on_this_thread() from anywhere; everything else on the loop's own thread.
// Lifetime: streams and timers must not outlive their loop.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "base/ids.h"
#include "base/result.h"

namespace agena::io {

struct Address {
  std::string ip;  // Textual IPv4 or IPv6.
  uint16_t port = 0;
  std::string text() const;  // "1.2.3.4:5" or "[::1]:5"
  bool is_loopback() const;
};

// What a connection tells its owner. Calls come on the stream's loop.
class StreamEvents {
 public:
  virtual ~StreamEvents() = default;
  // `unread` is everything received and not yet taken; returns how many bytes it took. The rest is
  // shown again, with more behind it, when more has come. Views into it end with the call.
  virtual size_t on_data(Bytes unread) = 0;
  // The output is gone, after it had been more than the socket took, or while reading is paused:
  // who pauses because there is so much output may rely on hearing when it has left.
  virtual void on_drained() = 0;
  virtual void on_closed(const Error& why) = 0;  // Once, also after close(); last call.
};

// One TCP connection. Reading starts with start().
class Stream {
 public:
  virtual ~Stream() = default;
  virtual void start(std::shared_ptr<StreamEvents> events) = 0;
  // Append what shall be sent; it leaves at the end of the turn. Never blocks and never fails here.
  virtual Buffer& out() = 0;
  virtual size_t unsent() const = 0;  // Bytes that the socket has not taken yet.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  virtual void close_after_send() = 0;  // Sends what is pending (5 s at most), then closes.
  virtual void close() = 0;             // At once; on_closed comes from the loop, not from here.
  virtual const Address& peer() const = 0;
  virtual const Address& local() const = 0;
};

class Timer {
 public:
  virtual ~Timer() = default;  // Cancels.
};

class Listener {
 public:
  virtual ~Listener() = default;  // Stops accepting.
  virtual uint16_t port() const = 0;
};

class Loop {
 public:
  using Task = std::function<void()>;
  virtual ~Loop() = default;

  virtual void post(Task task) = 0;
  virtual bool on_this_thread() const = 0;
  virtual std::unique_ptr<Timer> after(int64_t delay_ms, Task task) = 0;
  // For load generators, whose pace is finer than a millisecond; where loops are simulated, and
  // nothing is measured, it rounds up.
  virtual std::unique_ptr<Timer> after_ns(int64_t delay_ns, Task task) {
    return after((delay_ns + kNanosPerMilli - 1) / kNanosPerMilli, std::move(task));
  }
  virtual std::unique_ptr<Timer> every(int64_t period_ms, Task task) = 0;
  // Kept until the loop ends. Called on each turn that ran at least one handler.
  virtual void at_turn_end(Task hook) = 0;

  // Accepted streams go to `targets` in turn; `on_accept` runs on the loop that owns the stream.
  using OnAccept = std::function<void(Loop&, std::shared_ptr<Stream>)>;
  virtual Result<std::unique_ptr<Listener>> listen(const std::string& ip, uint16_t port,
                                                   std::vector<Loop*> targets,
                                                   OnAccept on_accept) = 0;
  using OnConnect = std::function<void(Result<std::shared_ptr<Stream>>)>;
  virtual void connect(const std::string& host, uint16_t port, int64_t timeout_ms,
                       OnConnect on_connect) = 0;
};

}  // namespace agena::io
