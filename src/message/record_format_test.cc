// Goal: records are encoded byte for byte as RocketMQ writes them, read back whole, and refused
// when anything in them does not fit.
// Method: a record that RocketMQ 5.5.0 encoded; round trips of both versions and address kinds;
// every cut, every zeroed tail and every damaged length of a record.
#include "message/record_format.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "message/host.h"
#include "message/properties.h"
#include "message/sys_flag.h"

namespace agena::message {
namespace {

constexpr std::string_view kProperties = "a\001123\002KEYS\001k1 k2\002TAGS\001t\002";

Draft sample() {
  return {.topic = "abc",
          .queue_id = QueueId(3),
          .flag = 7,
          .sys_flag = 0,
          .born = UnixMillis(1'700'000'000'123),
          .born_host = *parse_ip("127.0.0.1", 40'000),
          .store_host = *parse_ip("192.168.3.202", 10'911),
          .reconsume_times = 2,
          .prepared_transaction_offset = 99,
          .body = as_bytes("hello!q!"),
          .properties = kProperties,
          .more_properties = {}};
}

constexpr Placement kPlace{.physical_offset = PhysicalOffset(123'456),
                           .queue_offset = QueueOffset(123),
                           .store_time = UnixMillis(1'700'000'000'456),
                           .version = Version::v1};

std::string encoded(const Draft& draft, Placement place = kPlace) {
  Result<size_t> size = encoded_size(draft, place.version);
  EXPECT_TRUE(size);
  std::string out(*size, '\xee');
  encode(draft, place, std::as_writable_bytes(std::span(out)));
  return out;
}

Result<RecordView> decoded(const std::string& bytes, Verify verify = Verify::crc) {
  return decode(as_bytes(bytes), verify);
}

void expect_equal(const RecordView& view, const Draft& draft, const Placement& place) {
  EXPECT_EQ(view.version, place.version);
  EXPECT_EQ(view.queue_id, draft.queue_id);
  EXPECT_EQ(view.flag, draft.flag);
  EXPECT_EQ(view.queue_offset, place.queue_offset);
  EXPECT_EQ(view.physical_offset, place.physical_offset);
  EXPECT_EQ(view.born, draft.born);
  EXPECT_EQ(view.born_host, draft.born_host);
  EXPECT_EQ(view.store_time, place.store_time);
  EXPECT_EQ(view.store_host, draft.store_host);
  EXPECT_EQ(view.reconsume_times, draft.reconsume_times);
  EXPECT_EQ(view.prepared_transaction_offset, draft.prepared_transaction_offset);
  EXPECT_EQ(as_text(view.body), as_text(draft.body));
  EXPECT_EQ(view.topic, draft.topic);
  EXPECT_EQ(view.properties, draft.properties);
}

TEST(Record, EqualsJavasByteForByte) {
  const char* java =
      "0000007EDAA320A73CD1C1230000000300000007000000000000007B000000000001E240000000000000018BCFE5"
      "687B7F00000100009C400000018BCFE569C8C0A803CA00002A9F0000000200000000000000630000000868656C6C"
      "6F2171210361626300186101313233024B455953016B31206B320254414753017402";
  std::string hex;
  for (unsigned char c : encoded(sample())) {
    char pair[3];
    std::snprintf(pair, sizeof pair, "%02X", c);
    hex += pair;
  }
  EXPECT_EQ(hex, java);
}

TEST(Record, RoundTripsInBothVersionsAndWithBothAddressKinds) {
  const std::string long_topic(200, 't');
  for (bool born_v6 : {false, true}) {
    for (bool store_v6 : {false, true}) {
      for (Version version : {Version::v1, Version::v2}) {
        Draft draft = sample();
        draft.sys_flag = sys_flag::compressed | sys_flag::compression_lz4;
        if (born_v6) draft.born_host = *parse_ip("1050::5:600:300c:326b", 0);
        if (store_v6) draft.store_host = *parse_ip("::1", 65'535);
        if (version == Version::v2) draft.topic = long_topic;
        EXPECT_EQ(version_for(draft.topic), version);
        Placement place = kPlace;
        place.version = version;
        const std::string bytes = encoded(draft, place);
        EXPECT_EQ(bytes.size(), (version == Version::v1 ? kRecordOverheadV1 : kRecordOverheadV2) +
                                    (born_v6 ? 12 : 0) + (store_v6 ? 12 : 0) + draft.body.size() +
                                    draft.topic.size() + draft.properties.size());
        Result<RecordView> view = decoded(bytes);
        ASSERT_TRUE(view) << view.error().text;
        expect_equal(*view, draft, place);
        EXPECT_EQ(view->sys_flag, draft.sys_flag | (born_v6 ? sys_flag::born_host_v6 : 0) |
                                      (store_v6 ? sys_flag::store_host_v6 : 0));
        std::optional<RecordHead> head = peek(as_bytes(bytes).first(kRecordHeadSize));
        ASSERT_TRUE(head);
        EXPECT_EQ(head->store_time, place.store_time);
        EXPECT_EQ(head->size, view->size);
        EXPECT_EQ(encoded(draft_of(*view), place), bytes);
      }
    }
  }
}

TEST(Record, HostBitsFollowTheHosts) {
  Draft draft = sample();
  draft.sys_flag = sys_flag::born_host_v6 | sys_flag::store_host_v6;
  EXPECT_EQ(decoded(encoded(draft))->sys_flag, 0);
}

TEST(Record, OnlyConsumableMessagesHaveAQueueOffset) {
  const std::pair<int32_t, int64_t> cases[] = {{sys_flag::transaction_none, 123},
                                               {sys_flag::transaction_prepared, 0},
                                               {sys_flag::transaction_commit, 123},
                                               {sys_flag::transaction_rollback, 0}};
  for (auto [type, offset] : cases) {
    Draft draft = sample();
    draft.sys_flag = type;
    EXPECT_EQ(decoded(encoded(draft))->queue_offset.value, offset);
  }
}

TEST(Record, PropertiesAreJoinedWithOneSeparator) {
  struct Case {
    std::string_view first, second, joined;
  };
  const Case cases[] = {
      {{}, {}, {}},
      {"a\0011\002", {}, "a\0011\002"},
      {"a\0011", {}, "a\0011\002"},
      {"a\0011", "b\0012\002", "a\0011\002b\0012\002"},
      {"a\0011\002", "b\0012", "a\0011\002b\0012\002"},
      {{}, "b\0012\002", "b\0012\002"},
      {"odd", "b\0012\002", "odd\002b\0012\002"},
      {"a\0011\002\002", "b\0012\002", "a\0011\002\002b\0012\002"},
  };
  for (const Case& c : cases) {
    Draft draft = sample();
    draft.properties = c.first;
    draft.more_properties = c.second;
    const std::string bytes = encoded(draft);
    Result<RecordView> view = decoded(bytes);
    ASSERT_TRUE(view) << c.joined;
    EXPECT_EQ(view->properties, c.joined);
  }
}

TEST(Record, WhatCannotBeStoredIsRefused) {
  auto refusal = [](const Draft& draft, Version version) {
    Result<size_t> size = encoded_size(draft, version);
    return size ? Errc::ok : size.error().code;
  };
  const std::string big(40'000, 'x');
  Draft draft = sample();
  draft.topic = {};
  EXPECT_EQ(refusal(draft, Version::v1), Errc::message_illegal);
  draft.topic = std::string_view(big).substr(0, 128);
  EXPECT_EQ(refusal(draft, Version::v1), Errc::message_illegal);
  EXPECT_EQ(refusal(draft, Version::v2), Errc::ok);
  draft.topic = std::string_view(big).substr(0, kTopicBytesMax + 1);
  EXPECT_EQ(refusal(draft, Version::v2), Errc::message_illegal);

  draft = sample();
  draft.properties =
      std::string_view(big).substr(0, kPropertiesBytesMax);  // The 0x02 makes it one more.
  EXPECT_EQ(refusal(draft, Version::v1), Errc::message_illegal);
  draft.properties = std::string_view(big).substr(0, kPropertiesBytesMax - 1);
  EXPECT_EQ(refusal(draft, Version::v1), Errc::ok);
  draft.more_properties = "b";
  EXPECT_EQ(refusal(draft, Version::v1), Errc::message_illegal);

  draft = sample();
  draft.body = Bytes(draft.body.data(), size_t{0x7FFFFFFF});  // Never read: only its size counts.
  EXPECT_EQ(refusal(draft, Version::v1), Errc::message_illegal);
}

TEST(Record, EveryCutIsRefused) {
  const std::string bytes = encoded(sample());
  for (size_t size = 0; size < bytes.size(); ++size) {
    Result<RecordView> view = decoded(bytes.substr(0, size), Verify::none);
    ASSERT_FALSE(view) << size;
    EXPECT_EQ(view.error().code, Errc::corrupt);
  }
  EXPECT_EQ(decoded(bytes + "what follows")->size, static_cast<int32_t>(bytes.size()));
}

// What a crash leaves of the last record in a file that was filled with zeros beforehand.
TEST(Record, EveryZeroedTailIsRefused) {
  const std::string bytes = encoded(sample());
  for (size_t from = 0; from < bytes.size(); ++from) {
    std::string torn = bytes;
    std::fill(torn.begin() + static_cast<ptrdiff_t>(from), torn.end(), '\0');
    EXPECT_FALSE(decoded(torn)) << from;
  }
}

TEST(Record, EveryWrongLengthIsRefused) {
  const std::string bytes = encoded(sample());
  struct Length {
    size_t at, size;
  };
  for (Length length : {Length{0, 4}, Length{84, 4}, Length{96, 1}, Length{100, 2}}) {
    for (size_t byte = 0; byte < length.size; ++byte) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string bad = bytes;
        bad[length.at + byte] = static_cast<char>(bad[length.at + byte] ^ (1 << bit));
        EXPECT_FALSE(decoded(bad, Verify::none)) << length.at + byte << " bit " << bit;
      }
    }
  }
}

TEST(Record, AFlippedBitOfTheBodyShowsWithCrcOnly) {
  std::string bytes = encoded(sample());
  bytes[88] ^= 1;
  EXPECT_TRUE(decoded(bytes, Verify::none));
  ASSERT_FALSE(decoded(bytes, Verify::crc));
  EXPECT_EQ(decoded(bytes, Verify::crc).error().code, Errc::corrupt);
}

TEST(Record, PeekTellsRecordsBlanksAndNothing) {
  const std::string bytes = encoded(sample());
  std::optional<RecordHead> head = peek(as_bytes(bytes));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->kind, RecordKind::v1);
  EXPECT_EQ(head->size, 126);
  EXPECT_EQ(head->queue_id.value, 3);
  EXPECT_EQ(head->queue_offset.value, 123);
  EXPECT_EQ(head->physical_offset.value, 123'456);
  EXPECT_EQ(head->born.value, 1'700'000'000'123);
  EXPECT_EQ(head->store_time.value, 1'700'000'000'456);
  EXPECT_FALSE(peek(as_bytes(bytes).first(kRecordHeadSize - 1)));
  EXPECT_FALSE(peek(as_bytes(std::string(100, '\0'))));
  std::string tiny = bytes;
  tiny[3] = 91;
  EXPECT_FALSE(peek(as_bytes(tiny)));

  std::string blank(kBlankSize, '\0');
  encode_blank(70'000, std::as_writable_bytes(std::span(blank)));
  EXPECT_EQ(blank, std::string("\x00\x01\x11\x70\xcb\xd4\x31\x94", 8));
  head = peek(as_bytes(blank));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->kind, RecordKind::blank);
  EXPECT_EQ(head->size, 70'000);
  EXPECT_FALSE(decoded(blank + std::string(200, '\0')));
  blank[1] = blank[2] = '\0', blank[3] = 7;
  EXPECT_FALSE(peek(as_bytes(blank)));
}

TEST(Record, PropertyCrcAtTheEnd) {
  Draft draft = sample();
  EXPECT_EQ(check_property_crc(as_bytes(encoded(draft))), PropertyCrc::absent);
  const std::string room("__CRC32#\0010000000000\002", 20);
  draft.more_properties = room;
  std::string bytes = encoded(draft);
  EXPECT_EQ(check_property_crc(as_bytes(bytes)), PropertyCrc::differs);
  uint32_t crc = crc32(as_bytes(bytes).first(bytes.size() - 20)) & 0x7FFFFFFF;
  for (size_t i = 0; i < 10; ++i, crc /= 10) {
    bytes[bytes.size() - 11 + i] = static_cast<char>('0' + crc % 10);
  }
  EXPECT_EQ(check_property_crc(as_bytes(bytes)), PropertyCrc::matches);
  for (size_t i = 0; i < bytes.size() - 20; ++i) {
    std::string bad = bytes;
    bad[i] ^= 4;
    EXPECT_EQ(check_property_crc(as_bytes(bad)), PropertyCrc::differs) << i;
  }
  bytes[bytes.size() - 5] = 'x';
  EXPECT_EQ(check_property_crc(as_bytes(bytes)), PropertyCrc::differs);
}

}  // namespace
}  // namespace agena::message
