// Wall times as the people of this place write them, for file names and hours of the day.
//
// Over:    ids.h.  Under: storage/ (names of index files, deleteWhen), who makes unique keys.
// Threads: any. Pure, but for the time zone of the process.
#pragma once
#include <cstdint>

#include "base/ids.h"

namespace agena {

struct LocalTime {
  int year = 0, month = 0, day = 0;  // Month and day from 1.
  int hour = 0, minute = 0, second = 0;
  int millis = 0;
};
LocalTime local_time(UnixMillis time);

// Minutes east of Greenwich that clocks showed at that time.
int32_t zone_offset_minutes(UnixMillis time);

// yyyyMMddHHmmssSSS as a number: the names of index files.
int64_t local_time_number(UnixMillis time);

}  // namespace agena
