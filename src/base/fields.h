// Field lists: a struct names its fields once, and codecs, checks and documents follow from it.
//
// Over:   nothing.  Under: json_fields.h (JSON bodies and config files), wire/ (request headers).
// Use:    struct LockBody {
//           std::string client_id;
//           static constexpr auto fields = std::tuple{required("clientId", &LockBody::client_id)};
//         };
// A field that is not `required` keeps its default when the input lacks it; a std::optional member
// is left out of the output while it is empty.
#pragma once
#include <concepts>
#include <string_view>
#include <tuple>

namespace agena {

template <typename Struct, typename T>
struct Field {
  std::string_view name;  // As the wire or the file spells it, typos included.
  T Struct::*member;
  bool is_required = false;
};

template <typename Struct, typename T>
constexpr Field<Struct, T> field(std::string_view name, T Struct::*member) {
  return {name, member, false};
}
template <typename Struct, typename T>
constexpr Field<Struct, T> required(std::string_view name, T Struct::*member) {
  return {name, member, true};
}

template <typename T>
concept HasFields = requires {
  std::tuple_size<std::remove_cvref_t<decltype(T::fields)>>::value;
};

// Calls visit(field) for each row of the list.
template <typename Fields, typename Visit>
constexpr void for_each_field(const Fields& fields, Visit&& visit) {
  std::apply([&](const auto&... row) { (visit(row), ...); }, fields);
}

}  // namespace agena
