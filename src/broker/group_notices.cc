#include "broker/group_notices.h"

#include "base/assert.h"
#include "wire/requests/clients.h"

namespace agena::broker {

struct GroupNotices::State : std::enable_shared_from_this<GroupNotices::State> {
  explicit State(GroupNoticesDeps d) : deps(d) {}
  GroupNoticesDeps deps;
  Mutex mutex;
  std::set<std::string> pending GUARDED_BY(mutex);
  bool stopped GUARDED_BY(mutex) = false;
  std::unique_ptr<io::Timer> timer;  // The loop's thread only.

  void arm() {
    ASSERT(deps.loop.on_this_thread());
    {
      MutexLock lock(mutex);
      if (stopped) return;
    }
    timer = deps.loop.after(kDelayMs, [weak = weak_from_this()] {
      if (auto self = weak.lock()) self->send();
    });
  }

  void send() {
    ASSERT(deps.loop.on_this_thread());
    std::set<std::string> groups;
    {
      MutexLock lock(mutex);
      if (stopped) return;
      groups.swap(pending);
    }
    if (!deps.options.notify_consumer_ids_changed_enable) return;
    for (const auto& name : groups) {
      auto settings = deps.groups.find(name);
      if (settings && !settings->notify_consumer_ids_changed_enable) continue;
      for (const auto& client : deps.clients.consumers(name)) {
        if (auto connection = client.connection.lock()) {
          connection->send_oneway(wire::NotifyConsumerIdsChanged{.consumer_group = name});
        }
      }
    }
  }
};

GroupNotices::GroupNotices(GroupNoticesDeps deps) : state_(std::make_shared<State>(deps)) {}

GroupNotices::~GroupNotices() {
  {
    MutexLock lock(state_->mutex);
    state_->stopped = true;
  }
  // Timers end on their loop.
  state_->deps.loop.post([state = state_] { state->timer.reset(); });
}

void GroupNotices::stop() {
  ASSERT(state_->deps.loop.on_this_thread());
  {
    MutexLock lock(state_->mutex);
    state_->stopped = true;
  }
  state_->timer.reset();
}

void GroupNotices::group_changed(const std::string& group) {
  {
    MutexLock lock(state_->mutex);
    bool first = state_->pending.empty();
    state_->pending.insert(group);
    if (!first || state_->stopped) return;
  }
  state_->deps.loop.post([state = state_] { state->arm(); });
}

}  // namespace agena::broker
