// How each C++ type that an option may have is read and written.
#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/options.h"
#include "base/text.h"

namespace agena {
namespace {

const Error kNotAllowed{Errc::bad_config, {}};

// Whole numbers as Java writes them: an optional sign and digits.
template <typename T>
Status read_whole(void* member, const OptionFacts& facts, std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  T in_file{};
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), in_file);
  if (failed != std::errc() || end != text.data() + text.size()) return kNotAllowed;
  if (std::cmp_less(in_file, facts.min) || std::cmp_greater(in_file, facts.max)) return kNotAllowed;
  T value{};
  if (__builtin_mul_overflow(in_file, facts.scale, &value)) return kNotAllowed;
  *static_cast<T*>(member) = value;
  return ok();
}
template <typename T>
std::string write_whole(const void* member, const OptionFacts& facts) {
  return fmt::format("{}", *static_cast<const T*>(member) / static_cast<T>(facts.scale));
}

Status read_bool(void* member, const OptionFacts&, std::string_view text) {
  bool is_true = text::equal_ignoring_case(text, "true");
  if (!is_true && !text::equal_ignoring_case(text, "false")) return kNotAllowed;
  *static_cast<bool*>(member) = is_true;
  return ok();
}
std::string write_bool(const void* member, const OptionFacts&) {
  return *static_cast<const bool*>(member) ? "true" : "false";
}

Status read_double(void* member, const OptionFacts& facts, std::string_view text) {
  double in_file = 0;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), in_file);
  bool is_number =
      failed == std::errc() && end == text.data() + text.size() && std::isfinite(in_file);
  if (!is_number) return kNotAllowed;
  if (facts.is_percent && in_file > 0 && in_file <= 1) in_file *= 100;
  if (in_file < static_cast<double>(facts.min) || in_file > static_cast<double>(facts.max)) {
    return kNotAllowed;
  }
  *static_cast<double*>(member) = facts.is_percent ? in_file / 100 : in_file;
  return ok();
}
std::string write_double(const void* member, const OptionFacts& facts) {
  double value = *static_cast<const double*>(member);
  return fmt::format("{:.10g}", facts.is_percent ? value * 100 : value);
}

Status check_text(const OptionFacts& facts, std::string_view text) {
  for (char c : text) {
    bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    if (is_control) return Error{Errc::bad_config, "it must not hold control characters"};
  }
  return facts.check ? facts.check(text) : ok();
}
Status read_string(void* member, const OptionFacts& facts, std::string_view text) {
  TRY_OK(check_text(facts, text));
  *static_cast<std::string*>(member) = text;
  return ok();
}
std::string write_string(const void* member, const OptionFacts&) {
  return *static_cast<const std::string*>(member);
}

Status read_list(void* member, const OptionFacts& facts, std::string_view text) {
  std::vector<std::string> parts;
  for (std::string_view part : text::split(text, facts.separator)) {
    part = text::trim(part);
    if (part.empty()) continue;
    TRY_OK(check_text(facts, part));
    parts.emplace_back(part);
  }
  *static_cast<std::vector<std::string>*>(member) = std::move(parts);
  return ok();
}
std::string write_list(const void* member, const OptionFacts& facts) {
  const auto& parts = *static_cast<const std::vector<std::string>*>(member);
  return fmt::format("{}", fmt::join(parts, std::string_view(&facts.separator, 1)));
}

struct DurationUnit {
  char letter;
  int64_t ms;
};
constexpr DurationUnit kDurationUnits[] = {
    {'d', 86'400'000}, {'h', 3'600'000}, {'m', 60'000}, {'s', 1'000}};

Result<int64_t> read_duration(std::string_view text) {
  if (text.size() < 2) return kNotAllowed;
  for (const DurationUnit& unit : kDurationUnits) {
    if (text.back() != unit.letter) continue;
    int64_t count = 0;
    const char* last = text.data() + text.size() - 1;
    auto [end, failed] = std::from_chars(text.data(), last, count);
    int64_t ms = 0;
    bool is_good = failed == std::errc() && end == last && count > 0 &&
                   !__builtin_mul_overflow(count, unit.ms, &ms);
    if (is_good) return ms;
  }
  return kNotAllowed;
}
Status read_durations(void* member, const OptionFacts&, std::string_view text) {
  std::vector<int64_t> durations_ms;
  for (std::string_view part : text::split(text, ' ')) {
    if (part.empty()) continue;
    TRY(ms, read_duration(part));
    durations_ms.push_back(ms);
  }
  if (durations_ms.empty()) return kNotAllowed;
  *static_cast<std::vector<int64_t>*>(member) = std::move(durations_ms);
  return ok();
}
std::string write_durations(const void* member, const OptionFacts&) {
  std::vector<std::string> parts;
  for (int64_t ms : *static_cast<const std::vector<int64_t>*>(member)) {
    for (const DurationUnit& unit : kDurationUnits) {
      bool is_last = unit.letter == 's';
      if (ms % unit.ms != 0 && !is_last) continue;
      parts.push_back(fmt::format("{}{}", ms / unit.ms, unit.letter));
      break;
    }
  }
  return fmt::format("{}", fmt::join(parts, " "));
}

}  // namespace

namespace options_detail {

template <>
const OptionType& value_type<bool>() {
  static constexpr OptionType kType{"bool", read_bool, write_bool};
  return kType;
}
template <>
const OptionType& value_type<int32_t>() {
  static constexpr OptionType kType{"int", read_whole<int32_t>, write_whole<int32_t>};
  return kType;
}
template <>
const OptionType& value_type<int64_t>() {
  static constexpr OptionType kType{"long", read_whole<int64_t>, write_whole<int64_t>};
  return kType;
}
template <>
const OptionType& value_type<uint64_t>() {
  static constexpr OptionType kType{"long", read_whole<uint64_t>, write_whole<uint64_t>};
  return kType;
}
template <>
const OptionType& value_type<double>() {
  static constexpr OptionType kType{"double", read_double, write_double};
  return kType;
}
template <>
const OptionType& value_type<std::string>() {
  static constexpr OptionType kType{"string", read_string, write_string};
  return kType;
}
template <>
const OptionType& value_type<std::vector<std::string>>() {
  static constexpr OptionType kType{"list", read_list, write_list};
  return kType;
}
template <>
const OptionType& value_type<std::vector<int64_t>>() {
  static constexpr OptionType kType{"durations", read_durations, write_durations};
  return kType;
}

Result<int64_t> enum_index(const OptionFacts& facts, std::string_view text) {
  for (size_t i = 0; i < facts.names.size(); ++i) {
    if (text == facts.names[i]) return static_cast<int64_t>(i);
  }
  return kNotAllowed;
}

}  // namespace options_detail

namespace {

std::string whole_range(const OptionRow& row) {
  constexpr auto kNoMin = std::numeric_limits<int64_t>::min();
  constexpr auto kNoMax = std::numeric_limits<int64_t>::max();
  const OptionFacts& facts = row.facts;
  bool is_int = row.type->name == "int";
  int64_t max =
      is_int ? std::min<int64_t>(facts.max, std::numeric_limits<int32_t>::max() / facts.scale)
             : facts.max;
  const char* what = row.type->name == "double" ? "a number" : "a whole number";
  if (facts.min != kNoMin && max != kNoMax) {
    return fmt::format("{} from {} to {}", what, facts.min, max);
  }
  if (facts.min != kNoMin) return fmt::format("{} from {} up", what, facts.min);
  return what;
}

}  // namespace

std::string allowed(const OptionRow& row) {
  std::string_view type = row.type->name;
  if (type == "bool") return "true or false";
  if (type == "name") return fmt::format("{}", fmt::join(row.facts.names, " or "));
  if (type == "string") return "text";
  if (type == "list") return fmt::format("a list, separated by '{}'", row.facts.separator);
  if (type == "durations") return "durations such as 1s 5m 2h, separated by blanks";
  if (row.facts.is_percent) return whole_range(row) + ", in percent";
  return row.facts.unit.empty() ? whole_range(row)
                                : fmt::format("{}, in {}", whole_range(row), row.facts.unit);
}

}  // namespace agena
