// Goal: ranges of addresses hold exactly what an operator means by them.
// Method: edges of prefixes in both families, and texts that are no ranges.
#include "rpc/address_range.h"

#include "message/host.h"
#include "rpc/listen_options.h"

namespace agena::rpc {
namespace {

bool holds(std::string_view range, std::string_view ip) {
  auto parsed = parse_address_range(range);
  auto host = message::parse_ip(ip, 0);
  EXPECT_TRUE(parsed && host) << range << " " << ip;
  return parsed && host && parsed->contains(*host);
}

TEST(AddressRange, EndsAtItsPrefix) {
  EXPECT_TRUE(holds("10.0.0.0/8", "10.255.255.255"));
  EXPECT_FALSE(holds("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(holds("192.0.2.128/25", "192.0.2.128"));
  EXPECT_TRUE(holds("192.0.2.128/25", "192.0.2.255"));
  EXPECT_FALSE(holds("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(holds("192.0.2.7", "192.0.2.7"));
  EXPECT_FALSE(holds("192.0.2.7", "192.0.2.6"));
  EXPECT_TRUE(holds("0.0.0.0/0", "203.0.113.9"));
  EXPECT_TRUE(holds("10.1.2.3/8", "10.9.9.9")) << "bits behind the prefix do not count";
  EXPECT_TRUE(holds("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(holds("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(holds("::1/128", "::1"));
  EXPECT_FALSE(holds("::1", "::2"));
}

TEST(AddressRange, KeepsTheFamiliesApart) {
  EXPECT_FALSE(holds("0.0.0.0/0", "2001:db8::1"));
  EXPECT_FALSE(holds("::/0", "10.0.0.1"));
  EXPECT_TRUE(holds("127.0.0.0/8", "::ffff:127.0.0.1")) << "an IPv4 peer of an IPv6 socket";
  EXPECT_FALSE(holds("127.0.0.0/8", "::ffff:128.0.0.1"));
}

TEST(AddressRange, OfIPv4InsideIPv6IsOfIPv4) {
  EXPECT_TRUE(holds("::ffff:192.0.2.7", "192.0.2.7"));
  EXPECT_FALSE(holds("::ffff:192.0.2.7", "192.0.2.6"));
  EXPECT_TRUE(holds("::ffff:10.0.0.0/104", "::ffff:10.255.0.1"));
  EXPECT_FALSE(holds("::ffff:10.0.0.0/104", "11.0.0.0"));
  EXPECT_TRUE(holds("::ffff:0:0/96", "203.0.113.9"));
  EXPECT_FALSE(parse_address_range("::ffff:0:0/95")) << "half of it is no address of IPv4";
}

TEST(AddressRange, RefusesWhatIsNone) {
  for (std::string_view bad : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x",
                               "10.0.0.0/8/8", "10.0.0", "::/129", "localhost", "10.0.0.0 /8"}) {
    EXPECT_FALSE(parse_address_range(bad)) << bad;
    EXPECT_FALSE(check_range(bad)) << bad;
  }
}

TEST(ListenOptions, AddressesThatStrangersReachNeedAWord) {
  for (const char* ip : {"0.0.0.0", "::", "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"}) {
    ListenOptions options;
    options.bind_address = ip;
    EXPECT_FALSE(check_listening(options)) << ip;
    options.allow_unauthenticated_remote = true;
    EXPECT_TRUE(check_listening(options)) << ip;
  }
  for (const char* ip : {"127.0.0.1", "127.8.0.1", "::1"}) {
    ListenOptions options;
    options.bind_address = ip;
    EXPECT_TRUE(check_listening(options)) << ip;
  }
}

TEST(ListenOptions, ChecksPeersAgainstEveryRange) {
  auto check = range_check({"127.0.0.0/8", "::1/128", "192.0.2.0/24"});
  EXPECT_TRUE(check({"127.0.0.1", 1}) && check({"::1", 1}) && check({"192.0.2.200", 1}));
  EXPECT_FALSE(check({"192.0.3.1", 1}) || check({"::2", 1}) || check({"", 1}));
  EXPECT_FALSE(range_check({})({"127.0.0.1", 1}));
}

}  // namespace
}  // namespace agena::rpc
