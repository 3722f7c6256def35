#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <optional>
#include <random>

#include "base/thread.h"
#include "io/env.h"
#include "io/posix/asio_loop.h"
#include "io/posix/posix_files.h"
#include "io/posix/system_clock.h"

namespace agena::io {
namespace {

uint64_t random_seed() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

class PosixEnv final : public Env {
 public:
  explicit PosixEnv(int loops) : random_(random_seed()) {
    ASSERT(loops > 0);
    std::signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < loops; ++i) {
      loops_.push_back(std::make_unique<AsioLoop>("loop-" + std::to_string(i)));
    }
    loops_.push_back(std::make_unique<AsioLoop>("background"));
    for (auto& loop : loops_) loop->start();
  }
  ~PosixEnv() override {
    for (auto& loop : loops_) loop->join();
    for (auto& loop : loops_) loop->drop_all();
  }

  Clock& clock() override { return clock_; }
  Files& files() override { return files_; }
  std::vector<Loop*> loops() override {
    std::vector<Loop*> out;
    for (size_t i = 0; i + 1 < loops_.size(); ++i) out.push_back(loops_[i].get());
    return out;
  }
  Loop& background() override { return *loops_.back(); }
  uint64_t random() override {
    MutexLock lock(random_mutex_);
    return random_();
  }
  void stop_on_signals() override {
    if (signals_) return;
    signals_.emplace(main_, SIGINT, SIGTERM);
    signals_->async_wait([this](boost::system::error_code error, int) {
      if (!error) main_.stop();
    });
  }
  void run_until_stopped() override {
    auto work = boost::asio::make_work_guard(main_);
    main_.run();
  }
  void stop() override { main_.stop(); }

 private:
  SystemClock clock_;
  PosixFiles files_;
  boost::asio::io_context main_;
  std::optional<boost::asio::signal_set> signals_;
  std::vector<std::unique_ptr<AsioLoop>> loops_;  // The last one is the background's.
  Mutex random_mutex_;
  std::mt19937_64 random_ GUARDED_BY(random_mutex_);
};

// Set before main() runs: as near to the start as the process can know.
const MonoNanos started = SystemClock().mono();

}  // namespace

std::unique_ptr<Env> make_posix_env(int loops) {
  return std::make_unique<PosixEnv>(loops);
}

ProcessUsage process_usage() {
  ProcessUsage out;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    unsigned long total = 0, resident = 0;
    if (std::fscanf(file, "%lu %lu", &total, &resident) == 2) {
      out.resident_bytes = resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
    }
    std::fclose(file);
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  auto ms = [](const timeval& t) { return t.tv_sec * 1000 + t.tv_usec / 1000; };
  out.cpu_ms = ms(usage.ru_utime) + ms(usage.ru_stime);
  return out;
}

int64_t process_id() {
  return ::getpid();
}

MonoNanos process_started() {
  return started;
}

}  // namespace agena::io
