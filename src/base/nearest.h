// Which known words a person may have meant, by the edits between them.
//
// Over:     nothing.  Under: options.h and whoever answers for a mistyped name.
// Threads:  any.
// Lifetime: the results are views of the candidates.
// Cost:     the product of the two words' lengths, for each candidate; long words have no result.
#pragma once
#include <span>
#include <string_view>
#include <vector>

namespace agena {

// The nearest first, at most `count`, none that differs in more than a third of the word (or two
// letters). Case makes no difference; of equals, the earlier candidate comes first.
std::vector<std::string_view> nearest_words(std::string_view word,
                                            std::span<const std::string_view> candidates,
                                            size_t count);

}  // namespace agena
