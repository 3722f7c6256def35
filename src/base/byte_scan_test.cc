// Goal: a byte is found, and copied up to, wherever it stands, whatever stands around it.
// Method: every byte value at every place of texts of every length up to three words, against a
// byte by byte search.
#include "base/byte_scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace agena {
namespace {

size_t first_of(const std::string& text, char a, char b) {
  return static_cast<size_t>(
      std::find_if(text.begin(), text.end(), [&](char c) { return c == a || c == b; }) -
      text.begin());
}

// Calls visit(text) with each byte value at each place of texts of all lengths to 24. What stands
// around it differs from a quote by the lowest bit, where a borrow would show.
template <typename Visit>
void for_each_text(Visit&& visit) {
  for (size_t length = 0; length <= 24; ++length) {
    for (size_t place = 0; place < length; ++place) {
      for (int value = 0; value < 256; ++value) {
        std::string text(length, '#');
        text[place] = static_cast<char>(value);
        visit(text);
      }
    }
  }
}

TEST(ByteScan, FindsTheFirstOfTwo) {
  for_each_text([](const std::string& text) {
    const char* end = text.data() + text.size();
    const size_t expected = first_of(text, '"', '\\');
    ASSERT_EQ(static_cast<size_t>(find_either(text.data(), end, '"', '\\') - text.data()),
              expected);
  });
  std::string both = "aaaaaaaaaa\\bbb\"cc";
  EXPECT_EQ(find_either(both.data(), both.data() + both.size(), '"', '\\') - both.data(), 10);
  EXPECT_EQ(find_either(both.data(), both.data() + both.size(), '"', 'c') - both.data(), 14);
}

TEST(ByteScan, CopiesWhatStandsBefore) {
  for_each_text([](const std::string& text) {
    std::string copy(text.size(), '?');
    const char* end = text.data() + text.size();
    auto at =
        static_cast<size_t>(copy_to_either(text.data(), end, '"', '\\', copy.data()) - text.data());
    ASSERT_EQ(at, first_of(text, '"', '\\'));
    ASSERT_EQ(copy.substr(0, at), text.substr(0, at));
  });
}

TEST(ByteScan, KnowsWhatJsonEscapes) {
  for_each_text([](const std::string& text) {
    const bool expected = std::none_of(text.begin(), text.end(), [](char c) {
      return static_cast<unsigned char>(c) < 0x20 || (c & 0x80) != 0 || c == '"' || c == '\\';
    });
    ASSERT_EQ(is_plain_json(text), expected) << text;
  });
  EXPECT_TRUE(is_plain_json(""));
}

}  // namespace
}  // namespace agena
