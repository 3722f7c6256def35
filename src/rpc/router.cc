#include "rpc/router.h"

#include <fmt/core.h>

#include "base/log.h"

namespace agena::rpc {

void Router::add(const wire::RequestInfo& info, Handler handler) {
  Row& row = info.code < kDenseCodes ? dense_[static_cast<size_t>(info.code)] : sparse_[info.code];
  ASSERT(!row.handler, "one handler a request code");
  row = {info, std::move(handler)};
}

const Router::Row* Router::find(int32_t code) const {
  if (code >= 0 && code < kDenseCodes) {
    const Row& row = dense_[static_cast<size_t>(code)];
    return row.handler ? &row : nullptr;
  }
  auto at = sparse_.find(code);
  return at == sparse_.end() ? nullptr : &at->second;
}

std::vector<int32_t> Router::codes() const {
  std::vector<int32_t> out;
  for (const Row& row : dense_) {
    if (row.handler) out.push_back(row.info.code);
  }
  for (const auto& [code, row] : sparse_) out.push_back(code);
  return out;
}

void Router::finish(Call& call, const Status& served) {
  if (!served) {
    call.fail(served.error());
    return;
  }
  ASSERT(call.answered(), "a handler answers or returns an error");
}

Status Router::check_peer(const wire::RequestInfo& info, const io::Address& peer) const {
  if (info.access == wire::Access::client) return ok();
  const bool for_admins = info.access == wire::Access::admin;
  if (for_admins ? is_admin_(peer) : is_broker_(peer)) return ok();
  const char* key = for_admins ? "adminAllowCidr" : "brokerAllowCidr";
  AGENA_LOG(warn, "rpc", "{} from {} refused: not in {}", info.name, peer.text(), key);
  return Error{
      Errc::no_permission,
      fmt::format("{} is allowed from {} only while authentication is off", info.name, key)};
}

void Router::dispatch(Call& call) const {
  const int32_t code = call.header().code;
  const Row* row = find(code);
  if (row == nullptr) {
    auto name = wire::request_name(code);
    call.fail({Errc::request_code_not_supported,
               name.empty() ? fmt::format(" request type {} not supported", code)
                            : fmt::format(" request type {} {} not supported yet", code, name)});
    return;
  }
  if (Status may = check_peer(row->info, call.connection().peer()); !may) {
    call.fail(may.error());
    return;
  }
  row->handler(call);
}

}  // namespace agena::rpc
