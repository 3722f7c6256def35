// Goal: no packed bytes read out of bounds or grow past the limits, and plain bytes round-trip.
// The first byte chooses library and limit.
#include <algorithm>

#include "base/assert.h"
#include "message/compression.h"

using namespace agena;
using namespace agena::message;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto kind = static_cast<Compression>(data[0] % 3);
  const Bytes input = std::as_bytes(std::span(data + 1, size - 1));
  const InflateLimits limits{.bytes_max = 64 * 1024,
                             .ratio_max = 10,
                             .any_ratio_bytes = data[0] < 128 ? size_t{1024} : size_t{0}};
  Buffer plain;
  if (inflate(kind, input, limits, plain)) {
    ASSERT(plain.size() <= limits.bytes_max);
    ASSERT(plain.size() <= std::max(limits.any_ratio_bytes, input.size() * limits.ratio_max));
  } else {
    ASSERT(plain.empty());
  }
  if (size > 512) return 0;  // The rest costs more than it finds.
  Buffer packed, back;
  const Status packed_up = deflate(kind, input, 5, packed);
  ASSERT(packed_up);
  const Status opened = inflate(kind, packed.view(), {}, back);
  ASSERT(opened && as_text(back.view()) == as_text(input));
  return 0;
}
