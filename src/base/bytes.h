// Big-endian integers in byte ranges: the order of every RocketMQ frame, record and file.
//
// Over:   nothing.  Under: codecs in message/, wire/ and storage/.
// Use:    load_be/store_be for positions already known to be in range (they assert nothing);
//         ByteReader for input: it never reads past its end and remembers that it tried.
#pragma once
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace agena {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <std::integral T>
T load_be(const void* at) noexcept {
  std::make_unsigned_t<T> raw;
  std::memcpy(&raw, at, sizeof raw);
  if constexpr (sizeof(T) == 2) raw = __builtin_bswap16(raw);
  if constexpr (sizeof(T) == 4) raw = __builtin_bswap32(raw);
  if constexpr (sizeof(T) == 8) raw = __builtin_bswap64(raw);
  return static_cast<T>(raw);
}

template <std::integral T>
void store_be(void* at, T value) noexcept {
  auto raw = static_cast<std::make_unsigned_t<T>>(value);
  if constexpr (sizeof(T) == 2) raw = __builtin_bswap16(raw);
  if constexpr (sizeof(T) == 4) raw = __builtin_bswap32(raw);
  if constexpr (sizeof(T) == 8) raw = __builtin_bswap64(raw);
  std::memcpy(at, &raw, sizeof raw);
}
static_assert(std::endian::native == std::endian::little, "the swaps above assume it");

template <std::integral T>
void append_be(std::string& out, T value) {
  char raw[sizeof(T)];
  store_be<T>(raw, value);
  out.append(raw, sizeof raw);
}

// Reads front to back. After the first read past the end, ok() is false, every further read
// returns zero or nothing, and the caller reports one error for the whole structure.
class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) : bytes_(bytes) {}

  template <std::integral T>
  T take() {
    Bytes raw = take_bytes(sizeof(T));
    return raw.size() == sizeof(T) ? load_be<T>(raw.data()) : T{};
  }
  Bytes take_bytes(size_t count) {
    if (!ok_ || count > bytes_.size()) {
      ok_ = false;
      return {};
    }
    Bytes out = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return out;
  }
  // A length that came from input: negative ones fail the read.
  Bytes take_counted(int64_t count) {
    if (count < 0) ok_ = false;
    return ok_ ? take_bytes(static_cast<size_t>(count)) : Bytes{};
  }
  std::string_view take_text(int64_t count) { return as_text(take_counted(count)); }

  size_t left() const { return bytes_.size(); }
  bool ok() const { return ok_; }

 private:
  Bytes bytes_;
  bool ok_ = true;
};

}  // namespace agena
