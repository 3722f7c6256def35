#include "broker/queue_locks.h"

#include <algorithm>

#include "base/assert.h"
#include "base/log.h"

namespace agena::broker {

std::vector<wire::MessageQueue> QueueLocks::lock(std::string_view group,
                                                 const std::vector<wire::MessageQueue>& wanted,
                                                 std::string_view client, MonoNanos now) {
  std::vector<wire::MessageQueue> held;
  MutexLock guard(mutex_);
  Leases& leases = groups_.try_emplace(std::string(group)).first->second;
  for (const auto& queue : wanted) {
    auto [at, is_new] = leases.try_emplace(queue, Lease{std::string(client), now});
    Lease& lease = at->second;
    if (!is_new && lease.client != client) {
      if (!lease.expired(now)) continue;
      AGENA_LOG(info, "broker", "{} takes {}/{} of group {} over from {}", client, queue.topic,
                queue.queue_id, group, lease.client);
      lease.client = client;
    }
    ASSERT(lease.client == client, "a lease has one owner");
    lease.renewed = now;
    held.push_back(queue);
  }
  return held;
}

void QueueLocks::unlock(std::string_view group, const std::vector<wire::MessageQueue>& queues,
                        std::string_view client) {
  MutexLock guard(mutex_);
  auto at = groups_.find(group);
  if (at == groups_.end()) return;
  for (const auto& queue : queues) {
    auto lease = at->second.find(queue);
    if (lease != at->second.end() && lease->second.client == client) at->second.erase(lease);
  }
  if (at->second.empty()) groups_.erase(at);
}

bool QueueLocks::all_expired(std::string_view group, MonoNanos now) const {
  MutexLock guard(mutex_);
  auto at = groups_.find(group);
  if (at == groups_.end()) return true;
  return std::all_of(at->second.begin(), at->second.end(),
                     [&](const auto& entry) { return entry.second.expired(now); });
}

}  // namespace agena::broker
