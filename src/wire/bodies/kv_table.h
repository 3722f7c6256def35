// Texts by name: answers to requests 28, 103 (order settings) and 219.
//
// Over: base/json_fields.h.  Under: namesrv/ (key-value settings), broker/ (runtime figures).
#pragma once
#include <map>
#include <string>

#include "base/json_fields.h"

namespace agena::wire {

struct KvTable {
  std::map<std::string, std::string> table;
  static constexpr auto fields = std::tuple{field("table", &KvTable::table)};
  friend bool operator==(const KvTable&, const KvTable&) = default;
};

}  // namespace agena::wire
