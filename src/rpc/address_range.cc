#include "rpc/address_range.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "message/host.h"

namespace agena::rpc {
namespace {

constexpr int32_t kMappedBits = 96;  // What ::ffff:192.0.2.7 has before the IPv4 address.

message::Host plain(const message::Host& host) {
  constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  bool is_mapped = host.ip_length == 16 && std::equal(kMapped, kMapped + 12, host.ip);
  if (!is_mapped) return host;
  message::Host out{.ip = {}, .ip_length = 4, .port = host.port};
  std::memcpy(out.ip, host.ip + 12, 4);
  return out;
}

}  // namespace

bool AddressRange::contains(const message::Host& host) const {
  message::Host peer = plain(host);
  if (peer.ip_length != first.ip_length) return false;
  for (int32_t bit = 0; bit < prefix_bits; bit += 8) {
    int32_t bits = std::min(8, prefix_bits - bit);
    auto mask = static_cast<uint8_t>(0xFF << (8 - bits));
    int32_t at = bit / 8;
    if ((peer.ip[at] & mask) != (first.ip[at] & mask)) return false;
  }
  return true;
}

Result<AddressRange> parse_address_range(std::string_view text) {
  const Error bad{Errc::bad_config,
                  fmt::format("{} is no address range such as 10.0.0.0/8 or ::1", text)};
  size_t slash = text.find('/');
  Result<message::Host> first = message::parse_ip(text.substr(0, slash), 0);
  if (!first) return bad;
  const message::Host start = plain(*first);
  const int32_t mapped_bits = start.ip_length == first->ip_length ? 0 : kMappedBits;
  AddressRange range{.first = start, .prefix_bits = start.ip_length * 8};
  if (slash == text.npos) return range;
  std::string_view bits = text.substr(slash + 1);
  int32_t count = -1;
  auto [end, failed] = std::from_chars(bits.data(), bits.data() + bits.size(), count);
  bool is_good = failed == std::errc() && end == bits.data() + bits.size() &&
                 count >= mapped_bits && count - mapped_bits <= range.prefix_bits;
  if (!is_good) return bad;
  range.prefix_bits = count - mapped_bits;
  return range;
}

}  // namespace agena::rpc
