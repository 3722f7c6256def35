#include "broker/unconsumed.h"

#include <fmt/core.h>

#include <algorithm>

namespace agena::broker {

std::optional<storage::Unconsumed> first_unconsumed(const OffsetTable& offsets,
                                                    storage::Store& store) {
  std::optional<storage::Unconsumed> first;
  for (const auto& [place, by_queue] : offsets.snapshot().offsets) {
    const std::string_view both = place;
    const size_t at = both.find('@');
    if (at == both.npos) continue;
    const std::string_view topic = both.substr(0, at);
    for (const auto& [queue, committed] : by_queue) {
      const QueueId id(queue);
      // What lies below the minimum is gone already.
      const QueueOffset next = std::max(QueueOffset(committed), store.min_offset(topic, id));
      if (next >= store.max_offset(topic, id)) continue;
      const auto position = store.position(topic, id, next);
      if (!position || (first && first->from <= *position)) continue;
      first = {*position, fmt::format("group {}, topic {}, queue {}, offset {}",
                                      both.substr(at + 1), topic, queue, next.value)};
    }
  }
  return first;
}

}  // namespace agena::broker
