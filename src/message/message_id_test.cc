// Goal: ids equal RocketMQ's in both directions, and the time in a unique key is found again.
// Method: ids that RocketMQ 5.5.0 made, IPv4 and IPv6, and clocks around the ends of months.
#include "message/message_id.h"

#include <gtest/gtest.h>

#include "message/host.h"

namespace agena::message {
namespace {

TEST(OffsetId, EqualsJavas) {
  OffsetId id{.host = *parse_ip("192.168.3.202", 10911), .offset = PhysicalOffset(123456)};
  EXPECT_EQ(offset_id_text(id), "C0A803CA00002A9F000000000001E240");
  OffsetId v6{.host = *parse_ip("2408:4004:180:8100:3faa:1dde:2b3f:898a", 10911),
              .offset = PhysicalOffset(3232)};
  EXPECT_EQ(offset_id_text(v6), "24084004018081003FAA1DDE2B3F898A00002A9F0000000000000CA0");
}

TEST(OffsetId, ReadsBack) {
  for (const char* text : {"C0A803CA00002A9F000000000001E240",
                           "24084004018081003FAA1DDE2B3F898A00002A9F0000000000000CA0"}) {
    Result<OffsetId> id = parse_offset_id(text);
    ASSERT_TRUE(id);
    EXPECT_EQ(id->host.port, 10911);
    EXPECT_EQ(offset_id_text(*id), text);
  }
  EXPECT_EQ(parse_offset_id("c0a803ca00002a9f000000000001e240")->offset.value, 123456);
}

TEST(OffsetId, RefusesWhatIsNone) {
  for (const char* text : {
           "", "C0A803CA00002A9F000000000001E24", "C0A803CA00002A9F000000000001E2400",
           "C0A803CA00002A9F000000000001E24G",  // Not hex.
           "C0A803CA0001000000000000000001E2",  // Port 65536.
           "C0A803CAFFFFFFFF000000000001E240",  // Port -1.
           "C0A803CA00002A9F8000000000000000",  // Offset below zero.
       }) {
    Result<OffsetId> id = parse_offset_id(text);
    ASSERT_FALSE(id) << text;
    EXPECT_EQ(id.error().code, Errc::bad_field);
  }
}

TEST(UniqueKey, PartsOfJavasKeys) {
  Result<UniqueKey> key = parse_unique_key("C00002027DB24E0E2F2A703F846E0001");
  ASSERT_TRUE(key);
  EXPECT_EQ(ip_text(key->host), "192.0.2.2");
  EXPECT_EQ(key->pid, 32178);
  EXPECT_EQ(key->loader_hash, 0x4E0E2F2Au);
  EXPECT_EQ(key->month_ms, 0x703F846Eu);
  EXPECT_EQ(key->counter, 1);
  EXPECT_EQ(unique_key_text(*key), "C00002027DB24E0E2F2A703F846E0001");

  // Made by process 14437 at 1795382310713, in UTC.
  const char* v6 = "FD00000000000000000000000000000238651DBD16A670B80F390000";
  key = parse_unique_key(v6);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->host.ip_length, 16);
  EXPECT_EQ(key->pid, 14437);
  EXPECT_EQ(unique_key_text(*key), v6);
  EXPECT_EQ(unique_key_time(*key, UnixMillis(1795382310716), 0).value, 1795382310713);
  EXPECT_FALSE(parse_unique_key("0123"));
}

constexpr int64_t kDay = 86'400'000;
constexpr int64_t kMarch2024 = 1'709'251'200'000;  // 2024-03-01T00:00Z

TEST(UniqueKey, MonthsStartInTheClientsZone) {
  EXPECT_EQ(month_start(UnixMillis(kMarch2024), 0).value, kMarch2024);
  EXPECT_EQ(month_start(UnixMillis(kMarch2024 - 1), 0).value,
            kMarch2024 - 29 * kDay);  // Leap year.
  EXPECT_EQ(month_start(UnixMillis(kMarch2024 + 30 * kDay), 0).value, kMarch2024);
  // Eight hours east the month is eight hours older.
  constexpr int64_t kEast = 8 * 3'600'000;
  EXPECT_EQ(month_start(UnixMillis(kMarch2024 - kEast), 480).value, kMarch2024 - kEast);
  EXPECT_EQ(month_start(UnixMillis(kMarch2024), -300).value,
            kMarch2024 - 29 * kDay + 5 * 3'600'000);
  EXPECT_EQ(month_start(UnixMillis(-1), 0).value, -31 * kDay);  // December 1969.
}

TEST(UniqueKey, AKeyFromTheFutureIsOfLastMonth) {
  UniqueKey key;
  key.month_ms = static_cast<uint32_t>(20 * kDay);
  UnixMillis now(kMarch2024 + 10 * kDay);
  EXPECT_EQ(unique_key_time(key, now, 0).value, kMarch2024 - 9 * kDay);
  key.month_ms = static_cast<uint32_t>(10 * kDay - 1);
  EXPECT_EQ(unique_key_time(key, now, 0).value, kMarch2024 + 10 * kDay - 1);
}

}  // namespace
}  // namespace agena::message
