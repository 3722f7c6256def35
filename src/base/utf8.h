// Code points as UTF-8, for the three readers that meet `\u` escapes.
//
// Over:    nothing.  Under: json.cc, java_properties.cc, wire/json_header.cc.
// Threads: a pure function.
// Errors:  none: whoever reads an escape replaces halves of surrogate pairs before.
#pragma once
#include <cstdint>
#include <string>

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

}  // namespace agena
