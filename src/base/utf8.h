// Code points as UTF-8: for the readers that meet `\u` escapes, for hashes of text, and for whoever
// writes JSON, which must be whole UTF-8 while what peers send need not be.
//
// Over:    nothing.  Under: hash.cc, json.cc, json_writer.cc, java_properties.cc, wire/, rpc/.
// Threads: pure functions.
// Errors:  none: what is ill-formed becomes U+FFFD, as in Java's decoder.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"

namespace agena {

inline void append_utf8(std::string& out, uint32_t point) {
  ASSERT(point <= 0x10FFFF, "a code point has 21 bits");
  auto put = [&out](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  auto put_rest = [&](int shift) { put(0x80 | ((point >> shift) & 0x3F)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | (point >> 6));
    put_rest(0);
  } else if (point < 0x10000) {
    put(0xE0 | (point >> 12));
    put_rest(6);
    put_rest(0);
  } else {
    put(0xF0 | (point >> 18));
    put_rest(12);
    put_rest(6);
    put_rest(0);
  }
}

struct CodePoint {
  uint32_t value;
  size_t length;         // Bytes of the text that it took.
  bool is_whole = true;  // False: `value` is U+FFFD in place of something ill-formed.
};

// The first of `text`, which is not empty. What is ill-formed counts as Java's decoder has it: once
// for each longest start of a sequence, and once for a surrogate.
inline CodePoint next_code_point(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  ASSERT(!text.empty());
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const size_t want = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (want == 0) return {0xFFFD, 1, false};
  uint32_t value = lead & (0xFFu >> (want + 1));
  for (size_t i = 1; i < want; ++i) {
    if (i >= text.size() || (byte(i) & 0xC0) != 0x80) return {0xFFFD, i, false};
    const bool is_bad_second =
        i == 1 && ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90) ||
                   (lead == 0xF4 && byte(1) > 0x8F));
    if (is_bad_second) return {0xFFFD, 1, false};
    value = (value << 6) | (byte(i) & 0x3F);
  }
  if (value >= 0xD800 && value < 0xE000) return {0xFFFD, want, false};
  return {value, want};
}

inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD.

// Appends `text` with U+FFFD wherever it is ill-formed.
inline void append_whole(std::string& out, std::string_view text) {
  size_t done = 0;
  for (size_t at = 0, next = 0; at < text.size(); at = next) {
    const CodePoint point = next_code_point(text.substr(at));
    next = at + point.length;
    if (point.is_whole) continue;
    out.append(text.substr(done, at - done));
    out.append(kReplacement);
    done = next;
  }
  out.append(text.substr(done));
}

// The start of `text`, at most that long, that ends with a whole character.
inline std::string_view utf8_front(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  size_t end = bytes_max;
  for (size_t back = 0; back < 3 && end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80;
       ++back) {
    --end;
  }
  return text.substr(0, end);
}

}  // namespace agena
