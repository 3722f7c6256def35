// Goal: addresses in text and binary form say the same.  Method: pairs, and text that is none.
#include "message/host.h"

#include <gtest/gtest.h>

namespace agena::message {
namespace {

TEST(Host, ThereAndBack) {
  for (const char* text : {"127.0.0.1:10911", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:10911",
                           "[2408:4004:180:8100:3faa:1dde:2b3f:898a]:1"}) {
    Result<Host> host = parse_host(text);
    ASSERT_TRUE(host) << text;
    EXPECT_EQ(host_text(*host), text);
  }
  EXPECT_EQ(parse_host("127.0.0.1:10911")->ip_length, 4);
  EXPECT_EQ(parse_host("[::1]:10911")->ip_length, 16);
}

TEST(Host, RefusesWhatIsNone) {
  for (const char* text : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536",
                           "127.0.0.1:-1", "300.0.0.1:1", "name:1", "127.0.0.1:1 "}) {
    EXPECT_FALSE(parse_host(text)) << text;
  }
  EXPECT_FALSE(parse_ip(std::string_view("127.0.0.1\0x", 11), 1));
}

}  // namespace
}  // namespace agena::message
