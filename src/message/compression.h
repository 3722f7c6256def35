// Compressed bodies: of messages (zlib, LZ4 frames, zstd, as sysFlag says) and of broker
// registrations (zlib).
//
// Over:    sys_flag.h, zlib, liblz4, libzstd.  Under: client/, wire/ (registration), namesrv/.
// Threads: pure functions.
// Errors:  Errc::corrupt for input that does not decompress whole, Errc::limit_exceeded for output
//          beyond the limits. Memory grows with output made, never with a length the input claims.
// Brokers never look inside message bodies.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/result.h"

namespace agena::message {

enum class Compression : uint8_t { zlib, lz4, zstd };

// Of a body whose sys_flag::compressed is set; Errc::bad_field for a type nobody has defined.
Result<Compression> compression_of(int32_t sys_flag);
int32_t compression_bits(Compression kind);  // To be set together with sys_flag::compressed.

struct InflateLimits {
  size_t bytes_max = size_t{64} << 20;
  size_t ratio_max = 100;
  // Up to here any ratio passes: an ordinary message of one repeated byte packs a thousand to one.
  size_t any_ratio_bytes = size_t{4} << 20;
};

// Appends to `out`; what an error left there is cut off again.
Status inflate(Compression kind, Bytes packed, const InflateLimits& limits, Buffer& out);

// Level as the library counts; 5 is what RocketMQ's producers use for all three.
Status deflate(Compression kind, Bytes plain, int level, Buffer& out);

}  // namespace agena::message
