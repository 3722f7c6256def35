#include "client/blocking.h"

#include <fmt/core.h>

namespace agena::client {

namespace {

// The first row of the catalogue with that code: its hint and exit code fit what the server says.
Errc errc_of(int32_t code) {
  for (int row = 0; row < errc_count(); ++row) {
    const auto errc = static_cast<Errc>(row);
    if (errc_info(errc).response_code == code) return errc;
  }
  return Errc::system_error;
}

}  // namespace

Error Answer::error() const {
  return {errc_of(code), fmt::format("{} ({}): {}", wire::response_name(code), code, remark)};
}

Answer Answer::copy_of(const rpc::Response& response) {
  Answer out;
  out.code = response.header.code;
  out.remark = response.header.remark;
  for (const auto& field : response.header.ext) out.ext.emplace_back(field.name, field.value);
  out.body = as_text(response.body);
  return out;
}

}  // namespace agena::client
