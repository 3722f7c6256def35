// Looks for single bytes eight at a time: header texts are read and written a million times a
// second, byte by byte they would cost more than storing the message.
//
// Over:    nothing.  Under: wire/ (JSON headers), message/ (properties).
// Threads: pure functions.
// Method:  in `word - 0x01..`, a byte borrows exactly where it was zero; the lowest such byte is
//          exact, those above it may be false, so only the lowest is asked for.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace agena {
namespace detail {

inline constexpr uint64_t kEachByte = 0x0101010101010101;
inline constexpr uint64_t kHighBits = 0x8080808080808080;
static_assert(std::endian::native == std::endian::little, "the first byte is the lowest");

inline uint64_t load_word(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}
// The high bit of the first byte that is `c` is the lowest one set.
inline uint64_t marks_of(uint64_t word, char c) {
  const uint64_t zero_where_c = word ^ (kEachByte * static_cast<unsigned char>(c));
  return (zero_where_c - kEachByte) & ~zero_where_c & kHighBits;
}
inline size_t first_marked(uint64_t marks) {
  return static_cast<size_t>(std::countr_zero(marks)) / 8;
}

}  // namespace detail

// The first `a` or `b` in [from, end), or end.
inline const char* find_either(const char* from, const char* end, char a, char b) {
  for (; end - from >= 8; from += 8) {
    const uint64_t word = detail::load_word(from);
    const uint64_t marks = detail::marks_of(word, a) | detail::marks_of(word, b);
    if (marks != 0) return from + detail::first_marked(marks);
  }
  while (from != end && *from != a && *from != b) ++from;
  return from;
}

// The same, and copies what stands before it to `to`, which has room for end - from bytes.
inline const char* copy_to_either(const char* from, const char* end, char a, char b, char* to) {
  for (; end - from >= 8; from += 8, to += 8) {
    const uint64_t word = detail::load_word(from);
    std::memcpy(to, &word, sizeof word);
    const uint64_t marks = detail::marks_of(word, a) | detail::marks_of(word, b);
    if (marks != 0) return from + detail::first_marked(marks);
  }
  while (from != end && *from != a && *from != b) *to++ = *from++;
  return from;
}

// Whether JSON writes every byte of it as it is, whatever they stand for together: ASCII, and no
// control character, quote or backslash.
inline bool is_plain_json(std::string_view text) {
  const char* at = text.data();
  const char* end = at + text.size();
  for (; end - at >= 8; at += 8) {
    const uint64_t word = detail::load_word(at);
    const uint64_t others = ((word - detail::kEachByte * 0x20) | word) & detail::kHighBits;
    if ((others | detail::marks_of(word, '"') | detail::marks_of(word, '\\')) != 0) return false;
  }
  for (; at != end; ++at) {
    const auto c = static_cast<unsigned char>(*at);
    if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') return false;
  }
  return true;
}

}  // namespace agena
