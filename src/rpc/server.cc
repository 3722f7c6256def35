#include "rpc/server.h"

#include <fmt/core.h>

#include <future>
#include <unordered_map>

#include "base/log.h"
#include "base/thread.h"
#include "rpc/router.h"

namespace agena::rpc {
namespace {

constexpr int64_t kSweepMs = 1000;
constexpr int64_t kDrainCheckMs = 5;
constexpr int64_t kCloseGraceMs = 6000;  // A stream gives its last bytes 5 s.

// Connections of one loop; touched on that loop only.
struct PerLoop {
  explicit PerLoop(io::Loop& l) : loop(l) {}
  io::Loop& loop;
  std::unordered_map<ConnectionId, std::shared_ptr<Connection>> connections;
  std::unique_ptr<io::Timer> sweep;
  std::unique_ptr<io::Timer> drain;
  bool closing = false;
};

}  // namespace

struct Server::Shared : ConnectionWatcher, std::enable_shared_from_this<Server::Shared> {
  Shared(io::Env& e, const Router& r, ConnectionWatcher* w, ServerOptions o)
      : env(e), router(r), watcher(w), options(std::move(o)) {}

  io::Env& env;
  const Router& router;
  ConnectionWatcher* watcher;
  ServerOptions options;
  std::vector<std::unique_ptr<io::Listener>> listeners;  // Made and ended on the first loop.
  std::vector<std::unique_ptr<PerLoop>> per_loop;        // Fixed after start().
  bool stopped = false;                                  // Owner's thread.

  mutable Mutex mutex;
  size_t open GUARDED_BY(mutex) = 0;
  std::unordered_map<std::string, size_t> open_by_ip GUARDED_BY(mutex);

  PerLoop& of(io::Loop& loop) {
    for (auto& one : per_loop) {
      if (&one->loop == &loop) return *one;
    }
    ASSERT(false, "a connection lives on one of our loops");
    return *per_loop.front();
  }

  bool admit(const std::string& ip) {
    MutexLock lock(mutex);
    size_t& from_ip = open_by_ip[ip];
    bool full =
        open >= options.limits.connections_max || from_ip >= options.limits.connections_per_ip_max;
    if (full) {
      if (from_ip == 0) open_by_ip.erase(ip);
      return false;
    }
    ++open;
    ++from_ip;
    return true;
  }

  void on_accept(io::Loop& loop, std::shared_ptr<io::Stream> stream) {
    PerLoop& mine = of(loop);
    if (mine.closing || !admit(stream->peer().ip)) {
      AGENA_LOG(warn, "rpc", "connection from {} refused: the limit of connections is reached",
                stream->peer().text());
      stream->close();
      return;
    }
    ConnectionDeps deps{loop, env.clock(), &router, this, options.limits};
    auto connection = std::make_shared<Connection>(std::move(deps), std::move(stream));
    mine.connections.emplace(connection->id(), connection);
    connection->start();
  }

  void on_connection_closed(Connection& connection) override {
    {
      MutexLock lock(mutex);
      --open;
      auto at = open_by_ip.find(connection.peer().ip);
      ASSERT(at != open_by_ip.end());
      if (--at->second == 0) open_by_ip.erase(at);
    }
    if (watcher != nullptr) watcher->on_connection_closed(connection);
    // The stream calls us from inside the connection, which must live until that call returns.
    auto& mine = of(connection.loop());
    mine.loop.post(
        [self = shared_from_this(), &mine, id = connection.id()] { mine.connections.erase(id); });
  }

  void sweep(PerLoop& mine) {
    std::vector<std::shared_ptr<Connection>> all;
    for (auto& [id, connection] : mine.connections) all.push_back(connection);
    MonoNanos now = env.clock().mono();
    for (auto& connection : all) connection->sweep(now);
  }

  void begin_drain(PerLoop& mine, int64_t drain_ms, std::shared_ptr<std::promise<void>> done) {
    for (auto& [id, connection] : mine.connections) connection->quiesce();
    MonoNanos deadline = env.clock().mono() + drain_ms * kNanosPerMilli;
    mine.drain = mine.loop.every(
        kDrainCheckMs, [self = shared_from_this(), &mine, deadline, done = std::move(done)] {
          self->drain_step(mine, deadline, *done);
        });
  }

  void drain_step(PerLoop& mine, MonoNanos deadline, std::promise<void>& done) {
    if (mine.drain == nullptr) return;
    MonoNanos now = env.clock().mono();
    if (!mine.closing) {
      for (auto& [id, connection] : mine.connections) {
        if (connection->in_flight() > 0 && now < deadline) return;
      }
      mine.closing = true;
      for (auto& [id, connection] : mine.connections) connection->close_after_send();
    }
    if (!mine.connections.empty() && now < deadline + kCloseGraceMs * kNanosPerMilli) return;
    // The timer may not be destroyed inside its own callback.
    auto timer = std::make_shared<std::unique_ptr<io::Timer>>(std::move(mine.drain));
    mine.sweep.reset();
    mine.loop.post([timer] { timer->reset(); });
    done.set_value();
  }
};

Result<std::unique_ptr<Server>> Server::start(io::Env& env, const Router& router,
                                              ConnectionWatcher* watcher, ServerOptions options) {
  auto shared = std::make_shared<Shared>(env, router, watcher, std::move(options));
  auto loops = env.loops();
  ASSERT(!loops.empty());
  for (io::Loop* loop : loops) shared->per_loop.push_back(std::make_unique<PerLoop>(*loop));
  for (auto& mine : shared->per_loop) {
    mine->loop.post([shared, one = mine.get()] {
      one->sweep = one->loop.every(kSweepMs, [weak = std::weak_ptr(shared), one] {
        if (auto self = weak.lock()) self->sweep(*one);
      });
    });
  }
  std::promise<Status> listening;
  loops.front()->post([&] {
    for (uint16_t port : shared->options.ports) {
      auto made = loops.front()->listen(
          shared->options.bind_ip, port, loops,
          [weak = std::weak_ptr(shared)](io::Loop& loop, std::shared_ptr<io::Stream> stream) {
            if (auto self = weak.lock()) self->on_accept(loop, std::move(stream));
          });
      if (!made) {
        shared->listeners.clear();
        listening.set_value(made.error());
        return;
      }
      shared->listeners.push_back(std::move(*made));
    }
    listening.set_value(ok());
  });
  Status status = listening.get_future().get();
  std::unique_ptr<Server> server(new Server(shared));
  if (!status) return status.error();
  return server;
}

Server::Server(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

Server::~Server() {
  stop(0);
}

size_t Server::connections() const {
  MutexLock lock(shared_->mutex);
  return shared_->open;
}

void Server::stop(int64_t drain_ms) {
  if (std::exchange(shared_->stopped, true)) return;
  std::promise<void> deaf;
  shared_->per_loop.front()->loop.post([&] {
    shared_->listeners.clear();
    deaf.set_value();
  });
  deaf.get_future().wait();
  std::vector<std::future<void>> drained;
  for (auto& mine : shared_->per_loop) {
    auto done = std::make_shared<std::promise<void>>();
    drained.push_back(done->get_future());
    mine->loop.post([self = shared_, one = mine.get(), drain_ms, done] {
      self->begin_drain(*one, drain_ms, done);
    });
  }
  for (auto& one : drained) one.wait();
}

}  // namespace agena::rpc
