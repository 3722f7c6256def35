// Goal: batch bodies equal RocketMQ's, and damaged ones are refused without a read out of bounds.
// Method: a body that RocketMQ 5.5.0 encoded, and every cut and every wrong length of it.
#include "message/batch.h"

#include <gtest/gtest.h>

#include "message/properties.h"

namespace agena::message {
namespace {

// Two messages: flag 7, body hello!q!, a=123 KEYS=k1 k2 TAGS=t; then an empty body, tag T.
std::string two_items() {
  std::string out;
  std::string first;
  append_property(first, "a", "123");
  append_property(first, "KEYS", "k1 k2");
  append_property(first, "TAGS", "t");
  EXPECT_TRUE(append_batch_item(
      out, {.flag = 7, .body = as_bytes(std::string_view("hello!q!")), .properties = first}));
  std::string second;
  append_property(second, "WAIT", "true");
  append_property(second, "TAGS", "T");
  EXPECT_TRUE(append_batch_item(out, {.flag = 0, .body = {}, .properties = second}));
  return out;
}

TEST(Batch, EqualsJavas) {
  const char* java =
      "000000360000000000000000000000070000000868656C6C6F21712100186101313233024B455953016B31206B32"
      "02544147530174020000002700000000000000000000000000000000001157414954017472756502544147530154"
      "02";
  std::string hex;
  for (unsigned char c : two_items()) {
    char pair[3];
    std::snprintf(pair, sizeof pair, "%02X", c);
    hex += pair;
  }
  EXPECT_EQ(hex, java);
}

TEST(Batch, ReadsItsItems) {
  const std::string body = two_items();
  BatchReader reader(as_bytes(body));
  std::optional<BatchItem> item = reader.next();
  ASSERT_TRUE(item);
  EXPECT_EQ(item->flag, 7);
  EXPECT_EQ(as_text(item->body), "hello!q!");
  EXPECT_EQ(find_property(item->properties, "KEYS"), "k1 k2");
  item = reader.next();
  ASSERT_TRUE(item);
  EXPECT_TRUE(item->body.empty());
  EXPECT_FALSE(reader.next());
  EXPECT_TRUE(reader.status());

  Result<BatchTotals> totals = check_batch(as_bytes(body));
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->items, 2);
  EXPECT_EQ(totals->body_bytes, 8u);
  EXPECT_EQ(totals->properties_bytes, 41u);
}

TEST(Batch, EveryCutIsRefused) {
  const std::string body = two_items();
  constexpr size_t kFirstEnd = 0x36;
  for (size_t size = 0; size < body.size(); ++size) {
    Result<BatchTotals> totals = check_batch(as_bytes(body).first(size));
    if (size == kFirstEnd) {
      EXPECT_TRUE(totals);  // One whole item is a batch too.
      continue;
    }
    ASSERT_FALSE(totals) << size;
    EXPECT_EQ(totals.error().code, Errc::message_illegal);
  }
}

TEST(Batch, EveryWrongLengthIsRefused) {
  const std::string body = two_items();
  for (size_t at : {size_t{0}, size_t{16}, size_t{28}}) {  // Total, body, properties.
    for (char wrong : {'\x7f', '\xff'}) {
      std::string bad = body;
      bad[at] = wrong;
      EXPECT_FALSE(check_batch(as_bytes(bad))) << at;
    }
    std::string off_by_one = body;
    ++off_by_one[at == 28 ? at + 1 : at + 3];
    EXPECT_FALSE(check_batch(as_bytes(off_by_one))) << at;
  }
}

TEST(Batch, PropertiesHaveAMostSize) {
  std::string out;
  std::string big(32'768, 'x');
  Status status = append_batch_item(out, {.flag = 0, .body = {}, .properties = big});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Errc::message_illegal);
  EXPECT_TRUE(out.empty());
}

}  // namespace
}  // namespace agena::message
