#include "base/hash.h"

#include <isa-l/crc.h>

#include "base/utf8.h"

namespace agena {
uint32_t crc32(Bytes bytes, uint32_t seed) noexcept {
  return crc32_gzip_refl(seed, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

int32_t java_string_hash(std::string_view utf8) noexcept {
  uint32_t hash = 0;
  while (!utf8.empty()) {
    auto [value, length, is_whole] = next_code_point(utf8);
    utf8.remove_prefix(length);
    if (value < 0x10000) {
      hash = hash * 31 + value;
    } else {
      value -= 0x10000;
      hash = hash * 31 + (0xD800 + (value >> 10));
      hash = hash * 31 + (0xDC00 + (value & 0x3FF));
    }
  }
  return static_cast<int32_t>(hash);
}

}  // namespace agena
