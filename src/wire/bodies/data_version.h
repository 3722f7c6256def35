// Which state of a table somebody holds: brokers send it to name servers and slaves, config files
// keep it.
//
// Over: base/json_fields.h.  Under: registration.h, broker tables, namesrv/ (route table).
#pragma once
#include "base/ids.h"
#include "base/json_fields.h"

namespace agena::wire {

struct DataVersion {
  int64_t counter = 0;
  int64_t state_version = 0;
  UnixMillis timestamp;
  static constexpr auto fields = std::tuple{field("counter", &DataVersion::counter),
                                            field("stateVersion", &DataVersion::state_version),
                                            field("timestamp", &DataVersion::timestamp)};
  friend bool operator==(const DataVersion&, const DataVersion&) = default;

  void advance(UnixMillis now) {
    timestamp = now;
    ++counter;
  }
};

}  // namespace agena::wire
