// A part of a table that is too large for one answer: requests 21 and 201 ask for rows from a
// number on, by name, of the table as it was at a version.
//
// Over:    wire/bodies/data_version.h.  Under: handlers/topics.cc, handlers/groups.cc.
// Threads: pure functions.
// Source:  RocketMQ 5.5.0, splitMetadataSize; a table that changed meanwhile starts again at 0.
#pragma once
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "wire/bodies/data_version.h"

namespace agena::broker {

inline constexpr int32_t kPageRowsMax = 2'000;  // splitMetadataSize

struct PageRequest {
  std::optional<int32_t> begin;
  std::optional<std::string_view> version;  // A DataVersion as JSON.
  std::optional<int32_t> rows_max;
  bool wants_all() const { return !begin && !version && !rows_max; }
};

// Leaves those rows of `table` that the page asks for. Old clients ask for no page: they get all.
template <typename Row>
void cut_to_page(const PageRequest& page, const wire::DataVersion& version,
                 std::map<std::string, Row>& table) {
  if (page.wants_all()) return;
  int32_t begin = std::max(0, page.begin.value_or(0));
  if (begin > 0) {
    auto known = json::parse_json<wire::DataVersion>(page.version.value_or(""));
    if (!known || *known != version) begin = 0;
  }
  int32_t rows = std::clamp(page.rows_max.value_or(kPageRowsMax), 0, kPageRowsMax);
  auto row = table.begin();
  for (int32_t i = 0; i < begin && row != table.end(); ++i) row = table.erase(row);
  for (int32_t i = 0; i < rows && row != table.end(); ++i) ++row;
  table.erase(row, table.end());
}

}  // namespace agena::broker
