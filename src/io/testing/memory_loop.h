// For tests only: a loop and connections without another end, for whoever shows what arrives and
// looks at what leaves. Connections between loops, and timers that keep time: manual_loop.h.
//
// Over:    io/.  Under: tests of rpc/, namesrv/ and broker/.
// Threads: one, the test's. A MemoryLoop counts every thread as its own.
// Use:     MemoryStream shows what was sent in out(); run() runs what was posted; fire() runs each
//          timer once, whatever its period.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/loop.h"

namespace agena::io::testing {

class MemoryStream final : public Stream {
 public:
  explicit MemoryStream(Address peer = {"127.0.0.1", 50000}) : peer_(std::move(peer)) {}

  void start(std::shared_ptr<StreamEvents> events) override { events_ = std::move(events); }
  Buffer& out() override { return out_; }
  size_t unsent() const override { return unsent_bytes; }
  void pause_reading() override {}
  void resume_reading() override {}
  void close_after_send() override { is_closed = true; }
  void close() override { is_closed = true; }
  const Address& peer() const override { return peer_; }
  const Address& local() const override { return local_; }

  // What a socket would do.
  void receive(Bytes bytes) { events_->on_data(bytes); }
  void end() {
    const auto events = std::move(events_);
    events->on_closed({Errc::unreachable, "the test ended the connection"});
  }

  bool is_closed = false;
  size_t unsent_bytes = 0;  // A socket takes everything, unless a test says otherwise.

 private:
  Address peer_;
  Address local_{"127.0.0.1", 9876};
  Buffer out_;
  std::shared_ptr<StreamEvents> events_;
};

class MemoryLoop final : public Loop {
 public:
  void post(Task task) override { tasks_.push_back(std::move(task)); }
  bool on_this_thread() const override { return true; }
  std::unique_ptr<Timer> after(int64_t, Task task) override { return add_timer(std::move(task)); }
  std::unique_ptr<Timer> every(int64_t, Task task) override { return add_timer(std::move(task)); }
  void at_turn_end(Task hook) override { hooks_.push_back(std::move(hook)); }
  Result<std::unique_ptr<Listener>> listen(const std::string&, uint16_t, std::vector<Loop*>,
                                           OnAccept) override {
    return Error{Errc::io_error, "memory has no ports"};
  }
  // Succeeds; the stream is kept in `made`, by address.
  void connect(const std::string& host, uint16_t port, int64_t, OnConnect on_connect) override {
    Address address{host, port};
    auto stream = std::make_shared<MemoryStream>(address);
    made[address.text()] = stream;
    post([stream, on_connect = std::move(on_connect)] {
      on_connect(std::shared_ptr<Stream>(stream));
    });
  }

  void run() {
    while (!tasks_.empty()) {
      const Task task = std::move(tasks_.front());
      tasks_.pop_front();
      task();
      for (const Task& hook : hooks_) hook();
    }
  }
  void fire() {
    const auto timers = timers_;
    for (const auto& timer : timers) {
      if (const auto task = timer.lock()) (*task)();
    }
    run();
  }

  std::map<std::string, std::shared_ptr<MemoryStream>> made;

 private:
  struct MemoryTimer final : Timer {
    explicit MemoryTimer(std::shared_ptr<Task> t) : task(std::move(t)) {}
    std::shared_ptr<Task> task;
  };
  std::unique_ptr<Timer> add_timer(Task task) {
    auto shared = std::make_shared<Task>(std::move(task));
    timers_.push_back(shared);
    return std::make_unique<MemoryTimer>(std::move(shared));
  }

  std::deque<Task> tasks_;
  std::vector<Task> hooks_;
  std::vector<std::weak_ptr<Task>> timers_;
};

}  // namespace agena::io::testing
