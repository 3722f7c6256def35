// Cuts a byte stream into remoting frames.
//
// Over:   base/.  Under: rpc/.
// Source: docs/formats/remoting.md: length 4 | serialization 1, header length 3 | header | body.
// Limits: checked as soon as the length words are there, before anything is buffered for them.
#pragma once
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/header.h"

namespace agena::wire {

inline constexpr int64_t kFrameBytesMax = 16 * 1024 * 1024;  // With the length field, as Java.
inline constexpr int64_t kHeaderBytesMax = 1024 * 1024;
inline constexpr size_t kLengthBytes = 4;

struct Frame {
  Serialization serialization = Serialization::json;
  Bytes header;
  Bytes body;
  size_t wire_bytes = 0;  // Of the whole frame in the stream.
};

// Nothing while the frame is incomplete; an error ends the connection.
Result<std::optional<Frame>> next_frame(Bytes stream);

}  // namespace agena::wire
