#include "bench/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace agena::bench {

// Values below 32 ns have a bucket each; above, every power of two is cut into 32.
int Histogram::bucket_of(int64_t ns) {
  auto value = static_cast<uint64_t>(std::max<int64_t>(ns, 0));
  if (value < kStepsAnOctave) return static_cast<int>(value);
  int octave = std::bit_width(value) - 6;  // 0 for 32..63.
  int step = static_cast<int>(value >> octave) - kStepsAnOctave;
  return std::min((octave + 1) * kStepsAnOctave + step, kStepsAnOctave * kOctaves - 1);
}

int64_t Histogram::upper_end(int bucket) {
  if (bucket < kStepsAnOctave) return bucket;
  int octave = bucket / kStepsAnOctave - 1;
  int64_t step = bucket % kStepsAnOctave + kStepsAnOctave;
  return ((step + 1) << octave) - 1;
}

void Histogram::add(int64_t ns) {
  ++buckets_[static_cast<size_t>(bucket_of(ns))];
  ++count_;
  max_ns_ = std::max(max_ns_, ns);
}

void Histogram::merge(const Histogram& other) {
  for (size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ns_ = std::max(max_ns_, other.max_ns_);
}

int64_t Histogram::quantile_ns(double part) const {
  auto wanted = static_cast<int64_t>(std::ceil(part * double(count_)));
  int64_t seen = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= wanted && seen > 0) return std::min(upper_end(static_cast<int>(i)), max_ns_);
  }
  return max_ns_;
}

}  // namespace agena::bench
