// Typed requests and answers: a struct with a field list is one row of the protocol.
//
// Over:   header.h, base/fields.h.  Under: requests/*.h (the rows), rpc/ (dispatch), clients.
// Use:    struct GetMaxOffset {
//           static constexpr RequestInfo info{.code = 30, .name = "GET_MAX_OFFSET"};
//           std::string_view topic;  QueueId queue_id;
//           static constexpr auto fields = std::tuple{required("topic", &GetMaxOffset::topic),
//           ...};
//         };
// Members: std::string_view, int32_t, int64_t, bool, Tagged ids of those, and std::optional of
// each. Lifetime: string members view the frame; a handler that answers later copies what it keeps.
// Errors:  Errc::missing_field or bad_field with the field's name.
#pragma once
#include <charconv>
#include <optional>
#include <string>
#include <type_traits>

#include "base/fields.h"
#include "base/ids.h"
#include "base/result.h"
#include "wire/header.h"

namespace agena::wire {

// Who may send it while authentication is off.
enum class Access : uint8_t {
  client,  // Anybody who reaches the port.
  admin,   // Changes or destroys: only from adminAllowCidr.
  broker,  // Makes or ends routes: only from brokerAllowCidr.
};

struct RequestInfo {
  int32_t code;
  const char* name;
  Access access = Access::client;
};

template <typename T>
concept Request = HasFields<T> && requires {
  { T::info } -> std::convertible_to<RequestInfo>;
};

namespace detail {

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};

template <typename T>
bool parse_value(std::string_view text, T& out) {
  if constexpr (std::is_same_v<T, std::string_view> || std::is_same_v<T, std::string>) {
    out = text;
    return true;
  } else if constexpr (std::is_same_v<T, bool>) {
    // As Java's Boolean.parseBoolean, and 1 for clients that send numbers.
    out = text == "1" || (text.size() == 4 && (text[0] | 32) == 't' && (text[1] | 32) == 'r' &&
                          (text[2] | 32) == 'u' && (text[3] | 32) == 'e');
    return true;
  } else if constexpr (std::is_integral_v<T>) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size();
  } else {
    return parse_value(text, out.value);
  }
}

template <typename T>
void write_value(ExtWriter& out, std::string_view name, const T& value) {
  if constexpr (IsOptional<T>::value) {
    if (value) write_value(out, name, *value);
  } else if constexpr (std::is_same_v<T, bool>) {
    out.add(name, value);
  } else if constexpr (std::is_integral_v<T>) {
    out.add(name, static_cast<int64_t>(value));
  } else if constexpr (std::is_convertible_v<T, std::string_view>) {
    out.add(name, std::string_view(value));
  } else {
    out.add(name, static_cast<int64_t>(value.value));
  }
}

Error missing_field(std::string_view name);
Error bad_field(std::string_view name, std::string_view value);

}  // namespace detail

template <HasFields T>
Result<T> decode_fields(const Header& header) {
  T out{};
  std::optional<Error> error;
  for_each_field(T::fields, [&](const auto& row) {
    if (error) return;
    auto text = header.find(row.name);
    if (!text) {
      if (row.is_required) error = detail::missing_field(row.name);
      return;
    }
    auto& member = out.*row.member;
    using Member = std::remove_cvref_t<decltype(member)>;
    bool good;
    if constexpr (detail::IsOptional<Member>::value) {
      good = detail::parse_value(*text, member.emplace());
    } else {
      good = detail::parse_value(*text, member);
    }
    if (!good) error = detail::bad_field(row.name, *text);
  });
  if (error) return *std::move(error);
  return out;
}

template <HasFields T>
void encode_fields(ExtWriter& out, const T& value) {
  for_each_field(T::fields,
                 [&](const auto& row) { detail::write_value(out, row.name, value.*row.member); });
}

// A whole request frame. `opaque` is what the answer will carry.
template <Request R>
void append_request(Buffer& out, const R& request, int32_t opaque, Bytes body,
                    Serialization serialization = Serialization::json, bool oneway = false) {
  Header header{.code = R::info.code,
                .opaque = opaque,
                .flag = oneway ? kFlagOneway : 0,
                .remark = {},
                .serialization = serialization,
                .ext = {}};
  auto start = start_frame(out, header, [&](ExtWriter& ext) { encode_fields(ext, request); });
  out.append(body);
  finish_frame(out, start);
}

}  // namespace agena::wire
