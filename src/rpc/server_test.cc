// Goal: a server takes as many connections as it may, on several loops, and stops without losing an
// answer.
// Method: the real environment and loopback sockets, as loops on threads are the matter here; the
// test waits for what happens, with a deadline.
#include "rpc/server.h"

#include <chrono>
#include <future>
#include <set>

#include "base/thread.h"
#include "rpc/client.h"
#include "rpc/testing/rpc_world.h"

namespace agena::rpc {
namespace {

using namespace rpc::testing;
using namespace std::chrono_literals;
constexpr auto kDeadline = 20s;

class ServerTest : public ::testing::Test, public ConnectionWatcher {
 protected:
  void SetUp() override {
    set_log_level(LogLevel::error);
    router.on<Echo>([this](Call& call, const Echo& request) {
      {
        MutexLock lock(mutex);
        loops.insert(&call.connection().loop());
      }
      call.reply_with(EchoReply{.text = request.text}, call.body());
      return ok();
    });
    router.on<Hang>([this](Call& call, const Hang&) {
      held.set_value(call.defer());
      return ok();
    });
  }
  void TearDown() override {
    clients.clear();
    server.reset();
  }

  // A port that is free now.
  uint16_t free_port() {
    std::promise<uint16_t> out;
    io::Loop* loop = env->loops().front();
    loop->post([&] {
      auto made = loop->listen("127.0.0.1", 0, {loop}, [](io::Loop&, auto) {});
      out.set_value(made ? (*made)->port() : 0);
    });
    return out.get_future().get();
  }
  Status start(Limits limits = {}) {
    port = free_port();
    second_port = free_port();
    auto made =
        Server::start(*env, router, this,
                      {.bind_ip = "127.0.0.1", .ports = {port, second_port}, .limits = limits});
    if (!made) return made.error();
    server = std::move(*made);
    return ok();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port); }
  Client& new_client() {
    clients.push_back(std::make_unique<Client>(env->background(), env->clock()));
    return *clients.back();
  }
  template <wire::Request R>
  std::future<std::string> ask(Client& client, const R& request, const std::string& where) {
    auto done = std::make_shared<std::promise<std::string>>();
    client.request(where, request, as_bytes(std::string_view("body")), 10'000,
                   [done](Result<Response> got) {
                     done->set_value(got ? std::string(as_text(got->body)) : describe(got.error()));
                   });
    return done->get_future();
  }
  std::string echo(Client& client) { return wait(ask(client, Echo{.text = "a"}, address())); }
  static std::string wait(std::future<std::string> answer) {
    EXPECT_EQ(answer.wait_for(kDeadline), std::future_status::ready);
    return answer.get();
  }
  void on_connection_closed(Connection&) override {
    MutexLock lock(mutex);
    ++closed;
  }
  // Asks with new clients until one is served: the server learns of a close a little later.
  bool is_served_again() {
    for (int i = 0; i < 1'000; ++i) {
      Client& client = new_client();
      if (echo(client) == "body") return true;
      clients.pop_back();
    }
    return false;
  }

  std::unique_ptr<io::Env> env = io::make_posix_env(2);
  Router router;
  uint16_t port = 0, second_port = 0;
  std::promise<Responder> held;
  Mutex mutex;
  std::set<io::Loop*> loops GUARDED_BY(mutex);
  int closed GUARDED_BY(mutex) = 0;
  std::unique_ptr<Server> server;
  std::vector<std::unique_ptr<Client>> clients;
};

TEST_F(ServerTest, ServesBothPortsOnAllLoops) {
  ASSERT_TRUE(start());
  for (int i = 0; i < 4; ++i) EXPECT_EQ(echo(new_client()), "body");
  EXPECT_EQ(wait(ask(*clients[0], Echo{.text = "a"}, "127.0.0.1:" + std::to_string(second_port))),
            "body");
  EXPECT_EQ(server->connections(), 5u);
  MutexLock lock(mutex);
  EXPECT_EQ(loops.size(), 2u);
}

TEST_F(ServerTest, TakesNoMoreConnectionsThanItMay) {
  ASSERT_TRUE(start({.connections_max = 3}));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(echo(new_client()), "body");
  EXPECT_NE(echo(new_client()), "body");
  EXPECT_EQ(server->connections(), 3u);
  EXPECT_EQ(echo(*clients[0]), "body") << "those within are not disturbed";
  clients.erase(clients.begin());
  EXPECT_TRUE(is_served_again());
}

TEST_F(ServerTest, TakesNoMoreConnectionsFromOneAddressThanItMay) {
  ASSERT_TRUE(start({.connections_per_ip_max = 2}));
  for (int i = 0; i < 2; ++i) EXPECT_EQ(echo(new_client()), "body");
  EXPECT_NE(echo(new_client()), "body");
  clients.erase(clients.begin());
  EXPECT_TRUE(is_served_again());
}

TEST_F(ServerTest, SaysWhenAPortIsTaken) {
  ASSERT_TRUE(start());
  auto second = Server::start(*env, router, nullptr, {.ports = {port}, .limits = {}});
  ASSERT_FALSE(second);
  EXPECT_NE(describe(second.error()).find(std::to_string(port)), std::string::npos);
  EXPECT_EQ(echo(new_client()), "body");
}

TEST_F(ServerTest, StopWaitsForWhatWasTaken) {
  ASSERT_TRUE(start());
  Client& client = new_client();
  auto answer = ask(client, Hang{}, address());
  Responder late = held.get_future().get();
  std::unique_ptr<io::Timer> timer;
  env->background().post([&] {
    timer = env->background().after(
        50, [late] { late.reply(0, {}, as_bytes(std::string_view("in the end"))); });
  });
  server->stop(10'000);
  EXPECT_EQ(wait(std::move(answer)), "in the end");
  EXPECT_EQ(server->connections(), 0u);
  EXPECT_NE(echo(new_client()), "body") << "nobody listens any more";
  MutexLock lock(mutex);
  EXPECT_EQ(closed, 1);
}

TEST_F(ServerTest, StopDoesNotWaitForEver) {
  ASSERT_TRUE(start());
  auto answer = ask(new_client(), Hang{}, address());
  Responder late = held.get_future().get();
  server->stop(20);
  EXPECT_EQ(server->connections(), 0u);
  late.reply(0, {});
  EXPECT_NE(wait(std::move(answer)), "body");
}

TEST_F(ServerTest, StopsTwiceAndWithoutConnections) {
  ASSERT_TRUE(start());
  server->stop();
  server->stop();
  EXPECT_EQ(server->connections(), 0u);
}

}  // namespace
}  // namespace agena::rpc
