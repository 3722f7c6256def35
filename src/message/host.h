// Text forms of the addresses in records: `127.0.0.1:10911`, `[::1]:10911`.
//
// Over:   draft.h (Host).  Under: broker/ (its own address, connection peers), client/, tools.
// Errors: Errc::bad_field for text that is no address.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "message/draft.h"

namespace agena::message {

std::string ip_text(const Host& host);
std::string host_text(const Host& host);  // With the port.
Result<Host> parse_ip(std::string_view ip, int32_t port);
Result<Host> parse_host(std::string_view text);

}  // namespace agena::message
