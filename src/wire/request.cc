#include "wire/request.h"

#include <fmt/core.h>

#include "base/utf8.h"

namespace agena::wire::detail {

Error missing_field(std::string_view name) {
  return {Errc::missing_field, fmt::format("the custom field <{}> is null", name)};
}

Error bad_field(std::string_view name, std::string_view value) {
  return {Errc::bad_field,
          fmt::format("the custom field <{}> has a bad value: {}", name, utf8_front(value, 64))};
}

}  // namespace agena::wire::detail
