// Configuration is data: a component's options are a plain struct, and one table of rows says what
// each key of its configuration file is. Loading, printing, live updates, `--explain-config` and
// docs/config.md follow from the rows.
//
// Over:    java_properties.h, live.h.  Under: the options of every component.
// Use:     option<&Options::listen_port>({.key = "listenPort", .min = 1, .max = 65535,
//                                         .why = "..."})
//          rows over an embedded struct are added with under<&Options::store>(store_rows()).
// Threads: a table is read-only. set_live() changes Live<T> members only, so readers never wait.
// Errors:  bad_config, naming key, value, what is allowed and the line.
#pragma once
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/java_properties.h"
#include "base/live.h"
#include "base/result.h"

namespace agena {

enum class Reload : uint8_t { no, live };
enum class Origin : uint8_t { java, agena };

// What the author of a row writes.
struct OptionFacts {
  std::string_view key;
  int64_t min = std::numeric_limits<int64_t>::min();  // Of numbers, in the file's unit.
  int64_t max = std::numeric_limits<int64_t>::max();
  std::span<const std::string_view> names = {};  // Of an enum's values, from 0 on.
  std::string_view unit = "";
  Reload reload = Reload::no;
  Origin origin = Origin::java;
  Status (*check)(std::string_view value) = nullptr;  // Of a string, or of each part of a list.
  char separator = ';';                               // Of a list.
  bool is_percent = false;  // Of a ratio: the file says 90 or 0.90, the member holds 0.90.
  int32_t scale = 1;        // The member holds the file's number times this.
  bool has_effect = true;   // tools/tidy looks for code that reads the value, unless this is false.
  std::string_view default_text = "";  // Shown instead of the value when the host decides it.
  std::string_view why;                // One sentence: why one would change it.
};

// How values of one C++ type are read from and written as text. `member` points to such a value.
// An error of read() may lack a text: then allowed() says what was expected.
struct OptionType {
  std::string_view name;
  Status (*read)(void* member, const OptionFacts& facts, std::string_view text);
  std::string (*write)(const void* member, const OptionFacts& facts);
};

struct OptionRow {
  OptionFacts facts;
  const OptionType* type = nullptr;
  void* (*member)(void* owner) = nullptr;
  void* (*owner)(void* options) = nullptr;  // Set when the rows describe an embedded struct.
};

// "a whole number from 1 to 65535", "ASYNC_FLUSH or SYNC_FLUSH".
std::string allowed(const OptionRow& row);

// A key of the Java server that we know but do not serve, with its default there.
struct KnownKey {
  std::string_view key;
  std::string_view type;
  const char* default_text;  // nullptr: Java has no value unless the file gives one.
};

// A known key whose value cannot be ignored: any other than `harmless` stops the start.
struct UnsafeKey {
  std::string_view key;
  std::string_view harmless;
  std::string_view why;
};

struct LoadReport {
  std::vector<std::string> warnings;  // One line each.
};
struct LiveUpdate {
  KeyValues applied;                 // As they print now.
  std::vector<std::string> ignored;  // Unknown keys, which the Java server ignores too.
};

// The part of a table that does not know the struct. Everything takes it by reference.
class OptionRows {
 public:
  OptionRows(std::vector<OptionRow> rows, std::span<const KnownKey> known,
             std::span<const UnsafeKey> unsafe);

  Result<LoadReport> load(void* options, const Properties& properties) const;
  Status set(void* options, std::string_view key, std::string_view value) const;
  Result<LiveUpdate> update(void* options, void* scratch, const Properties& properties) const;
  KeyValues values(const void* options) const;
  KeyValues values_with_known(const void* options) const;

  // One key in a few lines for a terminal, or with no key all that are served.
  Result<std::string> explain(const void* defaults, std::string_view key) const;
  // Two Markdown tables: keys that are served, and keys that are known only.
  std::string markdown(const void* defaults) const;
  // The nearest known key by edit distance, or empty when none is near.
  std::string_view nearest(std::string_view key) const;

 private:
  const OptionRow* find(std::string_view key) const;
  const KnownKey* find_known(std::string_view key) const;
  Status read(void* options, const OptionRow& row, std::string_view value) const;
  Status check_unserved(const Property& property, LoadReport& report) const;
  std::string text_of(const void* options, const OptionRow& row) const;

  std::vector<OptionRow> rows_;  // Sorted by key.
  std::span<const KnownKey> known_;
  std::span<const UnsafeKey> unsafe_;
};

// A component's table.
template <typename Options>
class OptionTable {
 public:
  OptionTable(std::vector<OptionRow> rows, std::span<const KnownKey> known,
              std::span<const UnsafeKey> unsafe = {})
      : rows_(std::move(rows), known, unsafe) {}

  // The last value of a key holds. Known keys that are not served only warn.
  Result<LoadReport> load(Options& options, const Properties& properties) const {
    return rows_.load(&options, properties);
  }
  // One key as if it stood in the file, for command lines.
  Status set(Options& options, std::string_view key, std::string_view value) const {
    return rows_.set(&options, key, value);
  }
  // Requests 25 and 318: all of the properties, or none. no_permission for a key that is not
  // Reload::live. A value that a key already has is no change and always passes.
  Result<LiveUpdate> update(Options& options, const Properties& properties) const {
    Options scratch = options;
    return rows_.update(&options, &scratch, properties);
  }
  // What is in force, sorted by key.
  KeyValues values(const Options& options) const { return rows_.values(&options); }
  // The same among every key of the Java server with its default there: the answer to 26 and 319.
  KeyValues values_with_known(const Options& options) const {
    return rows_.values_with_known(&options);
  }
  Result<std::string> explain(std::string_view key) const {
    Options defaults;
    return rows_.explain(&defaults, key);
  }
  std::string markdown() const {
    Options defaults;
    return rows_.markdown(&defaults);
  }
  std::string_view nearest(std::string_view key) const { return rows_.nearest(key); }

 private:
  OptionRows rows_;
};

namespace options_detail {

template <typename M>
struct MemberOf;
template <typename T, typename S>
struct MemberOf<T S::*> {
  using Type = T;
  using Owner = S;
};

template <typename T>
struct Plain {
  using Type = T;
  static constexpr bool is_live = false;
};
template <typename T>
struct Plain<Live<T>> {
  using Type = T;
  static constexpr bool is_live = true;
};

// Defined for bool, int32_t, int64_t, uint64_t (size_t), double, std::string, lists of strings and
// lists of durations.
template <typename T>
const OptionType& value_type();
template <>
const OptionType& value_type<bool>();
template <>
const OptionType& value_type<int32_t>();
template <>
const OptionType& value_type<int64_t>();
template <>
const OptionType& value_type<uint64_t>();
template <>
const OptionType& value_type<double>();
template <>
const OptionType& value_type<std::string>();
template <>
const OptionType& value_type<std::vector<std::string>>();
template <>
const OptionType& value_type<std::vector<int64_t>>();

template <typename T>
const OptionType& enum_type();
template <typename T>
const OptionType& live_type();

template <typename T>
const OptionType& type_of() {
  if constexpr (Plain<T>::is_live) {
    return live_type<typename Plain<T>::Type>();
  } else if constexpr (std::is_enum_v<T>) {
    return enum_type<T>();
  } else {
    return value_type<T>();
  }
}

Result<int64_t> enum_index(const OptionFacts& facts, std::string_view text);

template <typename T>
const OptionType& enum_type() {
  static constexpr OptionType kType{
      "name",
      [](void* member, const OptionFacts& facts, std::string_view text) -> Status {
        TRY(index, enum_index(facts, text));
        *static_cast<T*>(member) = static_cast<T>(index);
        return ok();
      },
      [](const void* member, const OptionFacts& facts) {
        auto index = static_cast<size_t>(*static_cast<const T*>(member));
        return std::string(facts.names[index]);
      }};
  return kType;
}

template <typename T>
const OptionType& live_type() {
  static const OptionType kType{
      type_of<T>().name,
      [](void* member, const OptionFacts& facts, std::string_view text) -> Status {
        T value{};
        TRY_OK(type_of<T>().read(&value, facts, text));
        static_cast<Live<T>*>(member)->set(value);
        return ok();
      },
      [](const void* member, const OptionFacts& facts) {
        T value = static_cast<const Live<T>*>(member)->get();
        return type_of<T>().write(&value, facts);
      }};
  return kType;
}

template <auto First, auto... Rest>
void* member_at(void* owner) {
  auto& member = static_cast<typename MemberOf<decltype(First)>::Owner*>(owner)->*First;
  if constexpr (sizeof...(Rest) == 0) {
    return &member;
  } else {
    return member_at<Rest...>(&member);
  }
}

template <auto First, auto... Rest>
struct LastOf : LastOf<Rest...> {};
template <auto Last>
struct LastOf<Last> {
  using Type = typename MemberOf<decltype(Last)>::Type;
};

}  // namespace options_detail

// One row. More than one member pointer walks into embedded structs.
template <auto... Path>
OptionRow option(const OptionFacts& facts) {
  using T = typename options_detail::LastOf<Path...>::Type;
  ASSERT((facts.reload == Reload::live) == options_detail::Plain<T>::is_live,
         "a Live<T> member and Reload::live go together");
  return {facts, &options_detail::type_of<T>(), &options_detail::member_at<Path...>, nullptr};
}

// The rows of a struct that is embedded as `Member`.
template <auto Member>
std::vector<OptionRow> under(std::vector<OptionRow> rows) {
  for (OptionRow& row : rows) row.owner = &options_detail::member_at<Member>;
  return rows;
}

}  // namespace agena
