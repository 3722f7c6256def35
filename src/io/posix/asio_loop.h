// An event loop on Boost.Asio: one io_context, one thread.
//
// Over:     io/loop.h, asio_stream.h.  Under: posix_env.cc.
// Threads:  as io/loop.h says. start() and join() from the owner.
// Lifetime: join() ends the thread; clear() then drops what was still to run. After clear(), posts
//           go nowhere, so that loops of one process can be taken down one after the other.
#pragma once
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <set>
#include <thread>

#include "io/loop.h"

namespace agena::io {

class AsioStream;

class AsioLoop final : public Loop {
 public:
  AsioLoop();
  ~AsioLoop() override;

  void start();
  void join();
  void clear();

  void post(Task task) override;
  bool on_this_thread() const override;
  std::unique_ptr<Timer> after(int64_t delay_ms, Task task) override;
  std::unique_ptr<Timer> every(int64_t period_ms, Task task) override;
  void at_turn_end(Task hook) override;
  Result<std::unique_ptr<Listener>> listen(const std::string& ip, uint16_t port,
                                           std::vector<Loop*> targets, OnAccept on_accept) override;
  void connect(const std::string& host, uint16_t port, int64_t timeout_ms,
               OnConnect on_connect) override;

  // For streams of this loop, on its thread.
  boost::asio::io_context& context() { return *context_; }
  void flush_at_turn_end(std::shared_ptr<AsioStream> stream);
  MutableBytes read_space() { return {read_space_.get(), kReadSpaceBytes}; }
  void add(AsioStream* stream) { streams_.insert(stream); }
  void remove(AsioStream* stream) { streams_.erase(stream); }

 private:
  static constexpr size_t kReadSpaceBytes = 256 * 1024;
  void run();
  void end_turn();

  std::unique_ptr<boost::asio::io_context> context_;
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  std::thread thread_;
  std::vector<Task> hooks_;
  std::vector<std::shared_ptr<AsioStream>> unflushed_;
  std::set<AsioStream*> streams_;
  std::unique_ptr<std::byte[]> read_space_;
};

}  // namespace agena::io
