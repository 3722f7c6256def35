#include "message/host.h"

#include <arpa/inet.h>

#include <charconv>

#include "base/assert.h"
#include "base/utf8.h"

namespace agena::message {
namespace {

Error no_address(std::string_view text) {
  return {Errc::bad_field, "not an address: '" + std::string(utf8_front(text, 64)) + "'"};
}

}  // namespace

std::string ip_text(const Host& host) {
  char text[INET6_ADDRSTRLEN];
  const char* done =
      inet_ntop(host.ip_length == 16 ? AF_INET6 : AF_INET, host.ip, text, sizeof text);
  ASSERT(done != nullptr, "the buffer holds every address");
  return done;
}

std::string host_text(const Host& host) {
  std::string ip = ip_text(host);
  if (host.ip_length == 16) ip = "[" + ip + "]";
  return ip + ":" + std::to_string(host.port);
}

Result<Host> parse_ip(std::string_view ip, int32_t port) {
  if (port < 0 || port > 65'535) return no_address(ip);
  const std::string text(ip);  // inet_pton wants its zero, so text with one inside is refused.
  if (text.find('\0') != std::string::npos) return no_address(ip);
  Host host;
  host.port = port;
  if (inet_pton(AF_INET, text.c_str(), host.ip) == 1) return host;
  host.ip_length = 16;
  if (inet_pton(AF_INET6, text.c_str(), host.ip) == 1) return host;
  return no_address(ip);
}

Result<Host> parse_host(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return no_address(text);
  std::string_view ip = text.substr(0, colon);
  std::string_view digits = text.substr(colon + 1);
  int32_t port = -1;
  auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (fault != std::errc() || end != digits.data() + digits.size()) return no_address(text);
  const bool is_bracketed = ip.size() >= 2 && ip.front() == '[' && ip.back() == ']';
  if (is_bracketed) ip = ip.substr(1, ip.size() - 2);
  return parse_ip(ip, port);
}

}  // namespace agena::message
