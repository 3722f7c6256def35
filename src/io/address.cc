#include "io/loop.h"

namespace agena::io {

std::string Address::text() const {
  bool is_v6 = ip.find(':') != std::string::npos;
  return (is_v6 ? "[" + ip + "]" : ip) + ":" + std::to_string(port);
}

bool Address::is_loopback() const {
  return ip.starts_with("127.") || ip == "::1";
}

}  // namespace agena::io
