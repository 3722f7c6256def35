#include "storage/scan_progress.h"

#include <fmt/core.h>

#include <algorithm>

#include "storage/segment_file.h"

namespace agena::storage {
namespace {

constexpr int64_t kPeriodNanos = 2 * kNanosPerSecond;
constexpr int64_t kLookBytes = int64_t{4} << 20;

}  // namespace

ScanProgress::ScanProgress(const io::Clock& clock, PhysicalOffset from, PhysicalOffset end)
    : clock_(clock), from_(from), end_(end), looked_at_(from), said_(clock.mono()) {}

bool ScanProgress::is_due(PhysicalOffset at) {
  if (at - looked_at_ < kLookBytes) return false;
  looked_at_ = at;
  const MonoNanos now = clock_.mono();
  if (now - said_ < kPeriodNanos) return false;
  said_ = now;
  return true;
}

std::string ScanProgress::line(PhysicalOffset at, PhysicalOffset file, int64_t records) const {
  const int64_t all = std::max<int64_t>(end_ - from_, 1);
  const int64_t done = std::clamp<int64_t>(at - from_, 0, all);
  const auto percent =
      static_cast<int>(100.0 * static_cast<double>(done) / static_cast<double>(all));
  return fmt::format("reading the log: file {}, {} of {} MiB ({} %), {} records",
                     file_name_of(file.value), done >> 20, all >> 20, percent, records);
}

}  // namespace agena::storage
