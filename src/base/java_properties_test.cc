// Goal: properties text means to us what it means to java.util.Properties, and what we write back
// reads the same.
// Method: the cases of that class's documentation, with what Java 17 loads from each as the
// expectation; then texts with replaced values.
#include "base/java_properties.h"

#include <gtest/gtest.h>

namespace agena {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs pairs_of(std::string_view text) {
  auto properties = parse_properties(text);
  EXPECT_TRUE(properties) << properties.error().text;
  Pairs out;
  if (!properties) return out;
  for (const Property& property : *properties) out.emplace_back(property.key, property.value);
  return out;
}

TEST(JavaProperties, SeparatorsAreEqualsColonOrBlanks) {
  EXPECT_EQ(pairs_of("Truth = Beauty\n"), (Pairs{{"Truth", "Beauty"}}));
  EXPECT_EQ(pairs_of(" Truth:Beauty\n"), (Pairs{{"Truth", "Beauty"}}));
  EXPECT_EQ(pairs_of("Truth\t\t:Beauty\n"), (Pairs{{"Truth", "Beauty"}}));
  EXPECT_EQ(pairs_of("Truth Beauty"), (Pairs{{"Truth", "Beauty"}}));
  EXPECT_EQ(pairs_of("a==b\nc=:d\n"), (Pairs{{"a", "=b"}, {"c", ":d"}}));
  EXPECT_EQ(pairs_of("cheeses\n"), (Pairs{{"cheeses", ""}}));
  EXPECT_EQ(pairs_of("=x\n"), (Pairs{{"", "x"}}));
}

TEST(JavaProperties, ValuesKeepTrailingBlanks) {
  EXPECT_EQ(pairs_of("a = b  \n"), (Pairs{{"a", "b  "}}));
}

TEST(JavaProperties, CommentsAndBlankLinesAreSkipped) {
  EXPECT_EQ(pairs_of("# c\n! d\n\n   \t\n  # e = f\na=1#2\n"), (Pairs{{"a", "1#2"}}));
  EXPECT_EQ(pairs_of("# no continuation \\\na=1\n"), (Pairs{{"a", "1"}}));
}

TEST(JavaProperties, BackslashContinuesTheLine) {
  EXPECT_EQ(pairs_of("fruits apple, banana, \\\n       pear, \\\r\n  mango\n"),
            (Pairs{{"fruits", "apple, banana, pear, mango"}}));
  EXPECT_EQ(pairs_of("a=1\\\\\nb=2\n"), (Pairs{{"a", "1\\"}, {"b", "2"}}));
  EXPECT_EQ(pairs_of("a=1\\\n\nb=2\n"), (Pairs{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(pairs_of("a=1\\"), (Pairs{{"a", "1"}}));
  EXPECT_EQ(pairs_of("a=1\\\n#2\n"), (Pairs{{"a", "1#2"}}));
}

TEST(JavaProperties, EscapesAreUndone) {
  EXPECT_EQ(pairs_of("a\\=b\\ c=\\t\\n\\r\\f\\x\\:\n"), (Pairs{{"a=b c", "\t\n\r\fx:"}}));
  EXPECT_EQ(pairs_of("a=\\u0041\\u00e4\\u4E2D\\uD83D\\uDE00\n"),
            (Pairs{{"a", "A\xC3\xA4\xE4\xB8\xAD\xF0\x9F\x98\x80"}}));
  EXPECT_EQ(pairs_of("a=\\uD83Dx\n"), (Pairs{{"a", "\xEF\xBF\xBDx"}}));
}

TEST(JavaProperties, LineEndsOfEverySystemAndAByteOrderMarkPass) {
  EXPECT_EQ(pairs_of("\xEF\xBB\xBF"
                     "a=1\rb=2\r\nc=3"),
            (Pairs{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
}

TEST(JavaProperties, LatinAndUtf8BytesPassAsTheyAre) {
  EXPECT_EQ(pairs_of("a=\xE4\xC3\xA4\n"), (Pairs{{"a", "\xE4\xC3\xA4"}}));
}

TEST(JavaProperties, LineNumbersCountPhysicalLines) {
  auto properties = parse_properties("# one\na=1\\\n 2\n\nb=3\n");
  ASSERT_TRUE(properties);
  ASSERT_EQ(properties->size(), 2U);
  EXPECT_EQ((*properties)[0].line, 2);
  EXPECT_EQ((*properties)[1].line, 5);
}

TEST(JavaProperties, AMalformedUnicodeEscapeIsAnErrorWithItsLine) {
  auto properties = parse_properties("a=1\nb=\\u12g4\n");
  ASSERT_FALSE(properties);
  EXPECT_EQ(properties.error().code, Errc::bad_config);
  EXPECT_NE(properties.error().text.find("line 2"), std::string::npos);
  EXPECT_FALSE(parse_properties("b=\\u12"));
}

TEST(JavaProperties, WritingKeepsOrderAndAddsNothing) {
  EXPECT_EQ(properties_text({{"b", "x=y"}, {"a", ""}}), "b=x=y\na=\n");
}

TEST(JavaProperties, ReplacingKeepsEverythingElse) {
  const char* text = "# my broker\nlistenPort = 1 \\\n  0\n\nbrokerName=a\n# end";
  auto replaced =
      replace_properties(text, {{"listenPort", "10911"}, {"longPollingEnable", "true"}});
  ASSERT_TRUE(replaced);
  EXPECT_EQ(*replaced,
            "# my broker\nlistenPort=10911\n\nbrokerName=a\n# end\nlongPollingEnable=true\n");
}

TEST(JavaProperties, ReplacedValuesLoadAsGiven) {
  const Pairs values = {{"a b", " x\\y\tz\n"}, {"c", "#1 2"}};
  auto replaced = replace_properties("", values);
  ASSERT_TRUE(replaced);
  EXPECT_EQ(pairs_of(*replaced), values);
}

}  // namespace
}  // namespace agena
