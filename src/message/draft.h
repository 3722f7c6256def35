// A message on its way into the log: what a producer sent, before the store gives it a place.
//
// Over:     base/.  Under: record_format.h (encodes it), storage/ (appends it), broker/ (builds
// it). Lifetime: views only; the receive buffer they point into must stay until append() returns.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"

namespace agena::message {

// IPv4 or IPv6 address and port, as records and message ids hold them.
struct Host {
  uint8_t ip[16] = {};
  uint8_t ip_length = 4;  // 4 or 16.
  int32_t port = 0;

  friend bool operator==(const Host&, const Host&) = default;
};

struct Draft {
  std::string_view topic;
  QueueId queue_id;
  int32_t flag = 0;      // The producer's own; opaque to us.
  int32_t sys_flag = 0;  // sys_flag.h; the host bits are set by the encoder.
  UnixMillis born;
  Host born_host;
  Host store_host;
  int32_t reconsume_times = 0;
  int64_t prepared_transaction_offset = 0;
  Bytes body;
  // In stored form: name 0x01 value 0x02, repeated (properties.h). `more_properties` is appended to
  // it, so that the broker can add its own without copying the producer's.
  std::string_view properties;
  std::string_view more_properties;
};

}  // namespace agena::message
