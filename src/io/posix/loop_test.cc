// Goal: loops, streams, timers and listeners of the real environment keep what io/loop.h promises.
// Method: a real Env and real loopback sockets. What happened is recorded under a lock, and the
// test waits for conditions with a deadline; plain sockets play the peers that misbehave.
#include "io/loop.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include "base/log.h"
#include "io/env.h"

namespace agena::io {
namespace {

using namespace std::chrono_literals;
constexpr auto kDeadline = 20s;

template <typename F>
auto on_loop(Loop& loop, F task) {
  using R = decltype(task());
  auto done = std::make_shared<std::packaged_task<R()>>(std::move(task));
  auto result = done->get_future();
  loop.post([done] { (*done)(); });
  EXPECT_EQ(result.wait_for(kDeadline), std::future_status::ready);
  return result.get();
}

// One end of a connection: takes what `takes` says (all by default) and remembers the rest.
class End : public StreamEvents {
 public:
  explicit End(std::shared_ptr<Stream> s) : stream(std::move(s)) {}
  size_t on_data(Bytes unread) override {
    size_t taken = takes ? takes(unread) : unread.size();
    std::lock_guard lock(mutex_);
    ++shown_;
    received_.append(as_text(unread.first(taken)));
    changed_.notify_all();
    return taken;
  }
  void on_drained() override {
    std::lock_guard lock(mutex_);
    ++drained_;
    unsent_when_drained_ = stream->unsent();
    changed_.notify_all();
  }
  void on_closed(const Error& why) override {
    std::lock_guard lock(mutex_);
    ++closed_;
    why_ = why;
    changed_.notify_all();
  }

  template <typename Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kDeadline, condition);
  }
  bool wait_received(size_t bytes) {
    return wait([&] { return received_.size() >= bytes; });
  }
  bool wait_drained() {
    return wait([&] { return drained_ > 0; });
  }
  bool wait_closed() {
    return wait([&] { return closed_ > 0; });
  }
  std::string received() { return get(received_); }
  int shown() { return get(shown_); }
  int drained() { return get(drained_); }
  int closed() { return get(closed_); }
  size_t unsent_when_drained() { return get(unsent_when_drained_); }
  Error why() { return get(why_); }

  const std::shared_ptr<Stream> stream;
  std::function<size_t(Bytes)> takes;  // Set before the stream is started; runs on the loop.

 private:
  template <typename T>
  T get(const T& value) {
    std::lock_guard lock(mutex_);
    return value;
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string received_;
  int shown_ = 0, drained_ = 0, closed_ = 0;
  size_t unsent_when_drained_ = 1;
  Error why_;
};

std::string pattern(size_t bytes) {
  std::string out(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) out[i] = static_cast<char>(i * 31 + (i >> 12));
  return out;
}

// A blocking socket outside the environment.
class PlainSocket {
 public:
  PlainSocket() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {}
  ~PlainSocket() { end(); }
  void end() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  bool connect(uint16_t port) {
    sockaddr_in to = local(port);
    return ::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }
  uint16_t listen(int backlog) {
    sockaddr_in at = local(0);
    socklen_t length = sizeof at;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&at), length), 0);
    if (backlog >= 0) {
      EXPECT_EQ(::listen(fd_, backlog), 0);
    }
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &length), 0);
    return ntohs(at.sin_port);
  }
  void send(std::string_view text) {
    EXPECT_EQ(::send(fd_, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  }
  // Without a pause until the other side takes no more.
  void send_on(std::string_view text) {
    while (::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) > 0) {
    }
  }
  // All until the other side ends; nullopt when it was reset.
  std::optional<std::string> read_to_end() {
    std::string out;
    char part[65536];
    for (;;) {
      ssize_t n = ::recv(fd_, part, sizeof part, 0);
      if (n == 0) return out;
      if (n < 0) return std::nullopt;
      out.append(part, static_cast<size_t>(n));
    }
  }

 private:
  static sockaddr_in local(uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return out;
  }
  int fd_;
};

struct PosixLoopTest : ::testing::Test {
  std::unique_ptr<Env> env = make_posix_env(2);
  Loop& loop = *env->loops()[0];
  Loop& other = *env->loops()[1];

  // The accepted ends, in order.
  struct Accepted {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::pair<Loop*, std::shared_ptr<End>>> ends;
  };
  std::shared_ptr<Accepted> accepted = std::make_shared<Accepted>();
  using Prepare = std::function<void(End&)>;

  // Ends with the loop; on `loop`, so that accepted ends live there unless targets say otherwise.
  uint16_t listen(Prepare prepare = {}, std::vector<Loop*> targets = {},
                  const std::string& ip = "127.0.0.1", uint16_t port = 0) {
    if (targets.empty()) targets = {&loop};
    return on_loop(loop, [&] {
      auto made = loop.listen(ip, port, targets,
                              [prepare, all = accepted](Loop& at, std::shared_ptr<Stream> stream) {
                                EXPECT_TRUE(at.on_this_thread());
                                auto end = std::make_shared<End>(std::move(stream));
                                if (prepare) prepare(*end);
                                end->stream->start(end);
                                std::lock_guard lock(all->mutex);
                                all->ends.emplace_back(&at, end);
                                all->changed.notify_all();
                              });
      EXPECT_TRUE(made) << describe(made.error());
      listener = std::move(*made);
      return listener->port();
    });
  }
  std::shared_ptr<End> accepted_end(size_t n = 0) {
    std::unique_lock lock(accepted->mutex);
    bool came =
        accepted->changed.wait_for(lock, kDeadline, [&] { return accepted->ends.size() > n; });
    EXPECT_TRUE(came);
    return came ? accepted->ends[n].second : nullptr;
  }
  size_t accepted_count() {
    std::lock_guard lock(accepted->mutex);
    return accepted->ends.size();
  }
  Result<std::shared_ptr<Stream>> try_connect(Loop& from, const std::string& host, uint16_t port,
                                              int64_t timeout_ms = 10'000) {
    using Outcome = Result<std::shared_ptr<Stream>>;
    auto outcome = std::make_shared<std::promise<Outcome>>();
    auto result = outcome->get_future();
    from.post([&from, host, port, timeout_ms, outcome] {
      auto inside = std::make_shared<bool>(true);
      from.connect(host, port, timeout_ms, [&from, outcome, inside](Outcome got) {
        EXPECT_TRUE(from.on_this_thread());
        EXPECT_FALSE(*inside) << "the outcome is posted";
        outcome->set_value(std::move(got));
      });
      *inside = false;
    });
    EXPECT_EQ(result.wait_for(kDeadline), std::future_status::ready);
    return result.get();
  }
  std::shared_ptr<End> connect(uint16_t port, Prepare prepare = {}) {
    auto stream = try_connect(other, "127.0.0.1", port);
    if (!stream) {
      ADD_FAILURE() << describe(stream.error());
      return nullptr;
    }
    auto end = std::make_shared<End>(*stream);
    if (prepare) prepare(*end);
    on_loop(other, [&] { end->stream->start(end); });
    return end;
  }
  static void send(Loop& from, End& end, std::string_view text) {
    on_loop(from, [&] { end.stream->out().append(text); });
  }

  std::unique_ptr<Listener> listener;
  ~PosixLoopTest() override {
    on_loop(loop, [&] { listener.reset(); });
  }
};

// Frames: one length byte and that many more. Echoes whole frames.
size_t echo_frames(End& end, Bytes unread) {
  size_t taken = 0;
  while (taken < unread.size()) {
    size_t frame = 1 + static_cast<size_t>(unread[taken]);
    if (unread.size() - taken < frame) break;
    end.stream->out().append(unread.subspan(taken, frame));
    taken += frame;
  }
  return taken;
}

TEST_F(PosixLoopTest, EchoesFramesThatComeInPieces) {
  uint16_t port = listen(
      [](End& end) { end.takes = [&end](Bytes unread) { return echo_frames(end, unread); }; });
  auto client = connect(port);
  std::string sent;
  for (int n = 0; n < 200; ++n) {
    size_t length = static_cast<size_t>(n * 7 % 250);
    sent += static_cast<char>(length) + std::string(length, static_cast<char>('a' + n % 26));
  }
  for (size_t at = 0, piece = 1; at < sent.size(); at += piece, piece = piece * 3 % 101 + 1) {
    send(other, *client, std::string_view(sent).substr(at, piece));
  }
  ASSERT_TRUE(client->wait_received(sent.size()));
  EXPECT_EQ(client->received(), sent);
}

TEST_F(PosixLoopTest, KeepsALongRestUntilItIsTaken) {
  std::string sent = pattern(5 << 20);
  uint16_t port = listen([&](End& end) {
    end.takes = [&sent](Bytes unread) { return unread.size() < sent.size() ? 0 : unread.size(); };
  });
  auto client = connect(port);
  send(other, *client, sent);
  auto server = accepted_end();
  ASSERT_TRUE(server->wait_received(sent.size()));
  EXPECT_TRUE(server->received() == sent);
  EXPECT_GT(server->shown(), 10) << "it was shown each time that more had come";
}

TEST_F(PosixLoopTest, ABigWriteWaitsForTheReaderAndThenTellsDrained) {
  std::string sent = pattern(32 << 20);
  auto client = connect(listen(), [](End& end) { end.stream->pause_reading(); });
  auto server = accepted_end();
  send(loop, *server, sent);
  size_t unsent = sent.size();
  while (unsent == sent.size()) {  // Until that turn has ended.
    unsent = on_loop(loop, [&] { return server->stream->unsent(); });
  }
  EXPECT_GT(unsent, size_t{0});
  EXPECT_EQ(server->drained(), 0);
  on_loop(other, [&] { client->stream->resume_reading(); });
  ASSERT_TRUE(client->wait_received(sent.size()));
  ASSERT_TRUE(server->wait_drained());
  EXPECT_EQ(server->unsent_when_drained(), 0u);
  EXPECT_TRUE(client->received() == sent);
  send(loop, *server, "small");
  ASSERT_TRUE(client->wait_received(sent.size() + 5));
  on_loop(loop, [] {});
  EXPECT_EQ(server->drained(), 1) << "a write that the socket took at once is no news";
}

TEST_F(PosixLoopTest, APausedOwnerHearsThatItsOutputIsGoneEvenInOneWrite) {
  auto client = connect(listen());
  auto server = accepted_end();
  on_loop(loop, [&] { server->stream->pause_reading(); });
  send(loop, *server, "small");
  ASSERT_TRUE(server->wait_drained());
  EXPECT_EQ(server->unsent_when_drained(), 0u);
  ASSERT_TRUE(client->wait_received(5));
}

TEST_F(PosixLoopTest, TurnEndHooksRunBeforeAnythingIsSent) {
  std::shared_ptr<End> server;
  uint16_t port = listen();
  auto client = connect(port);
  server = accepted_end();
  auto wrote = std::make_shared<bool>(false);
  on_loop(loop, [&] {
    loop.at_turn_end([server, wrote] {
      if (*wrote) server->stream->out().append("1");
    });
    loop.at_turn_end([server, wrote] {
      if (std::exchange(*wrote, false)) server->stream->out().append("2");
    });
  });
  on_loop(loop, [&] {
    server->stream->out().append("first,");
    *wrote = true;
  });
  ASSERT_TRUE(client->wait_received(8));
  EXPECT_EQ(client->received(), "first,12");
  EXPECT_EQ(client->shown(), 1) << "one send a turn";
}

TEST_F(PosixLoopTest, APausedStreamShowsNothingAndResumingShowsTheRestFromTheLoop) {
  auto may_take = std::make_shared<std::atomic<bool>>(false);
  uint16_t port = listen([may_take](End& end) {
    end.takes = [&end, may_take](Bytes unread) -> size_t {
      if (*may_take) return unread.size();
      end.stream->pause_reading();
      return 3;
    };
  });
  auto client = connect(port);
  send(other, *client, "abcdef");
  auto server = accepted_end();
  ASSERT_TRUE(server->wait_received(3));
  send(other, *client, "ghi");
  on_loop(loop, [] {});
  EXPECT_EQ(server->received(), "abc");
  EXPECT_EQ(server->shown(), 1);
  *may_take = true;
  on_loop(loop, [&] {
    for (int n = 0; n < 10; ++n) {
      server->stream->resume_reading();
      server->stream->pause_reading();
    }
    server->stream->resume_reading();
    EXPECT_EQ(server->received(), "abc") << "not from inside resume_reading()";
  });
  ASSERT_TRUE(server->wait_received(9));
  EXPECT_EQ(server->received(), "abcdefghi");
}

TEST_F(PosixLoopTest, PausingAndResumingInsideOnDataLosesNothing) {
  uint16_t port = listen([](End& end) {
    end.takes = [&end](Bytes) -> size_t {
      end.stream->pause_reading();
      end.stream->resume_reading();
      return 1;
    };
  });
  auto client = connect(port);
  send(other, *client, "abcdef");
  auto server = accepted_end();
  ASSERT_TRUE(server->wait_received(6)) << server->received();
  EXPECT_EQ(server->received(), "abcdef");
}

TEST_F(PosixLoopTest, ThePeersCloseIsToldOnce) {
  auto client = connect(listen());
  auto server = accepted_end();
  send(other, *client, "bye");
  ASSERT_TRUE(server->wait_received(3));
  on_loop(other, [&] { client->stream->close(); });
  ASSERT_TRUE(server->wait_closed());
  ASSERT_TRUE(client->wait_closed());
  EXPECT_EQ(server->received(), "bye");
  EXPECT_EQ(server->why().code, Errc::unreachable);
  EXPECT_EQ(client->why().code, Errc::not_open);
  on_loop(loop, [&] {
    server->stream->close();
    server->stream->out().append("into nothing");
    EXPECT_LE(server->stream->unsent(), 12u);
  });
  on_loop(loop, [] {});
  EXPECT_EQ(server->closed(), 1);
}

TEST_F(PosixLoopTest, CloseComesFromTheLoopAndNotFromTheCall) {
  uint16_t port = listen([](End& end) {
    end.takes = [&end](Bytes unread) {
      end.stream->close();
      end.stream->close();
      EXPECT_EQ(end.closed(), 0);
      return unread.size();
    };
  });
  auto client = connect(port);
  send(other, *client, "x");
  auto server = accepted_end();
  ASSERT_TRUE(server->wait_closed());
  ASSERT_TRUE(client->wait_closed());
  on_loop(loop, [] {});
  EXPECT_EQ(server->closed(), 1);
  EXPECT_EQ(client->closed(), 1);
}

TEST_F(PosixLoopTest, CloseAfterSendDeliversAllOfIt) {
  std::string sent = pattern(8 << 20);
  auto client = connect(listen(), [](End& end) { end.stream->pause_reading(); });
  auto server = accepted_end();
  on_loop(loop, [&] {
    server->stream->out().append(sent);
    server->stream->close_after_send();
  });
  on_loop(other, [&] { client->stream->resume_reading(); });
  ASSERT_TRUE(client->wait_closed());
  ASSERT_TRUE(server->wait_closed());
  EXPECT_TRUE(client->received() == sent);
  EXPECT_EQ(server->drained(), 0) << "nobody writes to a stream that closes";
}

TEST_F(PosixLoopTest, CloseAfterSendIsNoResetWhenThePeerHadSentMore) {
  uint16_t port = listen([](End& end) { end.stream->pause_reading(); });
  PlainSocket client;
  ASSERT_TRUE(client.connect(port));
  client.send(pattern(100'000));
  auto server = accepted_end();
  on_loop(loop, [&] {
    server->stream->out().append("the answer");
    server->stream->close_after_send();
  });
  EXPECT_EQ(client.read_to_end(), "the answer");
}

// As producers do that are told to stop: what was stored must be told, whatever still comes.
TEST_F(PosixLoopTest, CloseAfterSendIsNoResetWhileThePeerGoesOnSending) {
  uint16_t port = listen([](End& end) { end.stream->pause_reading(); });
  PlainSocket client;
  ASSERT_TRUE(client.connect(port));
  auto server = accepted_end();
  std::thread sender([&] { client.send_on(pattern(100'000)); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // Megabytes lie unread.
  const std::string answer = pattern(1 << 20);
  on_loop(loop, [&] {
    server->stream->out().append(answer);
    server->stream->close_after_send();
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_TRUE(client.read_to_end() == answer);
  EXPECT_TRUE(server->wait_closed());
  sender.join();
}

TEST_F(PosixLoopTest, CloseAfterSendGivesUpOnAPeerThatDoesNotRead) {
  PlainSocket client;
  ASSERT_TRUE(client.connect(listen()));
  auto server = accepted_end();
  auto begin = env->clock().mono();
  on_loop(loop, [&] {
    server->stream->out().append(pattern(64 << 20));
    server->stream->close_after_send();
  });
  ASSERT_TRUE(server->wait_closed());
  EXPECT_GE(env->clock().mono() - begin, 4'900 * kNanosPerMilli);
}

TEST_F(PosixLoopTest, TimersFireInOrderAndNotWhenCancelled) {
  std::vector<int> fired;
  std::promise<void> last;
  std::vector<std::unique_ptr<Timer>> timers;
  on_loop(loop, [&] {
    timers.push_back(loop.after(30, [&] {
      fired.push_back(3);
      last.set_value();
    }));
    timers.push_back(loop.after(1, [&] { fired.push_back(1); }));
    timers.push_back(loop.after(10, [&] {
      fired.push_back(2);
      timers[3].reset();
      timers[2].reset();  // Itself, while it runs.
    }));
    timers.push_back(loop.after(20, [&] { fired.push_back(-1); }));
    loop.after(0, [&] { fired.push_back(-2); });
  });
  ASSERT_EQ(last.get_future().wait_for(kDeadline), std::future_status::ready);
  on_loop(loop, [&] { timers.clear(); });
  EXPECT_EQ(fired, (std::vector<int>{1, 2, 3}));
}

TEST_F(PosixLoopTest, AFineTimerIsNeitherEarlyNorRoundedToMilliseconds) {
  // The best of many, so that a busy machine does not fail it.
  constexpr int64_t kDelayNs = 50'000;
  int64_t best = INT64_MAX;
  int left = 200;
  std::promise<void> over;
  std::unique_ptr<Timer> timer;
  MonoNanos set_at;
  std::function<void()> again = [&] {
    if (left < 200) best = std::min(best, env->clock().mono() - set_at);
    if (--left == 0) {
      over.set_value();
      return;
    }
    set_at = env->clock().mono();
    timer = loop.after_ns(kDelayNs, again);
  };
  loop.post(again);
  ASSERT_EQ(over.get_future().wait_for(kDeadline), std::future_status::ready);
  on_loop(loop, [&] { timer.reset(); });
  EXPECT_GE(best, kDelayNs);
  EXPECT_LT(best, kNanosPerMilli);
}

TEST_F(PosixLoopTest, PeriodsDoNotPileUpBehindASlowTask) {
  int fired = 0;
  std::unique_ptr<Timer> timer;
  on_loop(loop, [&] { timer = loop.every(2, [&] { ++fired; }); });
  auto busy_until = env->clock().mono() + 200 * kNanosPerMilli;
  int before = on_loop(loop, [&] {
    while (env->clock().mono() < busy_until) {
    }
    return fired;
  });
  std::promise<int> soon;
  std::unique_ptr<Timer> check;
  on_loop(loop, [&] { check = loop.after(1, [&] { soon.set_value(fired); }); });
  int after = soon.get_future().get();
  EXPECT_LE(after - before, 30) << "about 100 periods were missed and are gone";
  std::promise<void> again;
  on_loop(loop, [&] {
    timer = loop.every(1, [&, left = 5]() mutable {
      if (--left == 0) again.set_value();
    });
  });
  EXPECT_EQ(again.get_future().wait_for(kDeadline), std::future_status::ready);
  on_loop(loop, [&] {
    timer.reset();
    check.reset();
  });
}

TEST_F(PosixLoopTest, TasksFromOtherThreadsRunOnTheLoopInTheirOrder) {
  constexpr int kThreads = 4, kTasks = 10'000;
  std::vector<int> next(kThreads, 0);
  int out_of_order = 0, elsewhere = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int n = 0; n < kTasks; ++n) {
        loop.post([&, t, n] {
          if (next[static_cast<size_t>(t)]++ != n) ++out_of_order;
          if (!loop.on_this_thread() || other.on_this_thread()) ++elsewhere;
        });
      }
    });
  }
  for (auto& thread : threads) thread.join();
  on_loop(loop, [] {});
  EXPECT_EQ(next, std::vector<int>(kThreads, kTasks));
  EXPECT_EQ(out_of_order, 0);
  EXPECT_EQ(elsewhere, 0);
  EXPECT_FALSE(loop.on_this_thread());
}

TEST_F(PosixLoopTest, ConnectionsAreSpreadOverTheTargets) {
  uint16_t port = listen({}, {&loop, &other});
  std::vector<std::shared_ptr<End>> clients;
  for (int n = 0; n < 6; ++n) clients.push_back(connect(port));
  accepted_end(5);
  std::lock_guard lock(accepted->mutex);
  EXPECT_EQ(std::count_if(accepted->ends.begin(), accepted->ends.end(),
                          [&](auto& end) { return end.first == &loop; }),
            3);
}

TEST_F(PosixLoopTest, RefusedConnectionsNameTheAddress) {
  PlainSocket bound_only;
  uint16_t port = bound_only.listen(-1);
  auto result = try_connect(other, "127.0.0.1", port);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::unreachable);
  EXPECT_NE(result.error().text.find("127.0.0.1:" + std::to_string(port)), std::string::npos);
}

TEST_F(PosixLoopTest, ConnectingTimesOut) {
  // A listener whose queue is full drops further requests to connect.
  PlainSocket deaf;
  uint16_t port = deaf.listen(0);
  std::vector<std::shared_ptr<Stream>> queued;
  for (int n = 0; n < 8; ++n) {
    auto result = try_connect(other, "127.0.0.1", port, 100);
    if (result) {
      queued.push_back(*result);
      continue;
    }
    EXPECT_EQ(result.error().code, Errc::timed_out);
    return;
  }
  FAIL() << "the queue took every connection";
}

TEST_F(PosixLoopTest, NamesAreResolved) {
  uint16_t port = listen();
  auto result = try_connect(other, "localhost", port);
  ASSERT_TRUE(result) << describe(result.error());
  EXPECT_EQ((*result)->peer().port, port);
  EXPECT_TRUE((*result)->peer().is_loopback());
}

TEST_F(PosixLoopTest, AddressesOfBothFamiliesAreShownInTheirOwnForm) {
  uint16_t port = listen({}, {}, "::");
  auto six = try_connect(other, "::1", port);
  ASSERT_TRUE(six) << describe(six.error());
  EXPECT_EQ((*six)->peer().text(), "[::1]:" + std::to_string(port));
  EXPECT_EQ(accepted_end(0)->stream->peer().ip, "::1");
  auto four = try_connect(other, "127.0.0.1", port);
  ASSERT_TRUE(four) << describe(four.error());
  EXPECT_EQ(accepted_end(1)->stream->peer().ip, "127.0.0.1") << "not ::ffff:127.0.0.1";
  EXPECT_EQ(accepted_end(1)->stream->peer().port, (*four)->local().port);
}

TEST_F(PosixLoopTest, ListeningSaysWhyNot) {
  uint16_t port = listen();
  auto refuse = [](Loop&, std::shared_ptr<Stream>) {};
  on_loop(other, [&] {
    auto taken = other.listen("127.0.0.1", port, {&other}, refuse);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, Errc::address_in_use);
    auto no_ip = other.listen("not-an-ip", 0, {&other}, refuse);
    ASSERT_FALSE(no_ip);
    EXPECT_EQ(no_ip.error().code, Errc::bad_config);
  });
  on_loop(loop, [&] { listener.reset(); });
  EXPECT_FALSE(try_connect(other, "127.0.0.1", port)) << "it has stopped accepting";
}

TEST_F(PosixLoopTest, WithoutDescriptorsAcceptingWaitsAndGoesOn) {
  uint16_t port = listen();
  PlainSocket client;
  auto turns = std::make_shared<int>(0);  // Hooks outlive the test.
  on_loop(loop, [&] { loop.at_turn_end([turns] { ++*turns; }); });
  auto turns_after = [&](int64_t ms) {
    std::promise<int> waited;
    std::unique_ptr<Timer> timer;
    on_loop(loop, [&] { timer = loop.after(ms, [&] { waited.set_value(*turns); }); });
    int out = waited.get_future().get();
    on_loop(loop, [&] { timer.reset(); });
    return out;
  };
  // The undefined behaviour sanitizer needs descriptors when it first meets a type: so everything
  // is done once before, and no line is logged.
  connect(port);
  accepted_end(0);
  int turns_before = turns_after(1);
  set_log_level(LogLevel::error);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  int lowest_free = ::dup(0);
  ASSERT_GE(lowest_free, 0);
  ::close(lowest_free);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(lowest_free);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_TRUE(client.connect(port));
  int turns_then = turns_after(250);
  EXPECT_EQ(accepted_count(), 1u);
  EXPECT_LT(turns_then - turns_before, 20) << "it does not spin";
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  set_log_level(LogLevel::info);
  auto server = accepted_end(1);
  send(loop, *server, "hello");
  on_loop(loop, [&] { server->stream->close_after_send(); });
  EXPECT_EQ(client.read_to_end(), "hello");
}

TEST_F(PosixLoopTest, AReadingStreamLivesWithoutItsOwner) {
  uint16_t port = listen();
  auto client = connect(port);
  {
    std::lock_guard lock(accepted->mutex);
    accepted->ends.clear();
  }
  auto stream = std::weak_ptr(client->stream);
  auto end = std::weak_ptr(client);
  client.reset();
  EXPECT_FALSE(stream.expired());
  on_loop(other, [&] { stream.lock()->close(); });
  on_loop(other, [] {});
  on_loop(other, [] {});
  EXPECT_TRUE(end.expired()) << "after on_closed nothing holds the owner";
}

}  // namespace
}  // namespace agena::io
