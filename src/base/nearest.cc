#include "base/nearest.h"

#include <algorithm>

#include "base/text.h"

namespace agena {
namespace {

constexpr size_t kWordBytesMax = 128;  // No name of ours is longer.

// Edits that turn one word into the other; two letters changed places count as one.
size_t edit_distance(std::string_view a, std::string_view b) {
  auto is_same = [](char x, char y) { return text::lower(x) == text::lower(y); };
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t best = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1,
                              cost[i - 1][j - 1] + (is_same(a[i - 1], b[j - 1]) ? 0 : 1)});
      bool swapped = i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]);
      if (swapped) best = std::min(best, cost[i - 2][j - 2] + 1);
      cost[i][j] = best;
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::vector<std::string_view> nearest_words(std::string_view word,
                                            std::span<const std::string_view> candidates,
                                            size_t count) {
  if (word.size() > kWordBytesMax) return {};
  struct Near {
    size_t distance;
    std::string_view word;
  };
  const size_t distance_max = std::max<size_t>(2, word.size() / 3);
  std::vector<Near> near;
  for (std::string_view candidate : candidates) {
    if (candidate.size() > kWordBytesMax) continue;
    const size_t distance = edit_distance(candidate, word);
    if (distance <= distance_max) near.push_back({distance, candidate});
  }
  std::stable_sort(near.begin(), near.end(),
                   [](const Near& a, const Near& b) { return a.distance < b.distance; });
  if (near.size() > count) near.resize(count);
  std::vector<std::string_view> out;
  out.reserve(near.size());
  for (const Near& each : near) out.push_back(each.word);
  return out;
}

}  // namespace agena
