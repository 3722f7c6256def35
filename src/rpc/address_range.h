// Sets of IP addresses as operators write them: `10.0.0.0/8`, `::1/128`, `192.0.2.7`.
//
// Over:    message/host.h (IP text).  Under: listen_options.h, the admin check of routers.
// Threads: values; any.
// Errors:  bad_config for text that is no address or has more bits than the address.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "message/draft.h"

namespace agena::rpc {

struct AddressRange {
  message::Host first;
  int32_t prefix_bits = 0;  // Of 32 or 128.

  // An IPv4 address inside IPv6 (::ffff:192.0.2.7) counts as the IPv4 address.
  bool contains(const message::Host& host) const;
};

Result<AddressRange> parse_address_range(std::string_view text);

}  // namespace agena::rpc
