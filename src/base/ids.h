// Ids, offsets and times as types of their own: a queue offset cannot be passed where a position
// in the commit log is wanted, and every time says its unit and clock.
//
// Over: nothing.  Under: everything.
// A Tagged<T, Tag> compares, hashes and adds plain integers; `.value` is the integer.
#pragma once
#include <compare>
#include <cstdint>
#include <functional>

namespace agena {

template <typename T, typename Tag>
struct Tagged {
  T value{};

  constexpr Tagged() = default;
  constexpr explicit Tagged(T v) : value(v) {}
  friend constexpr auto operator<=>(Tagged, Tagged) = default;
  friend constexpr Tagged operator+(Tagged a, T b) { return Tagged(a.value + b); }
  friend constexpr Tagged operator-(Tagged a, T b) { return Tagged(a.value - b); }
  friend constexpr T operator-(Tagged a, Tagged b) { return a.value - b.value; }
  constexpr Tagged& operator+=(T b) {
    value += b;
    return *this;
  }
  constexpr Tagged& operator++() {
    ++value;
    return *this;
  }
};

using PhysicalOffset =
    Tagged<int64_t, struct PhysicalOffsetTag>;               // Byte position in the commit log.
using QueueOffset = Tagged<int64_t, struct QueueOffsetTag>;  // Entry number in a consume queue.
using QueueId = Tagged<int32_t, struct QueueIdTag>;
using BrokerId = Tagged<int64_t, struct BrokerIdTag>;  // 0 is the master.

using UnixMillis = Tagged<int64_t, struct UnixMillisTag>;  // Wall clock, ms since 1970 UTC.
using MonoNanos = Tagged<int64_t, struct MonoNanosTag>;    // Monotonic clock; differences only.

inline constexpr int64_t kNanosPerMilli = 1'000'000;
inline constexpr int64_t kNanosPerSecond = 1'000'000'000;

namespace literals {
constexpr uint64_t operator""_KiB(unsigned long long n) {
  return n << 10;
}
constexpr uint64_t operator""_MiB(unsigned long long n) {
  return n << 20;
}
constexpr uint64_t operator""_GiB(unsigned long long n) {
  return n << 30;
}
}  // namespace literals

}  // namespace agena

template <typename T, typename Tag>
struct std::hash<agena::Tagged<T, Tag>> {
  size_t operator()(agena::Tagged<T, Tag> id) const noexcept { return std::hash<T>{}(id.value); }
};
