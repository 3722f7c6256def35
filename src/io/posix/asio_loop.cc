#include "io/posix/asio_loop.h"

#include <pthread.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "io/posix/asio_connect.h"
#include "io/posix/asio_listen.h"
#include "io/posix/asio_stream.h"
#include "io/posix/asio_timer.h"

namespace agena::io {
namespace {

constexpr int kHandlersATurnMax = 1000;
constexpr size_t kSpareBuffersMax = 32;
constexpr size_t kSpareBufferBytesMax = 256 << 10;

thread_local const AsioLoop* current_loop = nullptr;

}  // namespace

AsioLoop::AsioLoop(std::string name)
    : name_(std::move(name)),
      read_space_(std::make_unique_for_overwrite<std::byte[]>(kReadSpaceBytes)) {}

AsioLoop::~AsioLoop() {
  join();
  drop_all();
}

void AsioLoop::start() {
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), name_.substr(0, 15).c_str());
}

void AsioLoop::join() {
  if (!thread_.joinable()) return;
  context_.stop();
  thread_.join();
}

void AsioLoop::drop_all() {
  if (dropped_.exchange(true)) return;
  for (auto& [raw, stream] : streams_) stream->forget_owner();
  auto streams = std::move(streams_);
  auto hooks = std::move(hooks_);
  unflushed_.clear();
  context_.shutdown();
}

void AsioLoop::run() {
  current_loop = this;
  auto work = boost::asio::make_work_guard(context_);
  while (context_.run_one() > 0) {
    for (int n = 1; n < kHandlersATurnMax && context_.poll_one() > 0; ++n) {
    }
    end_turn();
  }
}

void AsioLoop::end_turn() {
  // Sending may make an owner write more, and that must not leave before the hooks have run.
  do {
    for (size_t i = 0; i < hooks_.size(); ++i) hooks_[i]();
    flushing_.swap(unflushed_);
    for (auto& stream : flushing_) stream->flush();
    flushing_.clear();
  } while (!unflushed_.empty());
}

void AsioLoop::flush_at_turn_end(std::shared_ptr<AsioStream> stream) {
  unflushed_.push_back(std::move(stream));
}

void AsioLoop::keep_alive(std::shared_ptr<AsioStream> stream) {
  AsioStream* raw = stream.get();
  streams_.emplace(raw, std::move(stream));
}

void AsioLoop::let_go(AsioStream* stream) {
  streams_.erase(stream);
}

void AsioLoop::take_memory(Buffer& buffer) {
  if (buffer.capacity() > 0 || spare_.empty()) return;
  buffer = std::move(spare_.back());
  spare_.pop_back();
}

void AsioLoop::give_back(Buffer& buffer) {
  ASSERT(buffer.empty());
  if (buffer.capacity() == 0) return;
  if (buffer.capacity() > kSpareBufferBytesMax || spare_.size() >= kSpareBuffersMax) {
    buffer.release();
    return;
  }
  spare_.push_back(std::move(buffer));
}

void AsioLoop::post(Task task) {
  if (!dropped_.load(std::memory_order_relaxed)) boost::asio::post(context_, std::move(task));
}

bool AsioLoop::on_this_thread() const {
  return current_loop == this;
}

std::unique_ptr<Timer> AsioLoop::after(int64_t delay_ms, Task task) {
  return after_ns(delay_ms * kNanosPerMilli, std::move(task));
}

std::unique_ptr<Timer> AsioLoop::after_ns(int64_t delay_ns, Task task) {
  ASSERT(!dropped_, "no timer outlives its loop");
  return start_asio_timer(context_, delay_ns, 0, std::move(task));
}

std::unique_ptr<Timer> AsioLoop::every(int64_t period_ms, Task task) {
  ASSERT(!dropped_, "no timer outlives its loop");
  ASSERT(period_ms > 0);
  return start_asio_timer(context_, period_ms * kNanosPerMilli, period_ms * kNanosPerMilli,
                          std::move(task));
}

void AsioLoop::at_turn_end(Task hook) {
  hooks_.push_back(std::move(hook));
}

Result<std::unique_ptr<Listener>> AsioLoop::listen(const std::string& ip, uint16_t port,
                                                   std::vector<Loop*> targets, OnAccept on_accept) {
  return start_asio_listener(*this, ip, port, std::move(targets), std::move(on_accept));
}

void AsioLoop::connect(const std::string& host, uint16_t port, int64_t timeout_ms,
                       OnConnect on_connect) {
  start_asio_connect(*this, host, port, timeout_ms, std::move(on_connect));
}

}  // namespace agena::io
