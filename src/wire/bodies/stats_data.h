// Rates of one counter over the last minute, hour and day: the answer to request 315.
//
// Over: base/json_fields.h.  Under: broker/ (views).
#pragma once
#include <cstdint>

#include "base/json_fields.h"

namespace agena::wire {

struct StatsItem {
  double per_call = 0;
  int64_t sum = 0;
  double per_second = 0;
  static constexpr auto fields =
      std::tuple{field("avgpt", &StatsItem::per_call), field("sum", &StatsItem::sum),
                 field("tps", &StatsItem::per_second)};
};

struct StatsData {
  StatsItem day;
  StatsItem hour;
  StatsItem minute;
  static constexpr auto fields =
      std::tuple{field("statsDay", &StatsData::day), field("statsHour", &StatsData::hour),
                 field("statsMinute", &StatsData::minute)};
};

}  // namespace agena::wire
