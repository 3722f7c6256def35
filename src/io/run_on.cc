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

}  // namespace agena::io
