#include "wire/codes.h"

#include <array>

namespace agena::wire {
namespace {
constexpr std::array<std::string_view, 14> kLanguages = {
    "JAVA",  "CPP",  "DOTNET", "PYTHON", "DELPHI", "ERLANG", "RUBY",
    "OTHER", "HTTP", "GO",     "PHP",    "OMS",    "RUST",   "NODE_JS"};
}  // namespace

std::string_view language_name(Language language) {
  auto at = static_cast<size_t>(language);
  return at < kLanguages.size() ? kLanguages[at] : kLanguages[7];
}

Language language_of(std::string_view name) {
  for (size_t i = 0; i < kLanguages.size(); ++i) {
    if (kLanguages[i] == name) return static_cast<Language>(i);
  }
  return Language::other;
}

std::string_view request_name(int32_t code) {
  switch (code) {
#define REQUEST_CODE(name, number) \
  case number:                     \
    return #name;
#include "wire/request_codes.def"
#undef REQUEST_CODE
    default:
      return {};
  }
}

std::string_view response_name(int32_t code) {
  switch (code) {
#define RESPONSE_CODE(name, number) \
  case number:                      \
    return #name;
#include "wire/response_codes.def"
#undef RESPONSE_CODE
    default:
      return {};
  }
}

}  // namespace agena::wire
