// Goal: nothing ill-formed gets through, and nothing well-formed is changed or torn apart.
// Method: characters of each length, whole, cut and wrongly continued.
#include "base/utf8.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/json_writer.h"

namespace agena {
namespace {

std::string whole(std::string_view text) {
  std::string out;
  append_whole(out, text);
  return out;
}

TEST(Utf8, WhatIsWellFormedStays) {
  for (std::string_view text :
       {"", "a", "\u00E9", "\u4F60\u597D", "\U0001F600", "a\u00E9b\U0001F600"}) {
    EXPECT_EQ(whole(text), text);
  }
}

TEST(Utf8, WhatIsIllFormedIsReplaced) {
  EXPECT_EQ(whole("a\xB2z"), "a\uFFFDz");
  EXPECT_EQ(whole("\xC4\xE3"), "\uFFFD\uFFFD") << "GBK";
  EXPECT_EQ(whole("\xF0\x9F\x98"), "\uFFFD") << "cut";
  EXPECT_EQ(whole("\xED\xA0\x80"), "\uFFFD") << "half of a pair";
  EXPECT_EQ(whole("\xF4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD") << "beyond the last";
}

TEST(Utf8, ACutLeavesWholeCharacters) {
  const std::string_view text = "ab\u4F60\U0001F600";
  EXPECT_EQ(utf8_front(text, 100), text);
  EXPECT_EQ(utf8_front(text, 9), text);
  for (size_t most : {5, 6, 7, 8}) EXPECT_EQ(utf8_front(text, most), "ab\u4F60") << most;
  for (size_t most : {2, 3, 4}) EXPECT_EQ(utf8_front(text, most), "ab") << most;
  EXPECT_EQ(utf8_front(text, 0), "");
  EXPECT_EQ(utf8_front("\x80\x80\x80\x80\x80\x80", 4).size(), 1u) << "no characters at all";
}

// Java's readers refuse a document that is not UTF-8, whatever they wanted from it.
TEST(Utf8, JsonIsAlwaysWhole) {
  const auto read = json::parse("{\"clientID\":\"c\xB2\"}");
  ASSERT_TRUE(read);
  EXPECT_EQ(json::to_text(*read), "{\"clientID\":\"c\uFFFD\"}");
  std::string out;
  json::Writer(out).value(json::Value("\x80\n\xFF"));
  EXPECT_EQ(out, "\"\uFFFD\\n\uFFFD\"");
}

}  // namespace
}  // namespace agena
