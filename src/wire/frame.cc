#include "wire/frame.h"

#include <fmt/core.h>

#include "base/assert.h"

namespace agena::wire {

Result<std::optional<Frame>> next_frame(Bytes stream) {
  if (stream.size() < kLengthBytes) return std::optional<Frame>();
  int64_t length = load_be<int32_t>(stream.data());
  if (length < 4 || length + int64_t(kLengthBytes) > kFrameBytesMax) {
    return Error{Errc::bad_frame, fmt::format("frame length {} is outside 4..{}", length,
                                              kFrameBytesMax - int64_t(kLengthBytes))};
  }
  if (stream.size() < 8) return std::optional<Frame>();
  auto word = load_be<uint32_t>(stream.data() + 4);
  uint32_t kind = word >> 24;
  int64_t header_length = word & 0xFFFFFF;
  if (kind > 1) return Error{Errc::bad_frame, fmt::format("unknown serialization {}", kind)};
  if (header_length == 0 || header_length > length - 4 || header_length > kHeaderBytesMax) {
    return Error{Errc::bad_frame,
                 fmt::format("header length {} in a frame of {}", header_length, length)};
  }
  size_t total = kLengthBytes + static_cast<size_t>(length);
  if (stream.size() < total) return std::optional<Frame>();
  Frame frame;
  frame.serialization = static_cast<Serialization>(kind);
  frame.header = stream.subspan(8, static_cast<size_t>(header_length));
  frame.body = stream.subspan(8 + static_cast<size_t>(header_length),
                              total - 8 - static_cast<size_t>(header_length));
  ASSERT(frame.header.size() + frame.body.size() + 8 == total);
  frame.wire_bytes = total;
  return std::optional<Frame>(frame);
}

}  // namespace agena::wire
