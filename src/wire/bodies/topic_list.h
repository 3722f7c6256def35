// Topic names: answers to requests 206, 224, 304, 305, 311, 312, 313 and 343.
//
// Over: base/json_fields.h.  Under: namesrv/ (route table), broker/ (topic table).
#pragma once
#include <optional>
#include <set>
#include <string>

#include "base/json_fields.h"

namespace agena::wire {

struct TopicList {
  std::optional<std::string> broker_addr =
      {};  // Some broker, for whoever wants to ask further (304).
  std::set<std::string> topics = {};
  static constexpr auto fields = std::tuple{field("brokerAddr", &TopicList::broker_addr),
                                            field("topicList", &TopicList::topics)};
  friend bool operator==(const TopicList&, const TopicList&) = default;
};

}  // namespace agena::wire
