// Wall times as the people of this place write them, for file names and hours of the day.
//
// Over:    base/ids.h.  Under: key_index.h (names), retention.h (deleteWhen).
// Threads: any. Pure, but for the time zone of the process.
#pragma once
#include <cstdint>

#include "base/ids.h"

namespace agena::storage {

struct LocalTime {
  int year = 0, month = 0, day = 0;  // Month and day from 1.
  int hour = 0, minute = 0, second = 0;
  int millis = 0;
};
LocalTime local_time(UnixMillis time);

// yyyyMMddHHmmssSSS as a number: the names of index files.
int64_t local_time_number(UnixMillis time);

}  // namespace agena::storage
