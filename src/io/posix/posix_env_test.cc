// Goal: the real environment stops when told and ends cleanly whatever still waits in it.
// Method: real threads and signals; the sanitizers look for what was leaked or used too late.
#include <gtest/gtest.h>

#include <unistd.h>

#include <csignal>
#include <future>
#include <thread>

#include "io/env.h"

namespace agena::io {
namespace {

TEST(PosixEnv, StopEndsRunUntilStopped) {
  auto env = make_posix_env(1);
  std::thread stopper([&] { env->stop(); });
  env->run_until_stopped();
  stopper.join();
  std::promise<void> ran;
  env->loops()[0]->post([&] { ran.set_value(); });
  ran.get_future().wait();
  EXPECT_EQ(env->loops().size(), 1u) << "the loops run on until the environment ends";
}

TEST(PosixEnv, SignalsEndRunUntilStopped) {
  for (int signal : {SIGTERM, SIGINT}) {
    auto env = make_posix_env(1);
    env->stop_on_signals();
    env->stop_on_signals();  // Once is enough, twice does no harm.
    env->background().post([signal] { ::kill(::getpid(), signal); });
    env->run_until_stopped();
    EXPECT_NE(env->random(), env->random());
  }
}

TEST(PosixEnv, SignalsEndAProcessThatDidNotAsk) {
  for (int signal : {SIGTERM, SIGINT}) {
    EXPECT_EXIT(
        {
          auto env = make_posix_env(1);
          ::kill(::getpid(), signal);
          env->run_until_stopped();
        },
        ::testing::KilledBySignal(signal), "");
  }
}

TEST(PosixEnv, DropsWhatStillWaits) {
  auto held = std::make_shared<int>(0);
  {
    auto env = make_posix_env(3);
    auto loops = env->loops();
    std::promise<void> ready;
    loops[0]->post([&] {
      // Timers whose tasks own them, an accepted stream on another loop, a connection under way.
      struct Owner {
        std::shared_ptr<int> held;
        std::unique_ptr<Timer> once, always;
        std::unique_ptr<Listener> listener;
      };
      auto owner = std::make_shared<Owner>();
      owner->held = held;
      owner->once = loops[0]->after(3'600'000, [owner] {});
      owner->always = loops[0]->every(3'600'000, [owner] {});
      auto made = loops[0]->listen("127.0.0.1", 0, {loops[2], loops[1]},
                                   [held](Loop&, std::shared_ptr<Stream>) {});
      ASSERT_TRUE(made);
      uint16_t port = (*made)->port();
      owner->listener = std::move(*made);
      for (Loop* loop : loops) {
        loop->post([loop, port, held] {
          struct Silent : StreamEvents {
            explicit Silent(std::shared_ptr<int> h) : held(std::move(h)) {}
            std::shared_ptr<int> held;
            size_t on_data(Bytes) override { return 0; }
            void on_drained() override {}
            void on_closed(const Error&) override {}
          };
          loop->connect("127.0.0.1", port, 3'600'000, [held](Result<std::shared_ptr<Stream>> got) {
            if (got) (*got)->start(std::make_shared<Silent>(held));
          });
        });
      }
      loops[1]->post([owner, loops] { loops[2]->post([owner] {}); });
      ready.set_value();
    });
    ready.get_future().wait();
    for (Loop* loop : loops) loop->post([loop, held] { loop->at_turn_end([held] {}); });
    for (int n = 0; n < 1000; ++n)
      loops[size_t(n) % 3]->post([held, loops] { loops[0]->post([held] {}); });
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(PosixEnv, KnowsThisProcess) {
  EXPECT_GT(process_usage().resident_bytes, uint64_t{1} << 20);
  EXPECT_GE(process_usage().cpu_ms, 0);
  EXPECT_EQ(process_id(), ::getpid());
  auto env = make_posix_env(1);
  EXPECT_GT(env->clock().mono(), process_started());
  EXPECT_GT(env->clock().wall(), UnixMillis(1'600'000'000'000));
}

}  // namespace
}  // namespace agena::io
