#include "base/hash.h"

#include <isa-l/crc.h>

namespace agena {
namespace {

struct CodePoint {
  uint32_t value;
  size_t length;
};

// One code point of UTF-8; ill-formed input yields U+FFFD and consumes its well-formed prefix.
CodePoint next_code_point(std::string_view s) {
  auto byte = [&](size_t i) { return static_cast<uint8_t>(s[i]); };
  uint8_t lead = byte(0);
  size_t want = lead < 0x80   ? 1
                : lead < 0xC2 ? 0
                : lead < 0xE0 ? 2
                : lead < 0xF0 ? 3
                : lead < 0xF5 ? 4
                              : 0;
  if (want == 1) return {lead, 1};
  if (want == 0) return {0xFFFD, 1};
  uint32_t value = lead & (0xFFu >> (want + 1));
  for (size_t i = 1; i < want; ++i) {
    if (i >= s.size() || (byte(i) & 0xC0) != 0x80) return {0xFFFD, i};
    if (i == 1) {
      uint8_t second = byte(1);
      bool bad = (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
                 (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
      if (bad) return {0xFFFD, 1};
    }
    value = (value << 6) | (byte(i) & 0x3F);
  }
  return {value, want};
}

}  // namespace

uint32_t crc32(Bytes bytes, uint32_t seed) noexcept {
  return crc32_gzip_refl(seed, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

int32_t java_string_hash(std::string_view utf8) noexcept {
  uint32_t hash = 0;
  while (!utf8.empty()) {
    auto [value, length] = next_code_point(utf8);
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
