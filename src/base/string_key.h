// Hash maps with std::string keys that are looked up by std::string_view without a copy.
//
// Use: std::unordered_map<std::string, V, StringKeyHash, std::equal_to<>>.
#pragma once
#include <functional>
#include <string>
#include <string_view>

namespace agena {

struct StringKeyHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};

}  // namespace agena
