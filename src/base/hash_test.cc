// Goal: hashes equal Java's. Method: values computed by Java and the CRC catalogue.
#include "base/hash.h"

#include <gtest/gtest.h>

namespace agena {
namespace {

TEST(Hash, Crc32IsTheOneOfJavaUtilZip) {
  EXPECT_EQ(crc32(as_bytes("123456789")), 0xCBF43926u);
  EXPECT_EQ(crc32({}), 0u);
}

TEST(Hash, JavaStringHash) {
  EXPECT_EQ(java_string_hash(""), 0);
  EXPECT_EQ(java_string_hash("Aa"), 2112);
  EXPECT_EQ(java_string_hash("BB"), 2112);
  EXPECT_EQ(java_string_hash("keyed"), 101945150);
  EXPECT_EQ(java_string_hash("\xE4\xBD\xA0"), 0x4F60);                    // one BMP character
  EXPECT_EQ(java_string_hash("\xF0\x9F\x98\x80"), 0xD83D * 31 + 0xDE00);  // a surrogate pair
  // Ill-formed, as Java 17 decodes it.
  EXPECT_EQ(java_string_hash("\xED\xA0\x80"), 0xFFFD) << "one half of a pair";
  EXPECT_EQ(java_string_hash("\xED\xA0"), 0xFFFD);
  EXPECT_EQ(java_string_hash("\xED\xA0x"), 0xFFFD * 31 + 'x');
  EXPECT_EQ(java_string_hash("\xC0\x80"), 0xFFFD * 31 + 0xFFFD);
  EXPECT_EQ(java_string_hash("\xE4\xBDx"), 0xFFFD * 31 + 'x');
}

TEST(Bytes, ReaderStopsAtItsEnd) {
  ByteReader reader(as_bytes(std::string_view("\0\0\0\7x", 5)));
  EXPECT_EQ(reader.take<int32_t>(), 7);
  EXPECT_EQ(reader.take<int32_t>(), 0);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.take<int8_t>(), 0);
}

}  // namespace
}  // namespace agena
