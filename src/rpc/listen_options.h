// What a server's configuration file says about its ports and its peers, the same for name server
// and broker.
//
// Over:    limits.h, address_range.h, base/options.h.  Under: the options of namesrv/ and broker/.
// Threads: read-only after the start.
// Source:  the Java keys of NettyServerConfig, and keys of our own where Java has no limit.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/options.h"
#include "base/result.h"
#include "io/loop.h"
#include "rpc/limits.h"

namespace agena::rpc {

struct ListenOptions {
  int32_t listen_port = 0;                 // Set by the component that embeds this.
  std::string bind_address = "127.0.0.1";  // One IP address; "0.0.0.0" or "::" is every one.
  bool allow_unauthenticated_remote = false;
  std::vector<std::string> admin_allow_cidr = {"127.0.0.0/8", "::1/128"};
  int32_t io_loops = 0;  // 0: one less than the machine has cores, at least 1.
  Limits limits;

  bool binds_loopback() const;
  bool binds_every_address() const;
};

// Refuses an address that strangers can reach while nothing authenticates them.
Status check_listening(const ListenOptions& options);

// Whether an address is in one of the ranges, for the checks of Router. They must be good ones.
std::function<bool(const io::Address&)> range_check(const std::vector<std::string>& ranges);
// For rows that hold such ranges.
Status check_range(std::string_view text);

// Key rows over ListenOptions; the embedding table adds them with under<&Options::listen>(...).
std::vector<OptionRow> listen_rows();

}  // namespace agena::rpc
