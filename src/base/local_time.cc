#include "base/local_time.h"

#include <ctime>

namespace agena {

namespace {

// False for a year beyond what int holds.
bool split(UnixMillis time, std::tm& parts, int64_t& millis) {
  int64_t seconds = time.value / 1000;
  millis = time.value % 1000;
  if (millis < 0) {
    millis += 1000;
    seconds -= 1;
  }
  const auto whole = static_cast<std::time_t>(seconds);
  return ::localtime_r(&whole, &parts) != nullptr;
}

}  // namespace

LocalTime local_time(UnixMillis time) {
  std::tm parts{};
  int64_t millis = 0;
  if (!split(time, parts, millis)) return {};
  return {.year = parts.tm_year + 1900,
          .month = parts.tm_mon + 1,
          .day = parts.tm_mday,
          .hour = parts.tm_hour,
          .minute = parts.tm_min,
          .second = parts.tm_sec,
          .millis = static_cast<int>(millis)};
}

int32_t zone_offset_minutes(UnixMillis time) {
  std::tm parts{};
  int64_t millis = 0;
  return split(time, parts, millis) ? static_cast<int32_t>(parts.tm_gmtoff / 60) : 0;
}

int64_t local_time_number(UnixMillis time) {
  const LocalTime t = local_time(time);
  int64_t number = t.year;
  for (int part : {t.month, t.day, t.hour, t.minute, t.second}) number = number * 100 + part;
  return number * 1000 + t.millis;
}

}  // namespace agena
