// Goal: headers of both serializations are read as clients write them and written as they read
// them. Method: literal bytes, round trips, golden vectors 1-4, 6 and 11 (docs/golden_vectors.md).
#include "wire/header.h"

#include <gtest/gtest.h>

#include "wire/frame.h"
#include "wire/requests/pull.h"
#include "wire/requests/query.h"
#include "wire/requests/send.h"

namespace agena::wire {
namespace {

Header read(std::string_view json, HeaderReader& reader) {
  Header out;
  Status status = reader.read(as_bytes(json), Serialization::json, out);
  EXPECT_TRUE(status) << json;
  return out;
}

TEST(JsonHeader, ReadsWhatJavaWrites) {
  HeaderReader reader;
  auto h = read(
      R"({"code":310,"extFields":{"a":"g","i":"KEYS\u0001k\u0002WAIT\u0001true\u0002","e":"3"},"flag":0,)"
      R"("language":"JAVA","opaque":7,"serializeTypeCurrentRPC":"JSON","version":513})",
      reader);
  EXPECT_EQ(h.code, 310);
  EXPECT_EQ(h.opaque, 7);
  EXPECT_EQ(h.version, 513);
  EXPECT_EQ(h.language, Language::java);
  EXPECT_EQ(h.find("i"), "KEYS\x01k\x02WAIT\x01true\x02");
  EXPECT_EQ(h.find("e"), "3");
  EXPECT_EQ(h.find("zz"), std::nullopt);
}

TEST(JsonHeader, ToleratesWhatOtherClientsWrite) {
  HeaderReader reader;
  auto h = read(
      " {\"language\":1, \"opaque\" : "
      "5,\"flag\":2,\"remark\":null,\"unknown\":{\"x\":[1,{\"y\":\"}\"}]},"
      "\"extFields\":{\"queueId\":0,\"on\":true,\"none\":null,\"deep\":{\"a\":1},\"t\":"
      "\"\\ud83d\\ude00\\/\"},"
      "\"code\":34} \n",
      reader);
  EXPECT_EQ(h.language, Language::cpp);
  EXPECT_TRUE(h.is_oneway());
  EXPECT_EQ(h.find("queueId"), "0");
  EXPECT_EQ(h.find("on"), "true");
  EXPECT_EQ(h.find("none"), std::nullopt);
  EXPECT_EQ(h.find("t"), "\xF0\x9F\x98\x80/");
  EXPECT_EQ(read(R"({"code":1,"extFields":null})", reader).ext.size(), 0u);
}

TEST(JsonHeader, OfFieldsWithOneNameTheLastCounts) {
  HeaderReader reader;
  auto h =
      read(R"({"code":1,"extFields":{"a":"1","ab":"2","A":"3","a":"4","ab":"5","z":""}})", reader);
  EXPECT_EQ(h.find("a"), "4");
  EXPECT_EQ(h.find("ab"), "5");
  EXPECT_EQ(h.find("A"), "3");
  EXPECT_EQ(h.find("z"), "");
  EXPECT_EQ(h.find("b"), std::nullopt);
  EXPECT_EQ(h.find(""), std::nullopt);
  EXPECT_EQ(h.ext.size(), 6u);
  EXPECT_EQ(read(R"({"code":1,"extFields":{"b":"1"}})", reader).find("a"), std::nullopt);
}

TEST(JsonHeader, EscapesAreReadWhereverTheyStand) {
  HeaderReader reader;
  for (size_t before = 0; before < 20; ++before) {
    const std::string plain(before, 'p');
    const std::string json = "{\"extFields\":{\"i\":\"" + plain + R"(\u0001\"\\\u00e9)" + plain +
                             "\",\"j\":\"" + plain + "\"},\"remark\":\"" + plain + "\\n\"}";
    auto h = read(json, reader);
    EXPECT_EQ(h.find("i"), plain + "\x01\"\\\xC3\xA9" + plain);
    EXPECT_EQ(h.find("j"), plain);
    EXPECT_EQ(h.remark, plain + "\n");
  }
}

TEST(JsonHeader, RefusesWhatIsBroken) {
  HeaderReader reader;
  Header out;
  for (std::string_view bad :
       {"", "{", "[]", R"({"code":"x"})", R"({"code":1)", R"({"code":1,,})", R"({"extFields":{"a")",
        R"({"extFields":{"a":"\u12"}})", R"({"code":99999999999})", R"({"extFields":7})",
        R"({"x":tru"})", R"({"remark":"\q"})", R"({"code":1}{})"}) {
    const Status read = reader.read(as_bytes(bad), Serialization::json, out);
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error().code, Errc::bad_frame);
  }
  std::string deep = "{\"x\":" + std::string(100, '[') + std::string(100, ']') + "}";
  EXPECT_FALSE(reader.read(as_bytes(deep), Serialization::json, out));
  std::string many = "{\"extFields\":{";
  for (int i = 0; i < 513; ++i) many += (i ? ",\"f\":1" : "\"f\":1");
  EXPECT_FALSE(reader.read(as_bytes(many + "}}"), Serialization::json, out));
}

std::string hex(Bytes bytes) {
  std::string out;
  for (std::byte b : bytes) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    out.push_back(kDigits[static_cast<size_t>(b) >> 4]);
    out.push_back(kDigits[static_cast<size_t>(b) & 15]);
  }
  return out;
}

TEST(FrameWords, HeaderLengthCarriesTheSerialization) {  // Golden vector 1.
  using namespace std::literals;
  std::string json = "\x00\x00\x01\x09\x00\x00\x01\x05"s + std::string(261, ' ');
  auto frame = next_frame(as_bytes(json));
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ((*frame)->serialization, Serialization::json);
  EXPECT_EQ((*frame)->header.size(), 261u);
  // The longest length there is room for: beyond our limit for headers.
  EXPECT_EQ(next_frame(as_bytes("\x00\xFF\xFF\xFF\x01\xFF\xFF\xFF"sv)).error().code,
            Errc::bad_frame);
  for (size_t remark : {size_t{0}, size_t{300}, size_t{70'000}}) {
    const std::string text(remark, 'r');
    for (auto kind : {Serialization::json, Serialization::binary}) {
      Buffer out;
      Header header{.code = 105, .remark = text, .serialization = kind, .ext = {}};
      finish_frame(out, start_frame(out, header, [](ExtWriter&) {}));
      const auto word = load_be<uint32_t>(out.data() + 4);
      EXPECT_EQ(word >> 24, kind == Serialization::binary ? 1u : 0u);
      EXPECT_EQ(word & 0xFFFFFF, out.size() - 8);
    }
  }
}

TEST(Frame, CarriesTextsAsTheyAre) {  // Golden vector 2.
  for (std::string_view body : {"", "body"}) {
    for (auto kind : {Serialization::json, Serialization::binary}) {
      Buffer out;
      Header header{.code = 10, .remark = {}, .serialization = kind, .ext = {}};
      auto start = start_frame(out, header, [](ExtWriter& ext) {
        ext.add("stringValue", std::string_view("stringValue"));
        ext.add("intValue", int64_t{2333});
        ext.add("booleanValue", true);
        ext.add("doubleValue", std::string_view("0.618"));
      });
      out.append(as_bytes(body));
      finish_frame(out, start);
      auto frame = next_frame(out.view());
      ASSERT_TRUE(frame && *frame);
      EXPECT_EQ(as_text((*frame)->body), body);
      HeaderReader reader;
      Header back;
      ASSERT_TRUE(reader.read((*frame)->header, kind, back));
      EXPECT_EQ(back.find("intValue"), "2333");
      EXPECT_EQ(back.find("booleanValue"), "true");
      EXPECT_EQ(back.find("doubleValue"), "0.618");
    }
  }
}

TEST(Frame, AnAnswerHasBitZero) {  // Golden vector 3.
  Buffer out;
  Header header{.code = 1,
                .flag = kFlagResponse,
                .remark = "not set any response code",
                .serialization = Serialization::json,
                .ext = {}};
  finish_frame(out, start_frame(out, header, [](ExtWriter&) {}));
  const std::string_view text = as_text(out.view().subspan(8));
  EXPECT_NE(text.find("\"code\":1,"), text.npos) << text;
  EXPECT_NE(text.find("\"flag\":1,"), text.npos) << text;
  HeaderReader reader;
  Header back = read(text, reader);
  EXPECT_TRUE(back.is_response());
  EXPECT_FALSE(back.is_oneway());
  EXPECT_EQ(back.remark, "not set any response code");
}

TEST(Languages, HaveJavasNumbers) {  // Golden vector 11.
  EXPECT_EQ(static_cast<int>(Language::rust), 12);
  EXPECT_EQ(language_of("RUST"), Language::rust);
  EXPECT_EQ(language_name(Language::rust), "RUST");
  // Who a pull comes from: -1 a client, 0 to 2 kinds of proxies.
  for (std::string_view source : {"-1", "0", "1", "2"}) {
    Header header;
    for (auto name : {"consumerGroup", "topic"}) ASSERT_TRUE(header.ext.add(name, "x"));
    for (auto name : {"queueId", "queueOffset", "maxMsgNums", "sysFlag", "commitOffset",
                      "suspendTimeoutMillis", "subVersion"}) {
      ASSERT_TRUE(header.ext.add(name, "0"));
    }
    ASSERT_TRUE(header.ext.add("requestSource", source));
    auto pull = decode_fields<PullMessage>(header);
    ASSERT_TRUE(pull) << describe(pull.error());
    EXPECT_EQ(std::to_string(pull->request_source.value_or(99)), source);
  }
}

TEST(BinaryHeader, LengthsAreThoseOfJava) {  // Golden vector 4.
  Buffer out;
  Header header{.code = 105, .remark = {}, .serialization = Serialization::binary, .ext = {}};
  auto start = start_frame(out, header, [](ExtWriter&) {});
  finish_frame(out, start);
  EXPECT_EQ(out.size(), 8u + 21u);
  out.clear();
  header.remark = "Sample Remark";
  finish_frame(out, start_frame(out, header, [](ExtWriter&) {}));
  EXPECT_EQ(out.size(), 8u + 34u);
  // Code, language, version, opaque, flag, the counted remark, the length of no ext fields.
  EXPECT_EQ(hex(out.view().subspan(8)),
            "006901020100000000000000000000000D53616D706C652052656D61726B00000000");
  EXPECT_EQ(load_be<uint32_t>(out.data() + 4), (1u << 24) | 34u);
}

TEST(BinaryHeader, LastOfTwoEqualFieldsWins) {
  Buffer out;
  Header header{.code = 11, .remark = {}, .serialization = Serialization::binary, .ext = {}};
  finish_frame(out, start_frame(out, header, [](ExtWriter& ext) {
                 ext.add("topic", std::string_view("first"));
                 ext.add("topic", std::string_view("last"));
               }));
  auto frame = next_frame(out.view());
  HeaderReader reader;
  Header back;
  ASSERT_TRUE(reader.read((*frame)->header, (*frame)->serialization, back));
  EXPECT_EQ(back.find("topic"), "last");
}

TEST(Frame, SplitsAndRefuses) {
  Buffer out;
  append_request(out, ViewMessageById{.topic = "t", .offset = PhysicalOffset(9)}, 1,
                 as_bytes("body"));
  for (size_t n = 0; n < out.size(); ++n) {
    auto partial = next_frame(out.view().first(n));
    ASSERT_TRUE(partial);
    EXPECT_FALSE(partial->has_value());
  }
  auto whole = next_frame(out.view());
  ASSERT_TRUE(whole && whole->has_value());
  EXPECT_EQ(as_text((*whole)->body), "body");
  EXPECT_EQ((*whole)->wire_bytes, out.size());

  auto refused = [](std::string_view hex8) { return !next_frame(as_bytes(hex8)); };
  using namespace std::literals;
  EXPECT_TRUE(refused("\x00\x00\x00\x03\0\0\0\1"sv));    // Shorter than its own words.
  EXPECT_TRUE(refused("\x80\x00\x00\x00\0\0\0\1"sv));    // Negative.
  EXPECT_TRUE(refused("\x01\x00\x00\x00\0\0\0\1"sv));    // 16 MiB and the length word.
  EXPECT_FALSE(refused("\x00\xff\xff\xfc\0\0\0\1"sv));   // Exactly 16 MiB.
  EXPECT_TRUE(refused("\x00\x00\x00\x10\x02\0\0\1"sv));  // Unknown serialization.
  EXPECT_TRUE(refused("\x00\x00\x00\x10\0\0\0\0"sv));    // Empty header: never answered.
  EXPECT_TRUE(refused("\x00\x00\x00\x10\0\0\0\x20"sv));  // Header longer than the frame.
  EXPECT_TRUE(refused("GET / HTTP/1.1\r\n"sv));
}

template <typename R>
R round_trip(const R& request, Serialization serialization, Buffer& out, HeaderReader& reader,
             Header& header) {
  append_request(out, request, 3, {}, serialization);
  auto frame = next_frame(out.view());
  EXPECT_TRUE(reader.read((*frame)->header, serialization, header));
  auto back = decode_fields<R>(header);
  EXPECT_TRUE(back) << describe(back.error());
  return *back;
}

TEST(Request, BothSerializationsCarryTheSame) {
  SendMessageV2 sent;
  sent.producer_group = "group \"quoted\"";
  sent.topic = "t";
  sent.queue_id = QueueId(5);
  sent.born = UnixMillis(1795374410863);
  sent.properties = "KEYS\x01k\x02";
  sent.batch = true;
  for (auto kind : {Serialization::json, Serialization::binary}) {
    Buffer out;
    HeaderReader reader;
    Header header;
    auto back = round_trip(sent, kind, out, reader, header);
    EXPECT_EQ(back.producer_group, sent.producer_group);
    EXPECT_EQ(back.queue_id, sent.queue_id);
    EXPECT_EQ(back.born, sent.born);
    EXPECT_EQ(back.properties, sent.properties);
    EXPECT_EQ(back.batch, true);
    EXPECT_EQ(back.reconsume_times, std::nullopt);
    EXPECT_EQ(header.find("b"), "t");  // Golden vector 6: b is the topic, e the queue.
    EXPECT_EQ(header.find("e"), "5");
  }
}

TEST(Request, MissingAndBadFieldsAreNamed) {
  Header header;
  auto missing = decode_fields<ViewMessageById>(header);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::missing_field);
  EXPECT_NE(missing.error().text.find("offset"), std::string::npos);
  ASSERT_TRUE(header.ext.add("offset", "12x"));
  auto bad = decode_fields<ViewMessageById>(header);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Errc::bad_field);
}

// A Java client ends the connection when a JSON header is not UTF-8.
TEST(Header, JsonIsWrittenAsUtf8WhateverItRepeats) {
  Buffer out;
  Header header{
      .code = 1, .remark = "bad \xB2\"\u4F60", .serialization = Serialization::json, .ext = {}};
  finish_frame(out, start_frame(out, header, [](ExtWriter& ext) {
                 ext.add("k", std::string_view("\xE4\xBD"));
                 ext.add("plain", std::string_view("v"));
               }));
  const std::string_view text = as_text(out.view());
  EXPECT_NE(text.find("\"bad \uFFFD\\\"\u4F60\""), text.npos) << text;
  EXPECT_NE(text.find("{\"k\":\"\uFFFD\",\"plain\":\"v\"}"), text.npos) << text;
}

}  // namespace
}  // namespace agena::wire
