// JSON documents as a tree: admin bodies, heartbeats, config files.
//
// Over:    result.h.  Under: json_writer.h, json_fields.h (structs from field lists), wire/,
// storage/. Source:  what fastjson 1 and 2 write and accept, and what the C++, Go and Node clients
// send.
//          Beyond RFC 8259 we read: integers and identifiers as bare member names, objects as
//          member names, single quotes, trailing commas, control characters inside strings,
//          `+1`, `.5`, `1.`, `01`. NaN and infinities are refused, `$ref` is not resolved.
// Errors:  Errc::bad_json with the byte position; Errc::limit_exceeded past a limit.
// Time and memory grow with the input, never with numbers that the input declares. Recursion ends
// at depth_max. Bytes of strings are kept as they came, also where they are not valid UTF-8.
// Threads: a Value is plain data.  Lifetime: pointers and spans live as long as their Value.
#pragma once
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace agena::json {

struct Member;

class Value {
 public:
  enum class Kind : uint8_t { null, boolean, integer, real, text, array, object };
  using Array = std::vector<Value>;
  using Object = std::vector<Member>;  // In input order; a repeated name stays repeated.

  Value();
  ~Value();
  Value(const Value& other);
  Value(Value&& other) noexcept;
  Value& operator=(const Value& other);
  Value& operator=(Value&& other) noexcept;

  explicit Value(std::same_as<bool> auto truth);
  explicit Value(std::signed_integral auto number);
  explicit Value(double number);
  explicit Value(std::string text);
  explicit Value(const char* text);
  explicit Value(Array items);
  explicit Value(Object members);

  Kind kind() const { return static_cast<Kind>(state_.index()); }
  bool is_null() const { return kind() == Kind::null; }
  bool is_array() const { return kind() == Kind::array; }
  bool is_object() const { return kind() == Kind::object; }

  // Exact views: empty or nullptr when the kind is another one.
  const std::string* text() const { return std::get_if<std::string>(&state_); }
  std::span<const Value> items() const;
  std::span<const Member> members() const;
  // The last member of that name, as Java's setters would leave it; nullptr when there is none.
  const Value* find(std::string_view name) const;

  // Lenient views, because clients mix types: 123, "123", 123.0 and true (1) are all integers;
  // true, "true" and 1 are all true; numbers and truth values print as text. No
  // number is rounded to an integer or wrapped; null, arrays and objects convert to nothing.
  std::optional<int64_t> to_int64() const;
  std::optional<double> to_double() const;
  std::optional<bool> to_bool() const;
  std::optional<std::string> to_text() const;

  friend bool operator==(const Value& a, const Value& b);

 private:
  // Alternatives in the order of Kind.
  std::variant<std::monostate, bool, int64_t, double, std::string, Array, Object> state_;
};

struct Member {
  Value key;  // Text (bare integers and identifiers too), or an object.
  Value value;

  // The key when it is text, otherwise empty.
  std::string_view name() const;
  friend bool operator==(const Member&, const Member&) = default;
};

// "null", "boolean" and so on, for error texts.
std::string_view kind_name(Value::Kind kind);

struct Limits {
  uint32_t depth_max = 64;         // Arrays and objects open at once; scalars are at depth 0.
  uint32_t nodes_max = 1'000'000;  // Values of all kinds, inline object keys included.
};

// One document; blanks and line ends may surround it, nothing else may follow it.
Result<Value> parse(std::string_view text, Limits limits = {});

inline Value::Value(std::same_as<bool> auto truth) : state_(std::in_place_type<bool>, truth) {}
inline Value::Value(std::signed_integral auto number)
    : state_(std::in_place_type<int64_t>, number) {}

}  // namespace agena::json
