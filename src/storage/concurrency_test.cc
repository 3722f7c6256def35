// Goal: loops that append, commit, read, delete and wait at once disturb each other nowhere; tens
// of thousands of queues cost neither descriptors nor a long start.
// Method: real loops and files in a temporary directory; meant for the thread sanitizer too.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <future>

#include "io/env.h"
#include "message/record_format.h"
#include "storage/store.h"

namespace agena::storage {
namespace {

namespace fs = std::filesystem;

class RealStore : public ::testing::Test, public ArrivalListener {
 protected:
  void SetUp() override {
    options.root_dir = (fs::path(::testing::TempDir()) /
                        ("agena-store-" + std::to_string(getpid()) + "-" +
                         ::testing::UnitTest::GetInstance()->current_test_info()->name()))
                           .string();
    fs::remove_all(options.root_dir);
    options.log_file_bytes = 4 << 20;
    options.queue_file_bytes = 20'000;
    options.index_slots_max = 1'000;
    options.index_entries_max = 20'000;
    options.log_flush_interval_ms = 20;
    options.queue_flush_interval_ms = 10;
    options.clean_interval_ms = 50;
    options.file_reserved_hours = 1'000'000;
    options.disk_warning_ratio = 1.0;
  }
  void TearDown() override { fs::remove_all(options.root_dir); }
  void on_arrivals(const std::vector<Arrival>& news) override { arrived += news.size(); }

  Status open(io::Env& env) {
    TRY(opened, Store::open({.files = env.files(),
                             .clock = env.clock(),
                             .background = env.background(),
                             .arrivals = this,
                             .first_unconsumed = {},
                             .on_fatal = {}},
                            options));
    store = std::move(opened);
    return ok();
  }
  // Runs `work` on the loop and waits for it.
  static void on(io::Loop& loop, const std::function<void()>& work) {
    std::promise<void> done;
    loop.post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }
  static message::Draft draft(const std::string& topic, int32_t queue, std::string_view body) {
    message::Draft d;
    d.topic = topic;
    d.queue_id = QueueId(queue);
    d.body = as_bytes(body);
    d.properties = "KEYS\x01k\x02";
    d.born_host = d.store_host = {{127, 0, 0, 1}, 4, 1};
    return d;
  }

  StoreOptions options;
  std::unique_ptr<Store> store;
  std::atomic<size_t> arrived = 0;
};

struct EnvThread {
  explicit EnvThread(int loops) : env(io::make_posix_env(loops)) {
    runner = std::async(std::launch::async, [this] { env->run_until_stopped(); });
  }
  ~EnvThread() {
    env->stop();
    runner.wait();
  }
  std::unique_ptr<io::Env> env;
  std::future<void> runner;
};

void run_threads(RealStore* self, const std::function<void(int)>& work) {
  static_cast<void>(self);
  std::vector<std::future<void>> all;
  for (int i = 0; i < 4; ++i) all.push_back(std::async(std::launch::async, work, i));
  for (auto& one : all) one.wait();
}

TEST_F(RealStore, FourThreadsAppendReadAndWaitAtOnce) {
  for (FlushMode mode : {FlushMode::async, FlushMode::sync}) {
    options.flush_mode = mode;
    fs::remove_all(options.root_dir);
    EnvThread world(1);
    ASSERT_TRUE(open(*world.env));
    io::Loop& loop = *world.env->loops().front();
    constexpr int kMessages = 1'500;
    std::atomic<int> told = 0;
    std::atomic<int> bad = 0;
    run_threads(this, [&](int me) {
      const std::string topic = "T" + std::to_string(me % 2);
      Buffer out;
      QueueOffset next;
      for (int i = 0; i < kMessages; ++i) {
        const std::string body = std::to_string(me) + ":" + std::to_string(i) +
                                 std::string(static_cast<size_t>(i % 700), 'x');
        auto done = store->append(draft(topic, me / 2, body));
        bad += !done;
        if (i % 3 == 0) store->commit();
        if (done && i % 50 == 0) store->when_durable(done->end(), loop, [&told] { ++told; });
        if (i % 7 == 0) {
          out.clear();
          ReadResult r = store->read("T0", QueueId(me / 2), next, {32, 1 << 20}, {}, out);
          next = r.next;
        }
        if (i % 100 == 0) {
          store->state();
          store->offset_by_time("T1", QueueId(0), UnixMillis(1), Boundary::lower);
          store->query({.topic = "T0", .key = "k", .begin = {}, .end = UnixMillis(1)}, out);
        }
      }
      store->commit();
    });
    EXPECT_EQ(bad, 0);
    ASSERT_TRUE(store->close());
    on(loop, [] {});
    EXPECT_EQ(told, 4 * kMessages / 50);
    for (int q = 0; q < 2; ++q)
      for (const char* topic : {"T0", "T1"})
        EXPECT_EQ(store->max_offset(topic, QueueId(q)).value, kMessages);
    store.reset();
    ASSERT_TRUE(open(*world.env));
    Buffer out;
    int64_t messages = 0;
    QueueOffset next;
    while (true) {
      ReadResult r = store->read("T1", QueueId(1), next, {32, 1 << 20}, {}, out);
      if (r.messages == 0) break;
      messages += r.messages;
      next = r.next;
    }
    EXPECT_EQ(messages, kMessages);
    store.reset();
  }
}

TEST_F(RealStore, TopicsComeAndGoUnderLoad) {
  EnvThread world(1);
  ASSERT_TRUE(open(*world.env));
  std::atomic<int> bad = 0;
  run_threads(this, [&](int me) {
    Buffer out;
    for (int i = 0; i < 300; ++i) {
      const std::string topic = "T" + std::to_string(i % 5);
      bad += !store->append(draft(topic, me, "x"));
      store->commit();
      if (i % 20 == me) bad += !store->delete_topic(topic);
      store->queues(topic);
      store->read(topic, QueueId(me), QueueOffset(0), {}, {}, out);
    }
  });
  EXPECT_EQ(bad, 0);
  store.reset();
}

TEST_F(RealStore, ManyQueuesNeedFewDescriptorsAndLittleTime) {
  constexpr int kTopics = 1'000, kQueues = 8;
  options.queue_files_open_max = 64;
  options.queue_flush_interval_ms = 1'000;
  options.index_enable = false;
  {
    EnvThread world(1);
    ASSERT_TRUE(open(*world.env));
    for (int t = 0; t < kTopics; ++t) {
      for (int q = 0; q < kQueues; ++q)
        ASSERT_TRUE(store->append(draft("topic" + std::to_string(t), q, "x")));
      store->commit();
    }
    ASSERT_TRUE(store->close());
    EXPECT_LE(store->state().queue_files_open, 64u);
    store.reset();
  }
  EnvThread world(1);
  const MonoNanos began = world.env->clock().mono();
  ASSERT_TRUE(open(*world.env));
  EXPECT_LT(world.env->clock().mono() - began, 20 * kNanosPerSecond);
  EXPECT_EQ(store->topics().size(), static_cast<size_t>(kTopics));
  EXPECT_EQ(store->queues("topic77").size(), static_cast<size_t>(kQueues));
  EXPECT_LE(store->state().queue_files_open, 64u);
  auto appended = store->append(draft("topic77", 3, "y"));
  ASSERT_TRUE(appended);
  EXPECT_EQ(appended->queue_offset.value, 1);
  store.reset();
}

}  // namespace
}  // namespace agena::storage
