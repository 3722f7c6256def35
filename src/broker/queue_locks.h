// Which client may consume which queue in order: leases that consumers renew.
//
// Over:    base/.  Under: handlers/locks.cc, handlers/send.cc (ordered groups skip retries).
// Threads: any.  Source: requests 41 and 42; a lease lasts 60 s, clients renew every 20 s.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/string_key.h"
#include "base/thread.h"
#include "wire/bodies/heartbeat.h"

namespace agena::broker {

class QueueLocks {
 public:
  static constexpr int64_t kLeaseMs = 60'000;

  // The queues of `wanted` that `client` now holds: its own, free ones, and those whose lease is
  // over.
  std::vector<wire::MessageQueue> lock(std::string_view group,
                                       const std::vector<wire::MessageQueue>& wanted,
                                       std::string_view client, MonoNanos now);
  // Gives up those that `client` holds; others stay.
  void unlock(std::string_view group, const std::vector<wire::MessageQueue>& queues,
              std::string_view client);
  // Whether nobody in the group holds a live lease: the group does not consume in order.
  bool all_expired(std::string_view group, MonoNanos now) const;

 private:
  struct Lease {
    std::string client;
    MonoNanos renewed;
    bool expired(MonoNanos now) const { return now - renewed > kLeaseMs * kNanosPerMilli; }
  };
  using Leases = std::map<wire::MessageQueue, Lease>;
  mutable Mutex mutex_;
  std::unordered_map<std::string, Leases, StringKeyHash, std::equal_to<>> groups_
      GUARDED_BY(mutex_);
};

}  // namespace agena::broker
