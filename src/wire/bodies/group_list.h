// Which groups read a topic, and what one of them subscribes to: answers to requests 300, 345 and
// 353.
//
// Over: heartbeat.h.  Under: broker/ (views, groups).
#pragma once
#include <optional>
#include <set>
#include <string>

#include "base/json_fields.h"
#include "wire/bodies/heartbeat.h"

namespace agena::wire {

struct GroupList {
  std::set<std::string> groups;
  static constexpr auto fields = std::tuple{field("groupList", &GroupList::groups)};
};

struct GroupSubscription {
  std::string group;
  std::optional<SubscriptionData> subscription;
  std::optional<std::string> topic;
  static constexpr auto fields =
      std::tuple{field("group", &GroupSubscription::group),
                 field("subscriptionData", &GroupSubscription::subscription),
                 field("topic", &GroupSubscription::topic)};
};

struct GroupForbidden {
  std::string group;
  bool readable = true;
  std::string topic;
  static constexpr auto fields = std::tuple{field("group", &GroupForbidden::group),
                                            field("readable", &GroupForbidden::readable),
                                            field("topic", &GroupForbidden::topic)};
};

}  // namespace agena::wire
