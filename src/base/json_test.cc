// Goal: the tree reads what RocketMQ's peers send, refuses what could hurt, and the writer's bytes
// are Java's. Method: literal documents (the expected bytes were printed by fastjson2 2.0.59),
// limits, and a random round trip with a fixed seed.
#include "base/json.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "base/json_writer.h"
#include "base/utf8.h"

namespace agena::json {
namespace {

using Kind = Value::Kind;

Value read(std::string_view text) {
  auto tree = parse(text);
  EXPECT_TRUE(tree) << text << " -> " << (tree ? "" : describe(tree.error()));
  return tree ? *tree : Value();
}
std::string again(std::string_view text, Style style = {}) {
  return to_text(read(text), style);
}
Errc refusal(std::string_view text, Limits limits = {}) {
  auto tree = parse(text, limits);
  return tree ? Errc::ok : tree.error().code;
}

TEST(JsonParse, ReadsEveryKind) {
  EXPECT_EQ(read("null").kind(), Kind::null);
  EXPECT_EQ(read("true"), Value(true));
  EXPECT_EQ(read("-12"), Value(-12));
  EXPECT_EQ(read("1.5"), Value(1.5));
  EXPECT_EQ(read("\"a\""), Value("a"));
  EXPECT_EQ(read("[1,[],{}]").items().size(), 3u);
  EXPECT_EQ(read("{\"a\":1}").find("a")->to_int64(), 1);
  EXPECT_EQ(read(" \t\r\n{ \"a\" : [ 1 , 2 ] } \n\n"), read("{\"a\":[1,2]}"));
}

TEST(JsonParse, ReadsJavasMemberNames) {
  const Value route = read("{\"brokerAddrs\":{0:\"127.0.0.1:10911\",1 :\"b\",\"2\":\"c\"}}");
  EXPECT_EQ(route.find("brokerAddrs")->find("0")->to_text(), "127.0.0.1:10911");
  EXPECT_EQ(route.find("brokerAddrs")->find("1")->to_text(), "b");
  EXPECT_EQ(route.find("brokerAddrs")->find("2")->to_text(), "c");
  EXPECT_EQ(read("{-1:2}").find("-1")->to_int64(), 2);
  EXPECT_EQ(read("{code:11,'flag':0}").find("code")->to_int64(), 11);

  const Value stats = read(
      "{\"offsetTable\":{{\"brokerName\":\"b\",\"queueId\":0,\"topic\":\"t\"}:{\"maxOffset\":7}, "
      "{\"brokerName\":\"b\"}:{}}}");
  const auto queues = stats.find("offsetTable")->members();
  ASSERT_EQ(queues.size(), 2u);
  EXPECT_EQ(queues[0].name(), "");
  EXPECT_EQ(queues[0].key.find("topic")->to_text(), "t");
  EXPECT_EQ(queues[0].value.find("maxOffset")->to_int64(), 7);
}

TEST(JsonParse, IsLenientWhereFastjsonIs) {
  EXPECT_EQ(read("{\"a\":1,}"), read("{\"a\":1}"));
  EXPECT_EQ(read("['x\\'y',]"), read("[\"x'y\"]"));
  EXPECT_EQ(read("[+1,.5,1.,01,1e2]"), read("[1,0.5,1.0,1,100.0]"));
  EXPECT_EQ(*read("\"a\tb\nc\"").text(), "a\tb\nc");
  EXPECT_EQ(read("{\"a\":1,\"a\":2}").find("a")->to_int64(), 2) << "the last one wins, as in Java";
}

TEST(JsonParse, RefusesWhatIsNotJson) {
  for (const char* text : {"",          " ",
                           "{",         "[",
                           "[1",        "{\"a\"}",
                           "{\"a\":}",  "{\"a\":1 \"b\":2}",
                           "[,1]",      "{,}",
                           "[1,,]",     "{\"a\":1,,}",
                           "{} x",      "\"a",
                           "\"a\\",     "\"\\q\"",
                           "\"\\u12\"", "\"\\u12g4\"",
                           "nul",       "NaN",
                           "Infinity",  "-Infinity",
                           "1e999",     "-",
                           "+-1",       "1L",
                           "0x10",      "undefined",
                           "{[1]:2}",   "\xEF\xBB\xBF{}",
                           "/*c*/1",    "]"}) {
    EXPECT_EQ(refusal(text), Errc::bad_json) << text;
  }
  EXPECT_EQ(parse("[1,x]").error().remark(), "at byte 3: expected a value");
  EXPECT_EQ(refusal(std::string_view("\0", 1)), Errc::bad_json);
}

TEST(JsonParse, DecodesEscapes) {
  EXPECT_EQ(*read(R"("\"\\\/\b\f\n\r\t")").text(), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(*read(R"("KEYS\u0001k\u0002")").text(), "KEYS\x01k\x02");
  EXPECT_EQ(*read(R"("\u0041\u00e9\u4E2D\ud83d\ude00")").text(), "A\u00e9\u4e2d\U0001F600");
  EXPECT_EQ(*read(R"("\x41\v\0")").text(), std::string("A\v\0", 3));
  EXPECT_EQ(*read("\"\u00e9\u4e2d\U0001F600\"").text(), "\u00e9\u4e2d\U0001F600");
}

TEST(JsonParse, ReplacesLoneSurrogates) {
  EXPECT_EQ(*read(R"("\ud800x")").text(), "\uFFFDx");
  EXPECT_EQ(*read(R"("\udc00")").text(), "\uFFFD");
  EXPECT_EQ(*read(R"("\ud800\u0041")").text(), "\uFFFDA");
  EXPECT_EQ(*read(R"("\ud800\ud83d\ude00")").text(), "\uFFFD\U0001F600");
  EXPECT_EQ(*read(R"("\ud800\n")").text(), "\uFFFD\n");
}

TEST(JsonParse, KeepsNumbersExact) {
  EXPECT_EQ(read("9223372036854775807").to_int64(), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(read("-9223372036854775808").to_int64(), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(read("9223372036854775808").kind(), Kind::real);
  EXPECT_EQ(read("9223372036854775808").to_int64(), std::nullopt);
  EXPECT_EQ(read("4.9E-324").to_double(), 4.9e-324);
}

TEST(JsonParse, KeepsToItsLimits) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(refusal(nested(64)), Errc::ok);
  EXPECT_EQ(refusal(nested(65)), Errc::limit_exceeded);
  EXPECT_EQ(refusal(std::string(10 << 20, '[')), Errc::limit_exceeded);
  EXPECT_EQ(refusal(std::string(10 << 20, '{')), Errc::limit_exceeded);
  EXPECT_EQ(refusal("[1,2,3]", {.nodes_max = 4}), Errc::ok);
  EXPECT_EQ(refusal("[1,2,3]", {.nodes_max = 3}), Errc::limit_exceeded);
  EXPECT_EQ(refusal("{a:1,{b:2}:3}", {.nodes_max = 5}), Errc::ok);
  EXPECT_EQ(refusal("{a:1,{b:2}:3}", {.nodes_max = 4}), Errc::limit_exceeded);
  EXPECT_EQ(refusal("[[]]", {.depth_max = 1}), Errc::limit_exceeded);
  EXPECT_EQ(refusal("1", {.depth_max = 0}), Errc::ok);

  std::string many = "[0";
  for (int i = 1; i < 1'000'000; ++i) many += ",0";
  EXPECT_EQ(refusal(many + "]"), Errc::limit_exceeded);
}

TEST(JsonParse, ReadsLargeInputInOnePass) {
  const std::string long_text = "\"" + std::string(10 << 20, 'a') + "\"";
  EXPECT_EQ(read(long_text).text()->size(), size_t{10} << 20);
  EXPECT_EQ(refusal(std::string(10 << 20, '\\')), Errc::bad_json);
  EXPECT_EQ(refusal(std::string(10 << 20, '1') + "x"), Errc::bad_json);
}

TEST(JsonValue, ConvertsWhatClientsMix) {
  for (const char* text : {"123", "\"123\"", "123.0", "\"+123\""}) {
    EXPECT_EQ(read(text).to_int64(), 123) << text;
  }
  EXPECT_EQ(read("true").to_int64(), 1);
  for (const char* text : {"1.5", "\"\"", "\"12x\"", "\" 1\"", "null", "[]", "1e19", "\"1.0\""}) {
    EXPECT_EQ(read(text).to_int64(), std::nullopt) << text;
  }
  for (const char* text : {"true", "\"true\"", "1", "\"1\"", "1.0"}) {
    EXPECT_EQ(read(text).to_bool(), true) << text;
  }
  for (const char* text : {"false", "\"false\"", "0", "\"0\""}) {
    EXPECT_EQ(read(text).to_bool(), false) << text;
  }
  EXPECT_EQ(read("2").to_bool(), std::nullopt);
  EXPECT_EQ(read("\"TRUE!\"").to_bool(), std::nullopt);
  EXPECT_EQ(read("\"0.25\"").to_double(), 0.25);
  EXPECT_EQ(read("3").to_double(), 3.0);
  EXPECT_EQ(read("\"nan\"").to_double(), std::nullopt);
  EXPECT_EQ(read("12").to_text(), "12");
  EXPECT_EQ(read("true").to_text(), "true");
  EXPECT_EQ(read("0.5").to_text(), "0.5");
  EXPECT_EQ(read("{}").to_text(), std::nullopt);
}

TEST(JsonValue, ViewsOfOtherKindsAreEmpty) {
  const Value number(1);
  EXPECT_TRUE(number.items().empty());
  EXPECT_TRUE(number.members().empty());
  EXPECT_EQ(number.find("a"), nullptr);
  EXPECT_EQ(number.text(), nullptr);
  EXPECT_EQ(read("{}").find("a"), nullptr);
}

TEST(JsonWriter, EscapesAsFastjson) {
  std::string raw;
  for (char c = 0; c < 0x20; ++c) raw.push_back(c);
  raw += "\x7F\u0080\u2028\"\\/<>&'\u00e9\u4e2d\U0001F600";
  EXPECT_EQ(to_text(Value(raw)),
            R"("\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f)"
            R"(\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c)"
            "\\u001d\\u001e\\u001f\x7F\u0080\u2028\\\"\\\\/<>&'\u00e9\u4e2d\U0001F600\"");
}

TEST(JsonWriter, PrintsDoublesAsJava) {
  const std::pair<double, const char*> cases[] = {
      {0.0, "0.0"},
      {-0.0, "-0.0"},
      {1.0, "1.0"},
      {1.5, "1.5"},
      {0.1, "0.1"},
      {-100.0, "-100.0"},
      {9999999.0, "9999999.0"},
      {1e7, "1.0E7"},
      {12345678.9, "1.23456789E7"},
      {1e-3, "0.001"},
      {9.9e-4, "9.9E-4"},
      {1e-5, "1.0E-5"},
      {1.0 / 3, "0.3333333333333333"},
      {1e20, "1.0E20"},
      {1e23, "1.0E23"},
      {123456789012.5, "1.234567890125E11"},
      {1.7976931348623157e308, "1.7976931348623157E308"},
      {-1e-300, "-1.0E-300"},
      {std::numeric_limits<double>::infinity(), "null"},
      {std::numeric_limits<double>::quiet_NaN(), "null"},
  };
  for (const auto& [number, text] : cases) EXPECT_EQ(to_text(Value(number)), text);
}

// One document with every shape; what Java printed for it follows in both styles.
void write_sample(Writer& out) {
  out.begin_object();
  out.member("L", int64_t{9007199254740993});
  out.key("emptyList");
  out.begin_array();
  out.end_array();
  out.key("emptyMap");
  out.begin_object();
  out.end_object();
  out.key("im");
  out.begin_object();
  out.key(-1);
  out.value(2);
  out.key(int64_t{0});
  out.value("z");
  out.end_object();
  out.key("list");
  out.begin_array();
  out.value(1);
  out.begin_array();
  out.value(std::string("x"));
  out.raw("{}");
  out.end_array();
  out.null();
  out.end_array();
  out.key("qm");
  out.begin_object();
  out.key_begin_object();
  out.member("queueId", 0u);
  out.member("topic", "t\"x");
  out.end_object();
  out.value(true);
  out.key_begin_object();
  out.end_object();
  out.value(0.5);
  out.end_object();
  out.end_object();
}

TEST(JsonWriter, CompactHasNoBlanks) {
  std::string text = "before ";
  Writer out(text);
  EXPECT_FALSE(out.is_complete());
  write_sample(out);
  EXPECT_TRUE(out.is_complete());
  EXPECT_EQ(text, R"(before {"L":9007199254740993,"emptyList":[],"emptyMap":{},"im":{-1:2,0:"z"},)"
                  R"("list":[1,["x",{}],null],"qm":{{"queueId":0,"topic":"t\"x"}:true,{}:0.5}})");
}

TEST(JsonWriter, PrettyIsJavasConfigFileLayout) {
  std::string text;
  Writer out(text, {.is_pretty = true});
  write_sample(out);
  EXPECT_EQ(text,
            "{\n\t\"L\":9007199254740993,\n\t\"emptyList\":[],\n\t\"emptyMap\":{},\n\t\"im\":{\n"
            "\t\t-1:2,\n\t\t0:\"z\"\n\t},\n\t\"list\":[\n\t\t1,\n\t\t[\n\t\t\t\"x\",\n\t\t\t{}\n"
            "\t\t],\n\t\tnull\n\t],\n\t\"qm\":{\n\t\t{\n\t\t\t\"queueId\":0,\n"
            "\t\t\t\"topic\":\"t\\\"x\"\n\t\t}:true,\n\t\t{}:0.5\n\t}\n}");
}

TEST(JsonWriter, StrictQuotesKeysAndLargeIntegers) {
  std::string text;
  Writer out(text, {.is_strict = true});
  out.begin_object();
  out.key(0);
  out.value(int64_t{9007199254740991});
  out.key(1);
  out.value(int64_t{9007199254740992});
  out.key("n");
  out.value(int64_t{-9007199254740992});
  out.end_object();
  EXPECT_EQ(text, R"({"0":9007199254740991,"1":"9007199254740992","n":"-9007199254740992"})");
}

TEST(JsonWriter, WritesTrees) {
  EXPECT_EQ(again("{b:1,{q:{0:1}}:[true,null,'x',2.0,],'':{}}"),
            R"({"b":1,{"q":{"0":1}}:[true,null,"x",2.0],"":{}})");
}

TEST(JsonWriterDeathTest, MisuseIsABrokenInvariant) {
  std::string text;
  EXPECT_DEATH(
      {
        Writer out(text);
        out.begin_object();
        out.value(1);
      },
      "needs a key");
  EXPECT_DEATH(
      {
        Writer out(text);
        out.begin_array();
        out.key("a");
      },
      "belongs into an object");
  EXPECT_DEATH(
      {
        Writer out(text);
        out.begin_object();
        out.key("a");
        out.end_object();
      },
      "has no value");
  EXPECT_DEATH(
      {
        Writer out(text);
        out.begin_array();
        out.end_object();
      },
      "not begun");
  EXPECT_DEATH(
      {
        Writer out(text);
        out.value(1);
        out.value(2);
      },
      "one value");
}

class RandomTree {
 public:
  explicit RandomTree(uint32_t seed) : random_(seed) {}

  Value value(int depth) {
    switch (pick(depth > 0 ? 7 : 5)) {
      case 0:
        return {};
      case 1:
        return Value(pick(2) == 1);
      case 2:
        return Value(static_cast<int64_t>(random_() >> pick(64)));
      case 3:
        return real();
      case 4:
        return Value(text());
      case 5: {
        Value::Array items(pick(4));
        for (Value& item : items) item = value(depth - 1);
        return Value(std::move(items));
      }
      default:
        return object(depth);
    }
  }

 private:
  uint32_t pick(uint32_t below) { return static_cast<uint32_t>(random_() % below); }
  Value real() {
    const double number = std::bit_cast<double>(random_());
    return Value(number - number == 0 ? number : 0.25);
  }
  std::string text() {
    std::string bytes(pick(9), '\0');
    for (char& c : bytes) c = static_cast<char>(random_());
    std::string out;
    append_whole(out, bytes);  // What is not UTF-8 is not written as it is.
    return out;
  }
  Value object(int depth) {
    Value::Object members(pick(4));
    for (Member& member : members) {
      member.key = pick(4) == 0 ? object(depth - 1) : Value(text());
      member.value = value(depth - 1);
    }
    return Value(std::move(members));
  }

  std::mt19937_64 random_;
};

TEST(JsonRoundTrip, RandomTreesSurvive) {
  RandomTree trees(20260101);
  for (int round = 0; round < 5'000; ++round) {
    const Value tree = trees.value(4);
    for (const Style style : {Style{}, Style{.is_pretty = true}}) {
      const std::string text = to_text(tree, style);
      const auto back = parse(text);
      ASSERT_TRUE(back) << text << describe(back.error());
      ASSERT_EQ(*back == tree, true) << text;
    }
  }
}

TEST(JsonRoundTrip, DamagedTextNeverBreaksTheReader) {
  RandomTree trees(7);
  std::mt19937 random(7);
  size_t refused = 0;
  for (int round = 0; round < 5'000; ++round) {
    std::string text = to_text(trees.value(4));
    text[random() % text.size()] = "{}[],:\"'\\0e-tnul"[random() % 16];
    const auto tree = parse(text);
    if (!tree) {
      ++refused;
      continue;
    }
    ASSERT_EQ(parse(to_text(*tree)).value() == *tree, true) << text;
  }
  EXPECT_GT(refused, 1'000u);
}

}  // namespace
}  // namespace agena::json
