#include "io/testing/manual_loop.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "io/testing/manual_stream.h"

namespace agena::io {
namespace {

constexpr MonoNanos kNever(std::numeric_limits<int64_t>::max());

bool is_wildcard(const std::string& ip) {
  return ip == "0.0.0.0" || ip == "::";
}

class ManualTimer final : public Timer {
 public:
  explicit ManualTimer(std::shared_ptr<bool> cancelled) : cancelled_(std::move(cancelled)) {}
  ~ManualTimer() override { *cancelled_ = true; }

 private:
  std::shared_ptr<bool> cancelled_;
};

}  // namespace

class ManualListener final : public Listener {
 public:
  ManualListener(ManualNet& net, uint16_t port) : net_(net), port_(port) {}
  ~ManualListener() override { net_.ports_.erase(port_); }
  uint16_t port() const override { return port_; }

 private:
  ManualNet& net_;
  const uint16_t port_;
};

int ManualNet::run_ready() {
  int all = 0;
  for (bool busy = true; busy;) {
    busy = false;
    // By index: a handler of the test may make another loop.
    for (size_t i = 0; i < loops_.size(); ++i) {
      int ran = loops_[i]->run_ready();
      all += ran;
      busy = busy || ran > 0;
    }
    // What the test itself wrote is sent without a handler, and wakes a reader all the same.
    for (const ManualLoop* loop : loops_) busy = busy || !loop->tasks_.empty();
  }
  return all;
}

void ManualNet::advance(int64_t ms) {
  const MonoNanos end = clock_.mono() + ms * kNanosPerMilli;
  run_ready();
  for (;;) {
    MonoNanos due = kNever;
    for (ManualLoop* loop : loops_) due = std::min(due, loop->next_due());
    if (due > end) break;
    ASSERT(due > clock_.mono(), "what was due has run");
    clock_.advance_to(due);
    run_ready();
  }
  clock_.advance_to(end);
}

void ManualNet::set_silent(const std::string& host, uint16_t port, bool silent) {
  std::string name = Address{host, port}.text();
  if (silent) {
    silent_.insert(name);
  } else {
    silent_.erase(name);
  }
}

ManualNet::Port* ManualNet::find(const std::string& host, uint16_t port) {
  auto at = ports_.find(port);
  if (at == ports_.end()) return nullptr;
  const std::string& ip = at->second.ip;
  bool is_same = ip == host || is_wildcard(ip) || (host == "localhost" && ip == "127.0.0.1");
  return is_same ? &at->second : nullptr;
}

bool ManualNet::connect(ManualLoop& from, const std::string& host, uint16_t port,
                        const Loop::OnConnect& on_connect) {
  Port* listening = find(host, port);
  if (listening == nullptr) return false;
  Address server{is_wildcard(listening->ip) ? host : listening->ip, port};
  if (server.ip == "localhost") server.ip = "127.0.0.1";
  Address client{"127.0.0.1", next_port_++};
  ManualLoop& target = *listening->targets[listening->next++ % listening->targets.size()];
  auto near = std::make_shared<ManualStream>(from, client, server);
  auto far = std::make_shared<ManualStream>(target, server, client);
  ManualStream::join(near, far);
  target.post([&target, far, on_accept = listening->on_accept] { on_accept(target, far); });
  from.post([near, on_connect] { on_connect(std::shared_ptr<Stream>(near)); });
  return true;
}

ManualLoop::ManualLoop(ManualClock& clock)
    : own_net_(std::make_unique<ManualNet>(clock)), net_(*own_net_) {
  net_.loops_.push_back(this);
}

ManualLoop::ManualLoop(ManualNet& net) : net_(net) {
  net_.loops_.push_back(this);
}

ManualLoop::~ManualLoop() {
  ended_ = true;
  std::erase(net_.loops_, this);
  auto streams = std::exchange(streams_, {});
  for (auto& [raw, stream] : streams) stream->forget_owner();
  // Destroyed while the rest still stands: their destructors may post here.
  std::exchange(unflushed_, {}).clear();
  std::exchange(waits_, {}).clear();
  std::exchange(tasks_, {}).clear();
  std::exchange(hooks_, {}).clear();
}

void ManualLoop::post(Task task) {
  if (!ended_) tasks_.push_back(std::move(task));
}

bool ManualLoop::on_this_thread() const {
  return net_.running_ == nullptr || net_.running_ == this;
}

int ManualLoop::run_ready() {
  ASSERT(net_.running_ == nullptr, "a handler may not run loops");
  handlers_ = 0;
  net_.running_ = this;
  while (run_turn()) {
  }
  net_.running_ = nullptr;
  return handlers_;
}

bool ManualLoop::run_turn() {
  int before = handlers_;
  handlers_ += run_due_timers();
  for (size_t ready = tasks_.size(); ready > 0; --ready) {
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    ++handlers_;
    task();
  }
  // The test itself may have written to a stream since.
  if (handlers_ == before && unflushed_.empty()) return false;
  do {
    for (size_t i = 0; i < hooks_.size(); ++i) hooks_[i]();
    for (auto& stream : std::exchange(unflushed_, {})) stream->flush();
  } while (!unflushed_.empty());
  return true;
}

int ManualLoop::run_due_timers() {
  int ran = 0;
  while (next_due() <= net_.clock_.mono()) {
    auto [due, wait] = std::move(*waits_.begin());
    waits_.erase(waits_.begin());
    ++ran;
    wait.task();
    if (wait.period_ms == 0 || *wait.cancelled) continue;
    const int64_t period = wait.period_ms * kNanosPerMilli;
    const int64_t missed = (net_.clock_.mono() - due) / period;
    const MonoNanos next = due + period * (missed + 1);
    waits_.emplace(next, std::move(wait));
  }
  return ran;
}

MonoNanos ManualLoop::next_due() {
  while (!waits_.empty() && *waits_.begin()->second.cancelled) waits_.erase(waits_.begin());
  return waits_.empty() ? kNever : waits_.begin()->first;
}

std::unique_ptr<Timer> ManualLoop::start_timer(int64_t delay_ms, int64_t period_ms, Task task) {
  auto cancelled = std::make_shared<bool>(false);
  waits_.emplace(net_.clock_.mono() + std::max<int64_t>(delay_ms, 0) * kNanosPerMilli,
                 Wait{cancelled, period_ms, std::move(task)});
  return std::make_unique<ManualTimer>(std::move(cancelled));
}

std::unique_ptr<Timer> ManualLoop::after(int64_t delay_ms, Task task) {
  return start_timer(delay_ms, 0, std::move(task));
}

std::unique_ptr<Timer> ManualLoop::every(int64_t period_ms, Task task) {
  ASSERT(period_ms > 0);
  return start_timer(period_ms, period_ms, std::move(task));
}

void ManualLoop::at_turn_end(Task hook) {
  hooks_.push_back(std::move(hook));
}

Result<std::unique_ptr<Listener>> ManualLoop::listen(const std::string& ip, uint16_t port,
                                                     std::vector<Loop*> targets,
                                                     OnAccept on_accept) {
  ASSERT(!targets.empty());
  if (port == 0) {
    do {
      port = net_.next_port_++;
    } while (net_.ports_.contains(port));
  }
  if (net_.ports_.contains(port)) {
    return Error{Errc::address_in_use, "listen on " + Address{ip, port}.text()};
  }
  ManualNet::Port opened{ip, {}, std::move(on_accept)};
  for (Loop* target : targets) opened.targets.push_back(static_cast<ManualLoop*>(target));
  net_.ports_[port] = std::move(opened);
  return std::unique_ptr<Listener>(new ManualListener(net_, port));
}

void ManualLoop::connect(const std::string& host, uint16_t port, int64_t timeout_ms,
                         OnConnect on_connect) {
  const std::string target = Address{host, port}.text();
  if (net_.silent_.contains(target)) {
    // The wait stays until it is due; nobody holds its timer.
    waits_.emplace(net_.clock_.mono() + timeout_ms * kNanosPerMilli,
                   Wait{std::make_shared<bool>(false), 0, [target, on_connect] {
                          on_connect(Error{Errc::timed_out, "connect to " + target});
                        }});
    return;
  }
  post([this, host, port, target, on_connect = std::move(on_connect)] {
    if (net_.connect(*this, host, port, on_connect)) return;
    on_connect(Error{Errc::unreachable, "connect to " + target + ": refused"});
  });
}

}  // namespace agena::io
