// Tells the consumers of a group that its members changed (request 40), so that they share the
// queues anew.
//
// Over:    client_table.h.  Under: handlers/clients.cc, broker.h.
// Threads: any.  Changes of one group within 100 ms make one notice: a restart of many consumers
//          does not make each tell all others.
// Off:     by notifyConsumerIdsChangedEnable, of the broker (live) or of the group's settings.
#pragma once
#include <memory>
#include <set>
#include <string>

#include "base/thread.h"
#include "broker/client_table.h"
#include "broker/group_table.h"
#include "broker/options.h"
#include "io/loop.h"

namespace agena::broker {

struct GroupNoticesDeps {
  const ClientTable& clients;
  const GroupTable& groups;
  const Options& options;
  io::Loop& loop;  // Where the delay is waited for.
};

class GroupNotices {
 public:
  static constexpr int64_t kDelayMs = 100;
  explicit GroupNotices(GroupNoticesDeps deps);
  ~GroupNotices();
  void group_changed(const std::string& group);
  // No notice is sent any more, and nobody else's part is used. On the loop; once.
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace agena::broker
