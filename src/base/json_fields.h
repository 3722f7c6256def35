// JSON from field lists: a struct with a `fields` tuple (fields.h) reads and writes itself.
//
// Over:    fields.h, ids.h, json.h, json_writer.h.  Under: bodies in wire/, config files.
// Source:  how fastjson reads and writes Java beans: members in alphabetical order, nulls left out,
//          unknown members ignored, integer keys bare, beans as keys inline.
// Types:   bool, integers, double, std::string, Tagged ids, enums with EnumNames, std::optional,
//          std::vector, std::set, std::map (keys: std::string, integers, Tagged, structs with
//          fields), json::Value, and structs with fields.
// Reading: null counts as absent. A member that is absent keeps the struct's default. Numbers in
//          quotes and the other mixtures of json.h convert. An integer out of its type's range
//          is an error; an enum name or number that we do not know keeps the default.
// Errors:  Errc::missing_field and Errc::bad_field; the text starts with the path (`a[0].b: ...`).
#pragma once
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fields.h"
#include "base/ids.h"
#include "base/json.h"
#include "base/json_writer.h"

namespace agena::json {

// Specialise for each enum in a body; the position of a name is the enum's number:
//   template <> struct EnumNames<Model> {
//     static constexpr std::array<std::string_view, 2> names = {"BROADCASTING", "CLUSTERING"};
//   };
template <typename E>
struct EnumNames;

// Where we are in the document, for error texts; a chain of frames on the stack.
struct Path {
  const Path* parent = nullptr;
  std::string_view name = {};  // A member, or
  size_t index = 0;            // an array item when `name` is empty.
};
Error missing_field(const Path& at);
Error bad_field(const Path& at, std::string_view expected, const Value& got);

// Both work for every type in the list above, not for structs alone.
template <typename T>
void write_json(Writer& out, const T& from);
template <typename T>
Status read_value(const Value& from, T& into, const Path& at = {});

template <typename T>
Result<T> read_json(const Value& from) {
  T into{};
  TRY_OK(read_value(from, into));
  return into;
}
template <typename T>
Result<T> parse_json(std::string_view text, Limits limits = {}) {
  TRY(tree, parse(text, limits));
  return read_json<T>(tree);
}
template <typename T>
std::string to_json(const T& from, Style style = {}) {
  std::string text;
  Writer out(text, style);
  write_json(out, from);
  return text;
}

namespace detail {

template <typename T, template <typename...> typename Of>
inline constexpr bool is_a = false;
template <template <typename...> typename Of, typename... Args>
inline constexpr bool is_a<Of<Args...>, Of> = true;

template <typename T>
concept Id = is_a<T, Tagged>;
template <typename T>
concept Optional = is_a<T, std::optional>;
template <typename T>
concept Integer = std::integral<T> && !std::same_as<T, bool>;
template <typename E>
concept NamedEnum = std::is_enum_v<E> && requires {
  EnumNames<E>::names.size();
};

// Positions in T::fields, sorted by name.
template <HasFields T>
constexpr auto alphabetical() {
  return std::apply(
      [](const auto&... row) {
        constexpr size_t count = sizeof...(row);
        std::array<std::string_view, count> names = {row.name...};
        std::array<size_t, count> order = {};
        for (size_t i = 0; i < count; ++i) order[i] = i;
        std::sort(order.begin(), order.end(),
                  [&](size_t a, size_t b) { return names[a] < names[b]; });
        return order;
      },
      T::fields);
}

template <typename T>
bool is_omitted([[maybe_unused]] const T& value) {
  if constexpr (Optional<T>) return !value.has_value();
  if constexpr (std::same_as<T, Value>) return value.is_null();
  return false;
}

template <HasFields T>
void write_members(Writer& out, const T& from) {
  static constexpr auto order = alphabetical<T>();
  [[maybe_unused]] auto write_row = [&](const auto& row) {
    const auto& value = from.*row.member;
    if (is_omitted(value)) return;
    out.key(row.name);
    write_json(out, value);
  };
  [&]<size_t... I>(std::index_sequence<I...>) {
    (write_row(std::get<order[I]>(T::fields)), ...);
  }
  (std::make_index_sequence<order.size()>{});
}

template <typename K>
void write_key(Writer& out, const K& key) {
  if constexpr (HasFields<K>) {
    out.key_begin_object();
    write_members(out, key);
    out.end_object();
  } else if constexpr (Id<K>) {
    out.key(key.value);
  } else {
    out.key(key);
  }
}

template <HasFields T>
Status read_members(const Value& from, T& into, const Path& at) {
  if (!from.is_object()) return bad_field(at, "object", from);
  Status status;
  auto read_row = [&](const auto& row) {
    if (!status) return;
    const Path member{.parent = &at, .name = row.name};
    const Value* value = from.find(row.name);
    if (value != nullptr && !value->is_null()) {
      status = read_value(*value, into.*row.member, member);
    } else if (row.is_required) {
      status = missing_field(member);
    }
  };
  for_each_field(T::fields, read_row);
  return status;
}

template <Integer T>
Status read_integer(const Value& from, T& into, const Path& at) {
  const std::optional<int64_t> number = from.to_int64();
  if (!number || !std::in_range<T>(*number)) {
    return bad_field(at, std::is_unsigned_v<T> ? "unsigned integer" : "integer", from);
  }
  into = static_cast<T>(*number);
  return ok();
}

// Leaves `into` alone when the name or number is not ours.
template <NamedEnum E>
Status read_enum(const Value& from, std::optional<E>& into, const Path& at) {
  constexpr auto& names = EnumNames<E>::names;
  size_t position = names.size();
  if (const auto number = from.to_int64()) {
    if (std::in_range<size_t>(*number)) position = static_cast<size_t>(*number);
  } else if (const std::string* name = from.text()) {
    position = static_cast<size_t>(std::find(names.begin(), names.end(), *name) - names.begin());
  } else {
    return bad_field(at, "enum", from);
  }
  if (position < names.size()) into = static_cast<E>(position);
  return ok();
}

// Structs as keys come inline; strict JSON writers can only put their text in quotes.
template <typename K>
Status read_key(const Value& from, K& into, const Path& at) {
  if constexpr (HasFields<K>) {
    if (const std::string* text = from.text()) {
      TRY(tree, parse(*text));
      return read_value(tree, into, at);
    }
  }
  return read_value(from, into, at);
}

template <typename K, typename V>
Status read_map(const Value& from, std::map<K, V>& into, const Path& at) {
  if (!from.is_object()) return bad_field(at, "object", from);
  for (const Member& member : from.members()) {
    if (member.value.is_null()) continue;
    const Path entry{.parent = &at, .name = member.name().empty() ? "{}" : member.name()};
    K key{};
    TRY_OK(read_key(member.key, key, entry));
    V value{};
    TRY_OK(read_value(member.value, value, entry));
    into.insert_or_assign(std::move(key), std::move(value));
  }
  return ok();
}

template <typename List>
Status read_list(const Value& from, List& into, const Path& at) {
  if (!from.is_array()) return bad_field(at, "array", from);
  size_t index = 0;
  for (const Value& item : from.items()) {
    typename List::value_type value{};
    TRY_OK(read_value(item, value, Path{.parent = &at, .index = index++}));
    into.insert(into.end(), std::move(value));
  }
  return ok();
}

template <typename T>
Status read_scalar(std::optional<T> found, T& into, std::string_view expected, const Value& from,
                   const Path& at) {
  if (!found) return bad_field(at, expected, from);
  into = std::move(*found);
  return ok();
}

}  // namespace detail

template <typename T>
void write_json(Writer& out, const T& from) {
  if constexpr (HasFields<T>) {
    out.begin_object();
    detail::write_members(out, from);
    out.end_object();
  } else if constexpr (detail::Optional<T>) {
    from ? write_json(out, *from) : out.null();
  } else if constexpr (detail::Id<T>) {
    out.value(from.value);
  } else if constexpr (detail::NamedEnum<T>) {
    const auto position = static_cast<size_t>(from);
    ASSERT(position < EnumNames<T>::names.size(), "an enum outside its names table");
    out.value(EnumNames<T>::names[position]);
  } else if constexpr (detail::is_a<T, std::vector> || detail::is_a<T, std::set>) {
    out.begin_array();
    for (const auto& item : from) write_json<typename T::value_type>(out, item);
    out.end_array();
  } else if constexpr (detail::is_a<T, std::map>) {
    out.begin_object();
    for (const auto& [key, value] : from) {
      if (detail::is_omitted(value)) continue;
      detail::write_key(out, key);
      write_json(out, value);
    }
    out.end_object();
  } else {
    out.value(from);
  }
}

template <typename T>
Status read_value(const Value& from, T& into, const Path& at) {
  if constexpr (HasFields<T>) {
    return detail::read_members(from, into, at);
  } else if constexpr (std::same_as<T, bool>) {
    return detail::read_scalar(from.to_bool(), into, "boolean", from, at);
  } else if constexpr (detail::Integer<T>) {
    return detail::read_integer(from, into, at);
  } else if constexpr (std::same_as<T, double>) {
    return detail::read_scalar(from.to_double(), into, "number", from, at);
  } else if constexpr (std::same_as<T, std::string>) {
    return detail::read_scalar(from.to_text(), into, "text", from, at);
  } else if constexpr (detail::Id<T>) {
    return read_value(from, into.value, at);
  } else if constexpr (detail::NamedEnum<T>) {
    std::optional<T> known;
    TRY_OK(detail::read_enum(from, known, at));
    into = known.value_or(into);
    return ok();
  } else if constexpr (detail::Optional<T>) {
    if (from.is_null()) return ok();
    if constexpr (detail::NamedEnum<typename T::value_type>) {
      return detail::read_enum(from, into, at);
    } else {
      return read_value(from, into.emplace(), at);
    }
  } else if constexpr (detail::is_a<T, std::vector> || detail::is_a<T, std::set>) {
    return detail::read_list(from, into, at);
  } else if constexpr (detail::is_a<T, std::map>) {
    return detail::read_map(from, into, at);
  } else {
    static_assert(std::same_as<T, Value>, "no JSON form for this type");
    into = from;
    return ok();
  }
}

}  // namespace agena::json
