// The connections through which brokers registered, so that a silent broker's can be closed.
//
// Over:    rpc/connection.h.  Under: handlers/registration.h, namesrv.h.
// Threads: any.
#pragma once
#include <memory>
#include <unordered_map>

#include "base/thread.h"
#include "rpc/connection.h"

namespace agena::namesrv {

class BrokerConnections {
 public:
  void add(rpc::Connection& connection) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    by_id_[connection.id()] = connection.weak_from_this();
  }
  // True when it was one of ours.
  bool remove(rpc::ConnectionId id) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return by_id_.erase(id) > 0;
  }
  void close(rpc::ConnectionId id, const Error& why) EXCLUDES(mutex_) {
    std::shared_ptr<rpc::Connection> open;
    {
      MutexLock lock(mutex_);
      const auto found = by_id_.find(id);
      if (found != by_id_.end()) open = found->second.lock();
    }
    if (open != nullptr) open->close(why);
  }

 private:
  Mutex mutex_;
  std::unordered_map<rpc::ConnectionId, std::weak_ptr<rpc::Connection>> by_id_ GUARDED_BY(mutex_);
};

}  // namespace agena::namesrv
