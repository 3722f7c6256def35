// Goal: a mistyped name finds the one that was meant, and nonsense finds nothing.
// Method: words as people mistype them.
#include "base/nearest.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace agena {
namespace {

constexpr std::array<std::string_view, 4> kWords = {"TOPIC_NOT_EXIST", "TOPIC_EXIST_ALREADY",
                                                    "NO_PERMISSION", "NO_MESSAGE"};
using Words = std::vector<std::string_view>;

TEST(Nearest, SlipsOfTheFinger) {
  EXPECT_EQ(nearest_words("TOPIC_NOT_EXITS", kWords, 1), Words{"TOPIC_NOT_EXIST"});
  EXPECT_EQ(nearest_words("topic_not_exists", kWords, 1), Words{"TOPIC_NOT_EXIST"});
  EXPECT_EQ(nearest_words("NO_PREMISSION", kWords, 1), Words{"NO_PERMISSION"});
  EXPECT_EQ(nearest_words("NO_MESAGE", kWords, 1), Words{"NO_MESSAGE"});
}

TEST(Nearest, TheNearestComesFirstAndNoMoreThanAsked) {
  constexpr std::array<std::string_view, 3> words = {"abcdef", "abcdxx", "abcdex"};
  EXPECT_EQ(nearest_words("abcdef", words, 3), (Words{"abcdef", "abcdex", "abcdxx"}));
  EXPECT_EQ(nearest_words("abcdef", words, 2), (Words{"abcdef", "abcdex"}));
}

TEST(Nearest, NonsenseIsNearNothing) {
  EXPECT_TRUE(nearest_words("quark", kWords, 3).empty());
  EXPECT_TRUE(nearest_words("", kWords, 3).empty());
  EXPECT_TRUE(nearest_words(std::string(100'000, 'A'), kWords, 3).empty());
  EXPECT_TRUE(nearest_words("NO_MESSAGE", {}, 3).empty());
}

}  // namespace
}  // namespace agena
