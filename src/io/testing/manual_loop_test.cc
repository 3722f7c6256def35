// Goal: manual loops behave as the real ones do, as far as rpc/ and servers can see.
// Method: the same promises of io/loop.h as posix/loop_test.cc, told by a clock that stands.
#include "io/testing/manual_loop.h"

#include <gtest/gtest.h>

namespace agena::io {
namespace {

struct End : StreamEvents {
  explicit End(std::shared_ptr<Stream> s) : stream(std::move(s)) {}
  size_t on_data(Bytes unread) override {
    size_t taken = takes ? takes(unread) : unread.size();
    shown.push_back(std::string(as_text(unread)));
    received.append(as_text(unread.first(taken)));
    return taken;
  }
  void on_drained() override { ++drained; }
  void on_closed(const Error& why) override { closed.push_back(why.code); }

  std::shared_ptr<Stream> stream;
  std::function<size_t(Bytes)> takes;
  std::vector<std::string> shown;
  std::string received;
  int drained = 0;
  std::vector<Errc> closed;
};

struct ManualLoopTest : ::testing::Test {
  ManualClock clock;
  ManualNet net{clock};
  ManualLoop near{net}, far{net};
  std::vector<std::shared_ptr<End>> accepted;
  std::unique_ptr<Listener> listener;

  uint16_t listen(const std::string& ip = "127.0.0.1", uint16_t port = 0) {
    auto made = far.listen(ip, port, {&far}, [this](Loop& at, std::shared_ptr<Stream> stream) {
      EXPECT_EQ(&at, &far);
      EXPECT_TRUE(far.on_this_thread() && !near.on_this_thread());
      accepted.push_back(std::make_shared<End>(std::move(stream)));
      accepted.back()->stream->start(accepted.back());
    });
    EXPECT_TRUE(made);
    listener = std::move(*made);
    return listener->port();
  }
  std::shared_ptr<End> connect(uint16_t port) {
    std::shared_ptr<End> out;
    near.connect("localhost", port, 1000, [&](Result<std::shared_ptr<Stream>> got) {
      ASSERT_TRUE(got);
      out = std::make_shared<End>(*got);
      out->stream->start(out);
    });
    EXPECT_EQ(out, nullptr) << "the outcome comes from the loop";
    net.run_ready();
    return out;
  }
};

TEST_F(ManualLoopTest, RunsTasksTimersAndHooksInTheirOrder) {
  std::string trace;
  near.at_turn_end([&] { trace += '|'; });
  near.post([&] {
    trace += 'a';
    near.post([&] { trace += 'c'; });
  });
  near.post([&] { trace += 'b'; });
  auto late = near.after(20, [&] { trace += '2'; });
  auto soon = near.after(10, [&] { trace += '1'; });
  auto never = near.after(15, [&] { trace += 'x'; });
  never.reset();
  EXPECT_EQ(near.run_ready(), 3);
  EXPECT_EQ(trace, "ab|c|");
  near.advance(30);
  EXPECT_EQ(trace, "ab|c|1|2|");
  EXPECT_EQ(near.run_ready(), 0);
}

TEST_F(ManualLoopTest, TimersSeeTheTimeAtWhichTheyAreDue) {
  std::vector<int64_t> at;
  auto begin = clock.mono();
  auto timer = near.every(100, [&] { at.push_back((clock.mono() - begin) / kNanosPerMilli); });
  auto wall = clock.wall();
  net.advance(350);
  EXPECT_EQ(at, (std::vector<int64_t>{100, 200, 300}));
  EXPECT_EQ(clock.wall() - wall, 350);
  clock.advance_ms(1000);
  net.run_ready();
  EXPECT_EQ(at.size(), 4u) << "missed periods do not pile up";
  net.advance(50);
  EXPECT_EQ(at.back(), 1400) << "and the later ones keep their times";
  timer.reset();
  net.advance(1000);
  EXPECT_EQ(at.size(), 5u);
}

TEST_F(ManualLoopTest, EchoesInPieces) {
  net.set_piece_bytes(3);
  auto client = connect(listen());
  ASSERT_EQ(accepted.size(), 1u);
  auto& server = *accepted[0];
  EXPECT_EQ(server.stream->peer().text(), client->stream->local().text());
  server.takes = [&](Bytes unread) -> size_t {
    if (unread.size() < 4) return 0;
    server.stream->out().append(unread.first(4));
    return 4;
  };
  client->stream->out().append("abcdefgh");
  net.run_ready();
  EXPECT_EQ(server.shown, (std::vector<std::string>{"abc", "abcdef", "efgh"}));
  EXPECT_EQ(client->received, "abcdefgh");
}

TEST_F(ManualLoopTest, WhatTheTestItselfWritesArrivesInTheSameRun) {
  auto end = connect(listen());
  accepted[0]->stream->out().append("to the loop that comes first");
  net.run_ready();
  EXPECT_EQ(end->received, "to the loop that comes first");
}

TEST_F(ManualLoopTest, AFullWindowHoldsTheSenderBack) {
  net.set_window_bytes(10);
  auto client = connect(listen());
  auto& server = *accepted[0];
  server.stream->pause_reading();
  client->stream->out().append(std::string(25, 'x'));
  net.run_ready();
  EXPECT_EQ(client->stream->unsent(), 15u);
  EXPECT_EQ(client->drained, 0);
  server.stream->resume_reading();
  net.run_ready();
  EXPECT_EQ(client->stream->unsent(), 0u);
  EXPECT_EQ(client->drained, 1);
  EXPECT_EQ(server.received.size(), 25u);
}

TEST_F(ManualLoopTest, APausedOwnerHearsThatItsOutputIsGone) {
  auto client = connect(listen());
  client->stream->out().append("one");
  net.run_ready();
  EXPECT_EQ(client->drained, 0) << "nobody waits for it";
  client->stream->pause_reading();
  client->stream->out().append("two");
  net.run_ready();
  EXPECT_EQ(client->drained, 1);
}

TEST_F(ManualLoopTest, WhatAPausedOwnerLeftIsShownAgain) {
  auto client = connect(listen());
  auto& server = *accepted[0];
  server.takes = [&](Bytes) -> size_t {
    server.stream->pause_reading();
    return 1;
  };
  client->stream->out().append("abc");
  net.run_ready();
  EXPECT_EQ(server.received, "a");
  server.stream->resume_reading();
  EXPECT_EQ(server.received, "a");
  net.run_ready();
  EXPECT_EQ(server.received, "ab");
}

TEST_F(ManualLoopTest, BothSidesHearOfTheEndOnce) {
  auto client = connect(listen());
  auto& server = *accepted[0];
  server.stream->out().append("bye");
  server.stream->close_after_send();
  EXPECT_TRUE(server.closed.empty());
  net.run_ready();
  EXPECT_EQ(client->received, "bye");
  EXPECT_EQ(client->closed, std::vector<Errc>{Errc::unreachable});
  EXPECT_EQ(server.closed, std::vector<Errc>{Errc::not_open});
  client->stream->close();
  client->stream->out().append("into nothing");
  net.run_ready();
  EXPECT_EQ(client->closed.size(), 1u);
  EXPECT_EQ(near.streams() + far.streams(), 0u);
}

TEST_F(ManualLoopTest, CloseAfterSendGivesUpAfterFiveSeconds) {
  net.set_window_bytes(2);
  auto client = connect(listen());
  client->stream->pause_reading();
  accepted[0]->stream->out().append("never read");
  accepted[0]->stream->close_after_send();
  net.advance(4'999);
  EXPECT_TRUE(accepted[0]->closed.empty());
  net.advance(1);
  EXPECT_EQ(accepted[0]->closed.size(), 1u);
}

TEST_F(ManualLoopTest, ConnectingFailsAsItDoesOnSockets) {
  std::vector<Errc> errors;
  auto remember = [&](Result<std::shared_ptr<Stream>> got) {
    errors.push_back(got ? Errc::ok : got.error().code);
  };
  near.connect("nobody", 1, 1000, remember);
  net.run_ready();
  EXPECT_EQ(errors, std::vector<Errc>{Errc::unreachable});
  uint16_t port = listen("0.0.0.0", 9876);
  net.set_silent("broker-a", port, true);
  near.connect("broker-a", port, 1000, remember);
  net.advance(999);
  EXPECT_EQ(errors.size(), 1u);
  net.advance(1);
  EXPECT_EQ(errors.back(), Errc::timed_out);
  net.set_silent("broker-a", port, false);
  near.connect("broker-a", port, 1000, remember);
  net.run_ready();
  EXPECT_EQ(errors.back(), Errc::ok);
  EXPECT_FALSE(near.listen("0.0.0.0", port, {&near}, [](Loop&, std::shared_ptr<Stream>) {}));
  listener.reset();
  near.connect("broker-a", port, 1000, remember);
  net.run_ready();
  EXPECT_EQ(errors.back(), Errc::unreachable);
}

TEST_F(ManualLoopTest, ALoopsEndDropsItsTasksAndEndsItsConnections) {
  auto held = std::make_shared<int>();
  uint16_t port = listen();
  {
    ManualLoop third(net);
    auto end = std::make_shared<std::shared_ptr<End>>();
    third.connect("127.0.0.1", port, 1000, [end](Result<std::shared_ptr<Stream>> got) {
      ASSERT_TRUE(got);
      *end = std::make_shared<End>(*got);
      (*end)->stream->start(*end);
    });
    net.run_ready();
    third.post([held, end] {});
    (*end).reset();
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
  net.run_ready();
  EXPECT_EQ(accepted.at(0)->closed, std::vector<Errc>{Errc::unreachable});
}

}  // namespace
}  // namespace agena::io
