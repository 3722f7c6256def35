#include "storage/retention.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "base/assert.h"
#include "base/local_time.h"

namespace agena::storage {
namespace {

constexpr int64_t kMillisPerHour = 3'600'000;

// Java's bounds: outside them a setting would switch a protection off, or the broker.
struct Limits {
  double used, forced, warning;
};
Limits limits_of(const StoreOptions& options) {
  return {.used = std::clamp(options.disk_used_ratio_max, 10, 95) / 100.0,
          .forced = std::clamp(options.disk_clean_forcibly_ratio, 0.30, 0.85),
          .warning = std::clamp(options.disk_warning_ratio, 0.35, 0.90)};
}

std::string remark_of(const RetentionInput& input, const Limits& limits) {
  const bool is_log = input.log_ratio >= input.queue_ratio;
  const double ratio = is_log ? input.log_ratio : input.queue_ratio;
  ASSERT(ratio > std::min(limits.warning, limits.forced), "otherwise nothing is refused");
  const char* what = is_log ? "commit log" : "consume queues";
  const std::string found = fmt::format("the disk of the {} is {:.1f} % full", what, ratio * 100);
  if (ratio > limits.warning) {
    return fmt::format("{}, above diskSpaceWarningLevelRatio ({:.0f} %): no messages are taken",
                       found, limits.warning * 100);
  }
  return fmt::format(
      "{}: it was above diskSpaceWarningLevelRatio ({:.0f} %), and no messages are taken until it "
      "is at diskSpaceCleanForciblyRatio ({:.0f} %)",
      found, limits.warning * 100, limits.forced * 100);
}

// A file without a readable message is as old as the one that follows it.
std::vector<UnixMillis> known_times(const std::vector<LogFileAge>& files) {
  std::vector<UnixMillis> times(files.size());
  UnixMillis next;
  for (size_t i = files.size(); i-- > 0;) {
    if (files[i].last_written.value > 0) next = files[i].last_written;
    times[i] = next;
  }
  return times;
}

RetentionReason reason_for(const StoreOptions& options, const RetentionInput& input,
                           const Limits& limits) {
  const double ratio = std::max(input.log_ratio, input.queue_ratio);
  if (ratio > limits.forced && options.clean_forcibly) return RetentionReason::disk_forced;
  if (ratio > std::min(limits.used, limits.forced)) return RetentionReason::disk_ratio;
  if (input.manual) return RetentionReason::manual;
  const Result<uint32_t> hours = parse_hours(options.delete_when);
  if (hours && (*hours >> input.hour & 1) != 0) return RetentionReason::hour;
  return RetentionReason::none;
}

}  // namespace

int64_t unconsumed_bytes(const LogFileAge& file, std::optional<PhysicalOffset> first_unconsumed) {
  if (!first_unconsumed) return 0;
  const PhysicalOffset from = std::max(file.start, *first_unconsumed);
  ASSERT(file.bytes >= 0);
  return std::max<int64_t>(0, file.start + file.bytes - from);
}

RetentionPlan plan_retention(const StoreOptions& options, const RetentionInput& input) {
  ASSERT(input.hour >= 0 && input.hour < 24);
  const Limits limits = limits_of(options);
  const double ratio = std::max(input.log_ratio, input.queue_ratio);
  RetentionPlan plan;
  plan.refuse_writes = ratio > limits.warning || (ratio > limits.forced && input.was_refusing);
  if (plan.refuse_writes) plan.remark = remark_of(input, limits);

  const RetentionReason reason = reason_for(options, input, limits);
  if (reason == RetentionReason::none) return plan;
  const bool any_age = reason == RetentionReason::disk_forced;
  const int64_t reserved_ms = options.file_reserved_hours * kMillisPerHour;
  const std::vector<UnixMillis> times = known_times(input.files);
  const auto files_max = static_cast<size_t>(std::max(1, options.delete_files_max));
  while (plan.remove + 1 < input.files.size() && plan.remove < files_max) {
    const bool is_expired =
        times[plan.remove].value > 0 && input.now - times[plan.remove] >= reserved_ms;
    if (!is_expired && !any_age) break;
    const LogFileAge& file = input.files[plan.remove++];
    ASSERT(file.bytes >= 0 && file.start < input.files[plan.remove].start, "oldest first");
  }
  if (plan.remove > 0) plan.reason = reason;
  const bool is_pressed =
      reason == RetentionReason::disk_ratio || reason == RetentionReason::disk_forced;
  plan.is_helpless = is_pressed && plan.remove == 0;
  ASSERT(plan.remove == 0 || plan.remove < input.files.size(), "the newest file stays");
  return plan;
}

Result<uint32_t> parse_hours(std::string_view delete_when) {
  uint32_t hours = 0;
  std::string_view rest = delete_when;
  while (true) {
    const size_t end = rest.find(';');
    const std::string_view part = rest.substr(0, end);
    int hour = -1;
    auto [stop, error] = std::from_chars(part.data(), part.data() + part.size(), hour);
    const bool is_hour = error == std::errc{} && stop == part.data() + part.size() &&
                         part.size() <= 2 && hour >= 0 && hour < 24;
    if (!is_hour) {
      return Error{Errc::bad_config,
                   fmt::format("deleteWhen={}: hours such as 04 or 04;16 are wanted", delete_when)};
    }
    hours |= uint32_t{1} << hour;
    if (end == std::string_view::npos) return hours;
    rest.remove_prefix(end + 1);
  }
}

int local_hour(UnixMillis now) {
  return local_time(now).hour;
}

UnixMillis SteadyWall::advance(UnixMillis wall, MonoNanos mono) {
  if (!started_) {
    started_ = true;
    value_ = wall;
    last_ = mono;
    return value_;
  }
  ASSERT(mono >= last_, "the monotonic clock does not go back");
  const int64_t elapsed_ms = (mono - last_) / kNanosPerMilli;
  last_ += elapsed_ms * kNanosPerMilli;
  // Twice as fast as time passes, so that a leap of an hour is made good within an hour.
  value_ = std::min(wall, value_ + 2 * elapsed_ms);
  return value_;
}

}  // namespace agena::storage
