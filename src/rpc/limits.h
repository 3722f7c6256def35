// What one peer may cost us. Slow or greedy peers are met by not reading from them, broken and
// silent ones by closing.
//
// Over: nothing.  Under: connection.h, server.h.  Figures: docs/config.md lists the tunable ones.
#pragma once
#include <cstddef>
#include <cstdint>

namespace agena::rpc {

struct Limits {
  size_t connections_max = 20'000;
  size_t connections_per_ip_max = 10'000;
  int64_t first_byte_ms_max = 10'000;     // From accept to the first byte.
  int64_t partial_frame_ms_max = 30'000;  // From a frame's first byte to its last.
  int64_t idle_ms_max = 120'000;          // Nothing received and nothing sent.
  int32_t in_flight_max = 1024;  // Requests taken and not yet answered, parked pulls apart.
  size_t in_flight_bytes_max = 64 << 20;  // Frames of those.
  size_t unsent_pause_bytes = 1 << 20;    // Beyond this, requests are left in the socket.
  size_t unsent_bytes_max = 32 << 20;     // Beyond this, the connection is closed.
};

}  // namespace agena::rpc
