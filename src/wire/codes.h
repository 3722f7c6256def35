// Names of request and response codes, languages and versions, as RocketMQ 5.5.0 numbers them.
//
// Over: request_codes.def, response_codes.def.  Under: frame.h, dispatch, `agena explain`.
#pragma once
#include <cstdint>
#include <string_view>

namespace agena::wire {

enum class Language : uint8_t {
  java,
  cpp,
  dotnet,
  python,
  delphi,
  erlang,
  ruby,
  other,
  http,
  go,
  php,
  oms,
  rust,
  node_js
};
std::string_view language_name(Language language);  // "JAVA"
Language language_of(std::string_view name);        // Unknown names are `other`.

// What we tell peers: the ordinal of V5_5_0. Clients switch features by it.
inline constexpr int32_t kWireVersion = 513;
inline constexpr int32_t kVersion4_9_4 = 401;  // From here on, route answers must be strict JSON.

// Empty when RocketMQ knows no such code.
std::string_view request_name(int32_t code);
std::string_view response_name(int32_t code);

}  // namespace agena::wire
