// Goal: tag codes and subscriptions equal RocketMQ's.
// Method: expressions whose reading RocketMQ 5.5.0 was asked for, odd ones included.
#include "message/tag.h"

#include <gtest/gtest.h>

namespace agena::message {
namespace {

TEST(Tag, CodeIsJavasHashSignExtended) {
  EXPECT_EQ(tag_code(""), 0);
  EXPECT_EQ(tag_code("keyed"), 101945150);
  EXPECT_EQ(tag_code("A"), 65);
  EXPECT_EQ(tag_code("polygenelubricants!"), -2147483615);
  EXPECT_EQ(tag_code("polygenelubricants"), INT32_MIN);  // The classic smallest hash.
}

TEST(Tag, ExpressionsReadAsInRocketMQ) {
  using Tags = std::vector<std::string>;
  using Codes = std::vector<int64_t>;
  struct Case {
    const char* expression;
    Tags tags;
    Codes codes;
  };
  const Case cases[] = {
      {"A || B", {"A", "B"}, {65, 66}},
      {"B||A", {"B", "A"}, {65, 66}},
      {"TAG1", {"TAG1"}, {tag_code("TAG1")}},
      {"A||", {"A"}, {65}},
      {"||A", {"A"}, {65}},
      {" A ||A|| B ", {"A", "B"}, {65, 66}},
      {"|||", {"|"}, {124}},
      {"a|b", {"a|b"}, {97159}},
      {"* ", {"*"}, {42}},
      {"\tx\1", {"x"}, {120}},
      {"Aa||BB", {"Aa", "BB"}, {2112}},  // Two tags, one code.
      {" ", {}, {}},
      {" || ", {}, {}},
  };
  for (const Case& c : cases) {
    Result<TagSubscription> read = parse_tag_subscription(c.expression);
    ASSERT_TRUE(read) << c.expression;
    EXPECT_FALSE(read->takes_all) << c.expression;
    EXPECT_EQ(read->tags, c.tags) << c.expression;
    EXPECT_EQ(read->tag_codes, c.codes) << c.expression;
  }
}

TEST(Tag, EverythingAndNothing) {
  EXPECT_TRUE(parse_tag_subscription("")->takes(77));
  EXPECT_TRUE(parse_tag_subscription("*")->takes(0));
  EXPECT_FALSE(parse_tag_subscription(" ")->takes(0));
  EXPECT_TRUE(parse_tag_subscription("A||B")->takes(66));
  EXPECT_FALSE(parse_tag_subscription("A||B")->takes(67));
}

TEST(Tag, SeparatorsAloneAreRefused) {
  for (const char* expression : {"||", "||||"}) {
    Result<TagSubscription> read = parse_tag_subscription(expression);
    ASSERT_FALSE(read) << expression;
    EXPECT_EQ(read.error().code, Errc::subscription_parse_failed);
  }
}

}  // namespace
}  // namespace agena::message
