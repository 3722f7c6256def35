// Says every two seconds how far a long scan of the log has come, so that nobody takes a broker
// that reads a terabyte for one that hangs.
//
// Over:    io/clock.h, base/ids.h.  Under: recovery.h, file_store.cc.
// Threads: one, the scan's.
// Cost:    the clock is read once for each 4 MiB of log, not for each record.
#pragma once
#include <string>

#include "base/ids.h"
#include "io/clock.h"

namespace agena::storage {

class ScanProgress {
 public:
  ScanProgress(const io::Clock& clock, PhysicalOffset from, PhysicalOffset end);

  // Whether it is time for a line; then it is not for the next two seconds.
  bool is_due(PhysicalOffset at);
  // `file` is where the file that holds `at` starts.
  std::string line(PhysicalOffset at, PhysicalOffset file, int64_t records) const;

 private:
  const io::Clock& clock_;
  const PhysicalOffset from_, end_;
  PhysicalOffset looked_at_;
  MonoNanos said_;
};

}  // namespace agena::storage
