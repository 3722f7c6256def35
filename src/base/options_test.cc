// Goal: the rows alone decide how options are read, checked, printed, explained and changed live.
// Method: a small component with one option of every type and an embedded struct; every way in
// which a file or an update can be wrong, with the text that an operator would read.
#include "base/options.h"

#include <gtest/gtest.h>

namespace agena {
namespace {

enum class Mode : uint8_t { calm, wild };
constexpr std::string_view kModes[] = {"CALM", "WILD"};

struct Inner {
  int32_t depth = 3;
  double ratio = 0.5;
};
struct Sample {
  Inner inner;
  bool enabled = true;
  int32_t port = 10911;
  int64_t idle_ms = 120'000;
  uint64_t bytes = 7;
  double share = 0.90;
  std::string name = "n";
  std::vector<std::string> peers;
  std::vector<int64_t> levels_ms = {1'000, 300'000};
  Mode mode = Mode::calm;
  Live<bool> polling = true;
  Live<int32_t> count = 8;
};

Status check_peer(std::string_view value) {
  if (value.find(':') != value.npos) return ok();
  return Error{Errc::bad_config, "it must be host:port"};
}

constexpr KnownKey kKnown[] = {
    {"enabled", "bool", "true"}, {"port", "int", "10911"},     {"transferByHeap", "bool", "true"},
    {"threads", "int", nullptr}, {"oldPath", "gone", nullptr}, {"authEnabled", "bool", "false"}};
constexpr UnsafeKey kUnsafe[] = {{"authEnabled", "false", "everybody could come in"}};

std::vector<OptionRow> inner_rows() {
  return {
      option<&Inner::depth>(
          {.key = "depth", .min = 1, .origin = Origin::agena, .why = "Deeper or flatter."}),
      option<&Inner::ratio>(
          {.key = "ratio", .min = 0, .max = 1, .origin = Origin::agena, .why = "More or less."})};
}

std::vector<OptionRow> sample_rows() {
  constexpr auto kOurs = Origin::agena;
  std::vector<OptionRow> rows = under<&Sample::inner>(inner_rows());
  rows.insert(
      rows.end(),
      {option<&Sample::enabled>({.key = "enabled", .why = "On | off."}),
       option<&Sample::port>({.key = "port", .min = 1, .max = 65'535, .why = "Taken."}),
       option<&Sample::idle_ms>({.key = "idleSeconds",
                                 .min = 1,
                                 .max = 3'600,
                                 .unit = "seconds",
                                 .origin = kOurs,
                                 .scale = 1'000,
                                 .why = "Slow links."}),
       option<&Sample::bytes>({.key = "bytes", .min = 0, .origin = kOurs, .why = "Room."}),
       option<&Sample::share>({.key = "share",
                               .min = 10,
                               .max = 99,
                               .origin = kOurs,
                               .is_percent = true,
                               .why = "Full disks."}),
       option<&Sample::name>({.key = "name",
                              .origin = kOurs,
                              .default_text = "the host's name",
                              .why = "Another name."}),
       option<&Sample::peers>(
           {.key = "peers", .origin = kOurs, .check = check_peer, .why = "Others."}),
       option<&Sample::levels_ms>({.key = "levels", .origin = kOurs, .why = "Other delays."}),
       option<&Sample::mode>({.key = "mode", .names = kModes, .origin = kOurs, .why = "Mood."}),
       option<&Sample::polling>(
           {.key = "polling", .reload = Reload::live, .origin = kOurs, .why = "Latency."}),
       option<&Sample::count>({.key = "count",
                               .min = 1,
                               .max = 64,
                               .reload = Reload::live,
                               .origin = kOurs,
                               .why = "More."})});
  return rows;
}

const OptionTable<Sample>& table() {
  static const OptionTable<Sample> kTable(sample_rows(), kKnown, kUnsafe);
  return kTable;
}

Result<LoadReport> load(Sample& sample, std::string_view text) {
  auto properties = parse_properties(text);
  if (!properties) return properties.error();
  return table().load(sample, *properties);
}
std::string load_error(std::string_view text) {
  Sample sample;
  auto report = load(sample, text);
  EXPECT_FALSE(report) << text;
  return report ? std::string() : report.error().text;
}
Result<LiveUpdate> update(Sample& sample, std::string_view text) {
  auto properties = parse_properties(text);
  if (!properties) return properties.error();
  return table().update(sample, *properties);
}

TEST(Options, EveryTypeIsReadAndPrintedAlike) {
  Sample sample;
  auto report = load(sample,
                     "enabled = FALSE\nport=+1\nidleSeconds=60\nbytes=18\nshare=0.75\nname= x y \n"
                     "peers=a:1; b:2;\nlevels=1s  90s 2h 1d\nmode=WILD\npolling=false\ncount=64\n"
                     "depth=9\nratio=0.25\n");
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_TRUE(report->warnings.empty());
  EXPECT_FALSE(sample.enabled);
  EXPECT_EQ(sample.port, 1);
  EXPECT_EQ(sample.idle_ms, 60'000);
  EXPECT_EQ(sample.bytes, 18U);
  EXPECT_DOUBLE_EQ(sample.share, 0.75);
  EXPECT_EQ(sample.name, "x y");
  EXPECT_EQ(sample.peers, (std::vector<std::string>{"a:1", "b:2"}));
  EXPECT_EQ(sample.levels_ms, (std::vector<int64_t>{1'000, 90'000, 7'200'000, 86'400'000}));
  EXPECT_EQ(sample.mode, Mode::wild);
  EXPECT_FALSE(sample.polling);
  EXPECT_EQ(sample.count, 64);
  EXPECT_EQ(sample.inner.depth, 9);
  EXPECT_DOUBLE_EQ(sample.inner.ratio, 0.25);
  EXPECT_EQ(properties_text(table().values(sample)),
            "bytes=18\ncount=64\ndepth=9\nenabled=false\nidleSeconds=60\nlevels=1s 90s 2h 1d\n"
            "mode=WILD\nname=x y\npeers=a:1;b:2\npolling=false\nport=1\nratio=0.25\nshare=75\n");
}

TEST(Options, WhatIsPrintedLoadsAgain) {
  Sample sample;
  sample.peers = {"h:1"};
  Sample again;
  again.port = 5;
  ASSERT_TRUE(load(again, properties_text(table().values(sample))));
  EXPECT_EQ(table().values(again), table().values(sample));
}

TEST(Options, BadValuesNameKeyValueLineAndWhatIsAllowed) {
  EXPECT_EQ(load_error("\nport=70000\n"),
            "line 2: port=70000: it must be a whole number from 1 to 65535");
  EXPECT_EQ(load_error("port=9876x"),
            "line 1: port=9876x: it must be a whole number from 1 to 65535");
  EXPECT_EQ(load_error("port="), "line 1: port=: it must be a whole number from 1 to 65535");
  EXPECT_EQ(load_error("port=99999999999999999999"),
            "line 1: port=99999999999999999999: it must be a whole number from 1 to 65535");
  EXPECT_EQ(load_error("enabled=yes"), "line 1: enabled=yes: it must be true or false");
  EXPECT_EQ(load_error("idleSeconds=0"),
            "line 1: idleSeconds=0: it must be a whole number from 1 to 3600, in seconds");
  EXPECT_EQ(load_error("share=9"),
            "line 1: share=9: it must be a number from 10 to 99, in percent");
  EXPECT_EQ(load_error("share=nan"),
            "line 1: share=nan: it must be a number from 10 to 99, in percent");
  EXPECT_EQ(load_error("mode=wild"), "line 1: mode=wild: it must be CALM or WILD");
  EXPECT_EQ(load_error("levels=5x"),
            "line 1: levels=5x: it must be durations such as 1s 5m 2h, separated by blanks");
  EXPECT_EQ(load_error("levels="),
            "line 1: levels=: it must be durations such as 1s 5m 2h, separated by blanks");
  EXPECT_EQ(load_error("peers=a:1;b"), "line 1: peers=a:1;b: it must be host:port");
  EXPECT_EQ(load_error("bytes=-1"), "line 1: bytes=-1: it must be a whole number from 0 up");
  EXPECT_EQ(load_error("name=a\\tb"), "line 1: name=a\tb: it must not hold control characters");
}

TEST(Options, EveryProblemIsReportedAtOnce) {
  EXPECT_EQ(load_error("port=0\nmode=x\n"),
            "line 1: port=0: it must be a whole number from 1 to 65535\n"
            "line 2: mode=x: it must be CALM or WILD");
}

TEST(Options, AnUnknownKeyNamesTheNearest) {
  EXPECT_EQ(load_error("prot=1"), "line 1: unknown key prot: did you mean port?");
  EXPECT_EQ(load_error("IDLESECONDS=1"),
            "line 1: unknown key IDLESECONDS: did you mean idleSeconds?");
  EXPECT_EQ(load_error("transferByHaep=1"),
            "line 1: unknown key transferByHaep: did you mean transferByHeap?");
  EXPECT_EQ(load_error("somethingElse=1"),
            "line 1: unknown key somethingElse: docs/config.md lists all of them");
  EXPECT_TRUE(table().nearest(std::string(100'000, 'p')).empty());
}

TEST(Options, KnownKeysThatAreNotServedWarnUnlessTheyHaveJavasDefault) {
  Sample sample;
  auto report = load(sample, "transferByHeap=True\nthreads=4\ntransferByHeap=false\noldPath=/x\n");
  ASSERT_TRUE(report);
  ASSERT_EQ(report->warnings.size(), 4U);
  EXPECT_EQ(report->warnings[0],
            "line 2: threads=4 has no effect: a key of the Java server that is known but not "
            "served yet");
  EXPECT_EQ(report->warnings[1],
            "line 3: transferByHeap was already set in line 1; this one holds");
  EXPECT_EQ(report->warnings[2],
            "line 3: transferByHeap=false has no effect: a key of the Java server that is known "
            "but not served yet");
  EXPECT_EQ(report->warnings[3],
            "line 4: oldPath=/x has no effect: a key of older releases, which the Java server "
            "5.5.0 ignores too");
}

TEST(Options, AKeyThatCannotBeIgnoredStopsTheStart) {
  EXPECT_EQ(load_error("authEnabled=true"),
            "line 1: authEnabled=true: not served yet, and it cannot be ignored: everybody could "
            "come in");
  Sample sample;
  EXPECT_TRUE(load(sample, "authEnabled=false"));
}

TEST(Options, SetTakesOneServedKey) {
  Sample sample;
  EXPECT_TRUE(table().set(sample, "port", "5"));
  EXPECT_EQ(sample.port, 5);
  EXPECT_FALSE(table().set(sample, "port", "x"));
  EXPECT_FALSE(table().set(sample, "threads", "1"));
  EXPECT_EQ(sample.port, 5);
}

TEST(Options, LiveKeysChangeWhileRunning) {
  Sample sample;
  auto done = update(sample, "polling=false\ncount=9\ncount=10\nport=10911\nwhatever=1\n");
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_FALSE(sample.polling);
  EXPECT_EQ(sample.count, 10);
  EXPECT_EQ(done->ignored, std::vector<std::string>{"whatever"});
  std::sort(done->applied.begin(), done->applied.end());
  EXPECT_EQ(done->applied, (KeyValues{{"count", "10"}, {"polling", "false"}}));
}

TEST(Options, AnUpdateAppliesWhollyOrNotAtAll) {
  Sample sample;
  auto refused = update(sample, "count=9\nport=1\n");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::no_permission);
  EXPECT_EQ(refused.error().text,
            "port cannot be changed while the server runs: change it in the configuration file and "
            "restart");
  EXPECT_EQ(sample.count, 8);

  auto unserved = update(sample, "count=9\nthreads=4\n");
  ASSERT_FALSE(unserved);
  EXPECT_EQ(unserved.error().code, Errc::no_permission);

  auto bad = update(sample, "polling=false\ncount=65\n");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Errc::bad_config);
  EXPECT_EQ(sample.count, 8);
  EXPECT_TRUE(sample.polling);
  EXPECT_EQ(sample.port, 10911);
}

TEST(Options, JavasFullListHoldsOurValuesAndItsDefaults) {
  Sample sample;
  sample.port = 1;
  const std::string text = properties_text(table().values_with_known(sample));
  EXPECT_NE(text.find("\nport=1\n"), std::string::npos);
  EXPECT_NE(text.find("\ntransferByHeap=true\n"), std::string::npos);
  EXPECT_EQ(text.find("threads="), std::string::npos);
}

TEST(Options, ExplainSaysWhatARowSays) {
  auto port = table().explain("port");
  ASSERT_TRUE(port);
  EXPECT_EQ(*port,
            "port\n  default  10911\n  allowed  a whole number from 1 to 65535\n"
            "  change   in the file, then restart\n  Taken.\n");
  auto known = table().explain("threads");
  ASSERT_TRUE(known);
  EXPECT_NE(known->find("not served yet"), std::string::npos);
  auto all = table().explain("");
  ASSERT_TRUE(all);
  EXPECT_NE(all->find("default  the host's name"), std::string::npos);
  auto unknown = table().explain("prot");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().text, "unknown key prot: did you mean port?");
}

TEST(Options, MarkdownListsServedKnownAndUnsafeKeys) {
  const std::string doc = table().markdown();
  EXPECT_NE(doc.find("| `enabled` | `true` | true or false | restart | On \\| off. |\n"),
            std::string::npos);
  EXPECT_NE(doc.find("| `polling` (ours) | `true` | true or false | live | Latency. |\n"),
            std::string::npos);
  EXPECT_NE(doc.find("| `transferByHeap` | bool | `true` |\n"), std::string::npos);
  EXPECT_NE(doc.find("| `authEnabled` | `false` | everybody could come in |\n"), std::string::npos);
  EXPECT_EQ(doc.find("| `port` | int |"), std::string::npos);
}

}  // namespace
}  // namespace agena
