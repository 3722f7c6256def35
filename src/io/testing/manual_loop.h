// For tests only: event loops that run when the test says so, on a clock that the test moves, with
// connections between them that need no sockets.
//
// Over:     io/loop.h, manual_clock.h.  Under: tests of rpc/, servers and clients.
// Threads:  one, the test's. While no loop runs, the test may act as any of them.
// Use:      one ManualNet, a ManualLoop for each thread there would be, net.run_ready() and
//           net.advance(ms). A loop that needs no others is made from a clock alone.
// Turns:    as io/loop.h says: what is ready, then the hooks, then what streams have pending.
// Lifetime: net before loops before what lives on them; a loop's end drops its tasks and streams.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "io/loop.h"
#include "io/testing/manual_clock.h"

namespace agena::io {

class ManualLoop;
class ManualStream;

class ManualNet {
 public:
  explicit ManualNet(ManualClock& clock) : clock_(clock) {}

  int run_ready();           // All loops, until none has anything to do; how many handlers ran.
  void advance(int64_t ms);  // The same at each time at which a timer is due on the way.

  // How the next bytes travel: at most so many are shown at once, and at most so many wait at the
  // receiver before the sender's unsent() grows.
  void set_piece_bytes(size_t bytes) { piece_bytes_ = bytes; }
  void set_window_bytes(size_t bytes) { window_bytes_ = bytes; }
  // Whether connect() to this address gets no reply at all, and so times out.
  void set_silent(const std::string& host, uint16_t port, bool silent);

 private:
  friend class ManualLoop;
  friend class ManualStream;
  friend class ManualListener;
  struct Port {
    std::string ip;
    std::vector<ManualLoop*> targets;
    Loop::OnAccept on_accept;
    size_t next = 0;
  };
  bool connect(ManualLoop& from, const std::string& host, uint16_t port,
               const Loop::OnConnect& on_connect);
  Port* find(const std::string& host, uint16_t port);

  ManualClock& clock_;
  std::vector<ManualLoop*> loops_;
  std::map<uint16_t, Port> ports_;
  std::set<std::string> silent_;
  uint16_t next_port_ = 40'000;
  size_t piece_bytes_ = 256 << 10;
  size_t window_bytes_ = 256 << 10;
  const ManualLoop* running_ = nullptr;
};

class ManualLoop final : public Loop {
 public:
  explicit ManualLoop(ManualClock& clock);
  explicit ManualLoop(ManualNet& net);
  ~ManualLoop() override;
  ManualLoop(const ManualLoop&) = delete;
  ManualLoop& operator=(const ManualLoop&) = delete;

  int run_ready();  // This loop alone; how many handlers ran.
  void advance(int64_t ms) { net_.advance(ms); }
  size_t streams() const { return streams_.size(); }  // Open ones.

  void post(Task task) override;
  bool on_this_thread() const override;
  std::unique_ptr<Timer> after(int64_t delay_ms, Task task) override;
  std::unique_ptr<Timer> every(int64_t period_ms, Task task) override;
  void at_turn_end(Task hook) override;
  Result<std::unique_ptr<Listener>> listen(const std::string& ip, uint16_t port,
                                           std::vector<Loop*> targets, OnAccept on_accept) override;
  void connect(const std::string& host, uint16_t port, int64_t timeout_ms,
               OnConnect on_connect) override;

 private:
  friend class ManualNet;
  friend class ManualStream;
  struct Wait {
    std::shared_ptr<bool> cancelled;
    int64_t period_ms;  // 0: once.
    Task task;
  };
  std::unique_ptr<Timer> start_timer(int64_t delay_ms, int64_t period_ms, Task task);
  int run_due_timers();
  bool run_turn();
  // When the next timer is due; INT64_MAX without any.
  MonoNanos next_due();

  std::unique_ptr<ManualNet> own_net_;
  ManualNet& net_;
  int handlers_ = 0;
  bool ended_ = false;
  std::deque<Task> tasks_;
  std::deque<Task> hooks_;
  std::multimap<MonoNanos, Wait> waits_;
  std::vector<std::shared_ptr<ManualStream>> unflushed_;
  std::map<ManualStream*, std::shared_ptr<ManualStream>> streams_;
};

}  // namespace agena::io
