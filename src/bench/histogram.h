// Latencies in buckets of about 3 % width, from 1 ns to minutes, without losing the tail.
//
// Over: nothing.  Under: send_load.h, delivery_load.h.  Threads: one owner.
#pragma once
#include <array>
#include <cstdint>

namespace agena::bench {

class Histogram {
 public:
  void add(int64_t ns);
  void merge(const Histogram& other);
  int64_t count() const { return count_; }
  int64_t max_ns() const { return max_ns_; }
  // The value that `part` (0 to 1) of all values do not exceed.
  int64_t quantile_ns(double part) const;

 private:
  static constexpr int kStepsAnOctave = 32;
  static constexpr int kOctaves = 40;
  static int bucket_of(int64_t ns);
  static int64_t upper_end(int bucket);
  std::array<int64_t, kStepsAnOctave * kOctaves> buckets_{};
  int64_t count_ = 0;
  int64_t max_ns_ = 0;
};

}  // namespace agena::bench
