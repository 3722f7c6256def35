// An event loop on Boost.Asio: one io_context, one thread.
//
// Over:     io/loop.h.  Under: posix_env.cc, and the streams, timers, listeners made here.
// Threads:  as io/loop.h says. start(), join() and drop_all() from the owner.
// Lifetime: in three steps, because loops of one process hold each other's streams in their tasks:
//           join() all, drop_all() all, then destroy. After drop_all() posts go nowhere.
#pragma once
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <thread>
#include <unordered_map>

#include "io/loop.h"

namespace agena::io {

class AsioStream;

class AsioLoop final : public Loop {
 public:
  explicit AsioLoop(std::string name);  // The thread's, in top(1) and debuggers; 15 characters.
  ~AsioLoop() override;

  void start();
  void join();
  void drop_all();  // Everything that still waited to run, and what its tasks owned.

  void post(Task task) override;
  bool on_this_thread() const override;
  std::unique_ptr<Timer> after(int64_t delay_ms, Task task) override;
  std::unique_ptr<Timer> after_ns(int64_t delay_ns, Task task) override;
  std::unique_ptr<Timer> every(int64_t period_ms, Task task) override;
  void at_turn_end(Task hook) override;
  Result<std::unique_ptr<Listener>> listen(const std::string& ip, uint16_t port,
                                           std::vector<Loop*> targets, OnAccept on_accept) override;
  void connect(const std::string& host, uint16_t port, int64_t timeout_ms,
               OnConnect on_connect) override;

  // For streams of this loop, on its thread.
  boost::asio::io_context& context() { return context_; }
  void flush_at_turn_end(std::shared_ptr<AsioStream> stream);
  void keep_alive(std::shared_ptr<AsioStream> stream);
  void let_go(AsioStream* stream);
  // Where streams read to; what the owner does not take at once is copied out.
  MutableBytes read_space() { return {read_space_.get(), kReadSpaceBytes}; }
  // Buffers wander between the streams, so that only those with bytes in them have memory.
  void take_memory(Buffer& buffer);
  void give_back(Buffer& buffer);

 private:
  // Asio does shutdown() and destroy() in its destructor, and one loop's handlers may own sockets
  // of another: all must have done the first before any does the second.
  struct Context : boost::asio::io_context {
    Context() : io_context(1) {}
    using execution_context::shutdown;
  };
  static constexpr size_t kReadSpaceBytes = 320 * 1024;

  void run();
  void end_turn();

  const std::string name_;
  Context context_;
  std::atomic<bool> dropped_{false};
  std::deque<Task> hooks_;  // A hook may add one.
  std::vector<std::shared_ptr<AsioStream>> unflushed_, flushing_;
  std::unordered_map<AsioStream*, std::shared_ptr<AsioStream>> streams_;
  std::vector<Buffer> spare_;
  std::unique_ptr<std::byte[]> read_space_;
  std::thread thread_;
};

}  // namespace agena::io
