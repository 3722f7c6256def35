#include "rpc/listen_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "message/host.h"
#include "rpc/address_range.h"

namespace agena::rpc {
namespace {

Status check_ip(std::string_view text) {
  if (message::parse_ip(text, 0)) return ok();
  return Error{Errc::bad_config, "it must be one IP address"};
}

}  // namespace

Status check_range(std::string_view text) {
  Result<AddressRange> range = parse_address_range(text);
  return range ? ok() : Status(range.error());
}

bool ListenOptions::binds_loopback() const {
  return io::Address{bind_address, 0}.is_loopback();
}

bool ListenOptions::binds_every_address() const {
  Result<message::Host> host = message::parse_ip(bind_address, 0);
  return host && std::all_of(host->ip, host->ip + host->ip_length, [](uint8_t b) { return !b; });
}

Status check_listening(const ListenOptions& options) {
  if (options.binds_loopback() || options.allow_unauthenticated_remote) return ok();
  return Error{Errc::bad_config,
               fmt::format("bindAddress={}: other machines could reach this server and nothing "
                           "authenticates them. Set allowUnauthenticatedRemote=true if the network "
                           "around it is trusted, or bind 127.0.0.1",
                           options.bind_address)};
}

std::function<bool(const io::Address&)> range_check(const std::vector<std::string>& texts) {
  std::vector<AddressRange> ranges;
  for (const std::string& text : texts) {
    Result<AddressRange> range = parse_address_range(text);
    ASSERT(range, "ranges are checked when they are loaded");
    ranges.push_back(*range);
  }
  return [ranges = std::move(ranges)](const io::Address& peer) {
    Result<message::Host> host = message::parse_ip(peer.ip, 0);
    if (!host) return false;
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const AddressRange& range) { return range.contains(*host); });
  };
}

std::vector<OptionRow> listen_rows() {
  using O = ListenOptions;
  return {
      option<&O::listen_port>(
          {.key = "listenPort",
           .min = 1,
           .max = 65'535,
           .why = "Another server already listens there, or several run on one machine."}),
      option<&O::bind_address>(
          {.key = "bindAddress",
           .check = check_ip,
           .why = "Clients on other machines must reach this server; 0.0.0.0 is every address. "
                  "Java's default is 0.0.0.0."}),
      option<&O::allow_unauthenticated_remote>(
          {.key = "allowUnauthenticatedRemote",
           .origin = Origin::agena,
           .why = "The network around the server is trusted, so that bindAddress may be one that "
                  "other machines reach although nothing authenticates them."}),
      option<&O::admin_allow_cidr>(
          {.key = "adminAllowCidr",
           .origin = Origin::agena,
           .check = check_range,
           .separator = ',',
           .why = "Operators work from other machines: requests that change or destroy are taken "
                  "from these addresses only."}),
      option<&O::io_loops>({.key = "ioLoops",
                            .min = 0,
                            .max = 1'024,
                            .origin = Origin::agena,
                            .default_text = "0: one less than the machine has cores, at least 1",
                            .why = "Other programs need the cores, or the store needs fewer."}),
      option<&O::limits, &Limits::connections_max>(
          {.key = "connectionsMax",
           .min = 1,
           .max = 1'000'000,
           .origin = Origin::agena,
           .why = "More clients are expected, and the limit of open files allows them."}),
      option<&O::limits, &Limits::connections_per_ip_max>(
          {.key = "connectionsPerIpMax",
           .min = 1,
           .max = 1'000'000,
           .origin = Origin::agena,
           .why = "One address must not take every connection, or a proxy in front needs more."}),
      option<&O::limits, &Limits::first_byte_ms_max>(
          {.key = "firstByteTimeoutSeconds",
           .min = 1,
           .max = 86'400,
           .unit = "seconds",
           .origin = Origin::agena,
           .scale = 1'000,
           .why = "Connections that never say anything are to go sooner, or are made in advance."}),
      option<&O::limits, &Limits::partial_frame_ms_max>(
          {.key = "partialFrameTimeoutSeconds",
           .min = 1,
           .max = 86'400,
           .unit = "seconds",
           .origin = Origin::agena,
           .scale = 1'000,
           .why = "Networks are so slow that one message takes longer, or stalled peers are to go "
                  "sooner."}),
      option<&O::limits, &Limits::idle_ms_max>(
          {.key = "serverChannelMaxIdleTimeSeconds",
           .min = 1,
           .max = 86'400,
           .unit = "seconds",
           .scale = 1'000,
           .why = "Clients beat every 30 s; silent ones are to go sooner, or slow networks need "
                  "longer."}),
  };
}

}  // namespace agena::rpc
