// Goal: a registration survives both of its forms, and no body can make us trust its counts.
// Method: round trips, lines and bodies as Java brokers of several versions write them, bodies cut
// at every byte.
#include "wire/bodies/registration.h"

#include <gtest/gtest.h>

#include "message/compression.h"

namespace agena::wire {
namespace {

constexpr int32_t kOld = 36;        // Before 3.0.11.
constexpr int32_t kVersion4 = 399;  // 4.9.3
constexpr int32_t kNow = 513;

Registration sample() {
  Registration from;
  from.filter_servers = {"127.0.0.1:30000"};
  from.topics.data_version = {.counter = 7, .state_version = 2, .timestamp = UnixMillis(1700)};
  from.topics.topics["plain"] = {.name = "plain"};
  from.topics.topics["fifo"] = {.attributes = {{"message.type", "FIFO"}},
                                .perm = 4,
                                .read_queues = 3,
                                .name = "fifo",
                                .write_queues = 2};
  from.topics.mappings["static"] = {.broker_name = "a",
                                    .current_ids = {{0, 0}, {1, 4}},
                                    .epoch = 9,
                                    .topic = "static",
                                    .total_queues = 2};
  return from;
}

Buffer encoded(const Registration& from, bool compressed) {
  Buffer out;
  EXPECT_TRUE(encode_registration(from, compressed, out));
  return out;
}

Buffer packed(std::string_view plain) {
  Buffer out;
  EXPECT_TRUE(message::deflate(message::Compression::zlib, as_bytes(plain), 9, out));
  return out;
}

void append_counted(std::string& out, std::string_view text) {
  append_be(out, static_cast<int32_t>(text.size()));
  out += text;
}

TEST(Registration, SurvivesBothForms) {
  const Registration from = sample();
  for (const bool compressed : {false, true}) {
    const auto into = decode_registration(encoded(from, compressed).view(), compressed, kNow);
    ASSERT_TRUE(into) << describe(into.error());
    EXPECT_EQ(into->topics.data_version, from.topics.data_version);
    EXPECT_EQ(into->topics.topics, from.topics.topics);
    EXPECT_EQ(into->topics.mappings, from.topics.mappings);
    EXPECT_EQ(into->filter_servers, from.filter_servers);
  }
}

TEST(Registration, PlainFormIsJavas) {
  Registration from;
  from.topics.topics["t"] = {.name = "t"};
  EXPECT_EQ(as_text(encoded(from, false).view()),
            "{\"filterServerList\":[],\"topicConfigSerializeWrapper\":{"
            "\"dataVersion\":{\"counter\":0,\"stateVersion\":0,\"timestamp\":0},"
            "\"mappingDataVersion\":{\"counter\":0,\"stateVersion\":0,\"timestamp\":0},"
            "\"topicConfigTable\":{\"t\":{\"attributes\":{},\"order\":false,\"perm\":6,"
            "\"readQueueNums\":16,\"topicFilterType\":\"SINGLE_TAG\",\"topicName\":\"t\","
            "\"topicSysFlag\":0,\"writeQueueNums\":16}},"
            "\"topicQueueMappingDetailMap\":{},\"topicQueueMappingInfoMap\":{}}}");
}

TEST(Registration, PackedBodyIsUnpackedAlsoWhenTheHeaderDeniesIt) {
  const auto into = decode_registration(encoded(sample(), true).view(), false, kNow);
  ASSERT_TRUE(into) << describe(into.error());
  EXPECT_EQ(into->topics.topics, sample().topics.topics);
}

TEST(Registration, BrokersOfVersion4SendNoMappings) {
  std::string plain;
  append_counted(plain, "{\"counter\":1,\"timestamp\":5}");
  append_be<int32_t>(plain, 1);
  append_counted(plain, "t 8 4 6 SINGLE_TAG");
  append_counted(plain, "[]");
  const auto into = decode_registration(packed(plain).view(), true, kVersion4);
  ASSERT_TRUE(into) << describe(into.error());
  EXPECT_EQ(into->topics.topics.at("t").write_queues, 4);
  EXPECT_EQ(into->topics.data_version.counter, 1);
  const auto missing = decode_registration(packed(plain).view(), true, kNow);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::corrupt);
}

TEST(Registration, VeryOldBrokersSendTheTableAlone) {
  const auto into = decode_registration(
      as_bytes("{\"dataVersion\":{\"counter\":3},\"topicConfigTable\":{\"t\":{\"perm\":2}}}"),
      false, kOld);
  ASSERT_TRUE(into) << describe(into.error());
  EXPECT_EQ(into->topics.data_version.counter, 3);
  EXPECT_EQ(into->topics.topics.at("t").name, "t");
}

TEST(Registration, EmptyBodyIsAnEmptyRegistration) {
  for (const bool compressed : {false, true}) {
    const auto into = decode_registration({}, compressed, kNow);
    ASSERT_TRUE(into);
    EXPECT_TRUE(into->topics.topics.empty());
    EXPECT_EQ(into->topics.data_version, DataVersion{});
  }
}

TEST(Registration, EveryCutOfAPackedBodyIsAnError) {
  std::string plain;
  append_counted(plain, "{}");
  append_be<int32_t>(plain, 1);
  append_counted(plain, "t 8 4 6 SINGLE_TAG {}");
  append_counted(plain, "[\"f:1\"]");
  append_be<int32_t>(plain, 1);
  append_counted(plain, "{\"topic\":\"t\"}");
  ASSERT_TRUE(decode_registration(packed(plain).view(), true, kNow));
  for (size_t length = 0; length < plain.size(); ++length) {
    const Buffer body = packed(std::string_view(plain).substr(0, length));
    EXPECT_FALSE(decode_registration(body.view(), true, kNow)) << length;
  }
  const Buffer whole = packed(plain);
  for (size_t length = 1; length < whole.size(); ++length) {
    EXPECT_FALSE(decode_registration(whole.view().first(length), true, kNow)) << length;
  }
}

TEST(Registration, ClaimedLengthsCostNothing) {
  for (const int32_t claim : {-1, 0x7FFFFFFF}) {
    std::string plain;
    append_be(plain, claim);
    EXPECT_FALSE(decode_registration(packed(plain).view(), true, kNow));
    plain.clear();
    append_counted(plain, "{}");
    append_be(plain, claim);  // Topics.
    EXPECT_FALSE(decode_registration(packed(plain).view(), true, kNow));
  }
}

TEST(Registration, BombsAreRefused) {
  const Buffer body = packed(std::string(size_t{65} << 20, '\0'));
  const auto into = decode_registration(body.view(), true, kNow);
  ASSERT_FALSE(into);
  EXPECT_EQ(into.error().code, Errc::limit_exceeded);
}

TEST(TopicLine, IsJavas) {
  const TopicConfig topic{.attributes = {{"message.type", "FIFO"}},
                          .read_queues = 8,
                          .name = "topic",
                          .write_queues = 8};
  EXPECT_EQ(to_line(topic), "topic 8 8 6 SINGLE_TAG {\"message.type\":\"FIFO\"}");
  const auto back = parse_topic_line(to_line(topic));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, topic);
}

TEST(TopicLine, OldFormsEndAfterFiveWords) {
  for (const char* line : {"t 8 9 6 MULTI_TAG", "t 8 9 6 MULTI_TAG "}) {
    const auto topic = parse_topic_line(line);
    ASSERT_TRUE(topic) << line;
    EXPECT_EQ(topic->write_queues, 9);
    EXPECT_EQ(topic->filter_type, "MULTI_TAG");
    EXPECT_TRUE(topic->attributes.empty());
  }
}

TEST(TopicLine, RefusesWhatIsNone) {
  for (const char* line : {"", "t", "t 8 8 6", "t 8 8 x SINGLE_TAG", "t 8 99999999999 6 SINGLE_TAG",
                           "t 8 8 6 SINGLE_TAG {"}) {
    EXPECT_FALSE(parse_topic_line(line)) << line;
  }
}

TEST(RegistrationChecksum, HasNoHighestBit) {
  // CRC-32 of "a" is 0xE8B7BE43.
  EXPECT_EQ(registration_checksum(as_bytes("a")), 0x68B7BE43);
}

}  // namespace
}  // namespace agena::wire
