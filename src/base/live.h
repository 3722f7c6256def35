// A setting that may change while others read it: one machine word, copied freely.
//
// Over:    nothing.  Under: options.h; plain option structs use it for what updateConfig may set.
// Threads: any. Readers see the old value or the new one; nothing is ordered around the change.
// Use:     `Live<bool> long_polling_enable = true;`, read as if it were a bool.
#pragma once
#include <atomic>
#include <type_traits>

namespace agena {

template <typename T>
class Live {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8);

 public:
  using value_type = T;

  Live(T value = T{}) noexcept : value_(value) {}  // NOLINT: implicit, so that defaults read well
  Live(const Live& other) noexcept : value_(other.get()) {}
  Live& operator=(const Live& other) noexcept {
    set(other.get());
    return *this;
  }

  operator T() const noexcept { return get(); }  // NOLINT: implicit, so that use reads well
  T get() const noexcept { return value_.load(std::memory_order_relaxed); }
  void set(T value) noexcept { value_.store(value, std::memory_order_relaxed); }

 private:
  std::atomic<T> value_;
};

}  // namespace agena
