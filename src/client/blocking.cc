#include "client/blocking.h"

#include <fmt/core.h>

namespace agena::client {

Error Answer::error() const {
  return {Errc::system_error, fmt::format("{} ({}): {}", wire::response_name(code), code, remark)};
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
