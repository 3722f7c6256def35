#include "io/posix/asio_timer.h"

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>

namespace agena::io {
namespace {

using boost::asio::steady_timer;
using std::chrono::nanoseconds;

struct State {
  explicit State(boost::asio::io_context& context) : timer(context) {}
  steady_timer timer;
  bool cancelled = false;
};

void wait(const std::shared_ptr<State>& state, nanoseconds period, Loop::Task task) {
  state->timer.async_wait(
      [state, period, task = std::move(task)](boost::system::error_code error) mutable {
        if (error || state->cancelled) return;
        task();
        if (state->cancelled || period.count() == 0) return;
        auto late = std::max(steady_timer::clock_type::now() - state->timer.expiry(),
                             steady_timer::duration::zero());
        state->timer.expires_at(state->timer.expiry() + period * (late / period + 1));
        wait(state, period, std::move(task));
      });
}

class AsioTimer final : public Timer {
 public:
  explicit AsioTimer(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~AsioTimer() override {
    state_->cancelled = true;
    state_->timer.cancel();
  }

 private:
  std::shared_ptr<State> state_;
};

}  // namespace

std::unique_ptr<Timer> start_asio_timer(boost::asio::io_context& context, int64_t delay_ns,
                                        int64_t period_ns, Loop::Task task) {
  auto state = std::make_shared<State>(context);
  state->timer.expires_after(nanoseconds(delay_ns));
  wait(state, nanoseconds(period_ns), std::move(task));
  return std::make_unique<AsioTimer>(std::move(state));
}

}  // namespace agena::io
