// Pulls that found nothing and wait for the next message of their queue.
//
// Over:     storage/store.h (ArrivalListener), rpc/call.h.  Under: handlers/pull.cc, broker.h.
// Threads:  any. A parked pull is served on its connection's own loop.
// Cost:     one small record a pull; an arrival looks at the pulls of its queue only.
// Source:   RocketMQ 5.5.0: suspendTimeoutMillis of the request.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/string_key.h"
#include "base/thread.h"
#include "rpc/call.h"
#include "storage/store.h"

namespace agena::broker {

struct ParkedPull {
  rpc::Responder responder;
  std::string group;
  std::string topic;
  QueueId queue_id;
  QueueOffset offset;  // Served once the queue's end is beyond it.
  storage::ReadLimits limits;
  storage::TagCodes tags;
  MonoNanos deadline;
  int32_t topic_sys_flag = 0;  // For the answer.
  int32_t group_sys_flag = 0;
};

class PullParking final : public storage::ArrivalListener {
 public:
  // Serves or re-parks a pull; runs on the pull's own loop. `timed_out`: answer now, whatever
  // there is.
  using Serve = std::function<void(ParkedPull pull, bool timed_out)>;

  // Before the first park(). `parked_max` bounds memory; more are answered at once.
  void set_serve(Serve serve) { serve_ = std::move(serve); }
  explicit PullParking(size_t parked_max) : parked_max_(parked_max) {}

  // False when there are too many, or after close(): the caller answers now.
  bool park(ParkedPull pull);
  void on_arrivals(const std::vector<storage::Arrival>& arrivals) override;
  // From here on nobody waits: all are answered with what there is, also who comes later.
  void close();
  // Serves what is past its deadline, drops what lost its connection; about 5 times a second, and
  // never for one connection: thousands may close at once.
  void sweep(MonoNanos now);
  size_t parked() const;

 private:
  struct QueueKey {
    std::string topic;
    int32_t queue_id = 0;
    friend bool operator==(const QueueKey&, const QueueKey&) = default;
  };
  struct QueueKeyView {
    std::string_view topic;
    int32_t queue_id = 0;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(const QueueKeyView& key) const {
      return StringKeyHash{}(key.topic) * 31 + static_cast<size_t>(key.queue_id);
    }
    size_t operator()(const QueueKey& key) const {
      return (*this)(QueueKeyView{key.topic, key.queue_id});
    }
  };
  struct Equal {
    using is_transparent = void;
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return a.queue_id == b.queue_id && a.topic == b.topic;
    }
  };
  void serve(ParkedPull pull, bool timed_out);
  static bool is_gone(const ParkedPull& pull);

  const size_t parked_max_;
  Serve serve_;
  mutable Mutex mutex_;
  std::unordered_map<QueueKey, std::vector<ParkedPull>, Hash, Equal> queues_ GUARDED_BY(mutex_);
  size_t count_ GUARDED_BY(mutex_) = 0;
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace agena::broker
