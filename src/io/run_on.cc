#include "io/run_on.h"

#include <future>

namespace agena::io {

void run_on(Loop& loop, const std::function<void()>& task) {
  if (loop.on_this_thread()) {
    task();
    return;
  }
  std::promise<void> done;
  loop.post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

void wait_on(Loop& loop, int64_t delay_ms) {
  std::promise<void> done;
  std::unique_ptr<Timer> timer;
  run_on(loop, [&] { timer = loop.after(delay_ms, [&] { done.set_value(); }); });
  done.get_future().wait();
  run_on(loop, [&] { timer.reset(); });
}

}  // namespace agena::io
