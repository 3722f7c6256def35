// Goal: properties read as RocketMQ reads them, odd strings included, and change without harm.
// Method: strings with missing and doubled separators whose reading is known from RocketMQ 5.5.0,
// and every cut of a sound string.
#include "message/properties.h"

#include <gtest/gtest.h>

namespace agena::message {
namespace {

// '=' stands for 0x01 and ';' for 0x02.
std::string stored(std::string text) {
  for (char& c : text) {
    if (c == '=') c = kNameEnd;
    if (c == ';') c = kValueEnd;
  }
  return text;
}

std::string shown(std::string_view text) {
  std::string out;
  for (auto [name, value] : each_property(text)) {
    out.append(name).append("=").append(value).append(";");
  }
  return out;
}

TEST(Properties, OddStringsReadAsInRocketMQ) {
  struct Case {
    const char* text;
    const char* read;
  };
  const Case cases[] = {
      {"k1=v1", "k1=v1;"},
      {"", ""},
      {" ", ""},
      {"aaa", ""},
      {"k1=", ""},
      {"=v1", ""},
      {"k1=v1;", "k1=v1;"},
      {"k1=v1;k2=v2", "k1=v1;k2=v2;"},
      {"k1=v1;=v2", "k1=v1;"},
      {"k1=v1;k2=", "k1=v1;"},
      {"=v1;k2=v2", "k2=v2;"},
      {"k1=;k2=v2", "k2=v2;"},
      {"1=1;2=2", "1=1;2=2;"},
      {"1=;2=2", "2=2;"},
      {"=1;2=2", "2=2;"},
      {"1=1;2=", "1=1;"},
      {"1=1;=2", "1=1;"},
      // Beyond the Java test: runs of separators, and values with 0x01 in them.
      {";;k=v;;", "k=v;"},
      {"k==v;", "k==v;"},
      {"==;", ""},
      {"k=v=w;x;y=z", "k=v=w;y=z;"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(stored(shown(stored(c.text))), stored(c.read)) << c.text;
  }
}

TEST(Properties, TheLastOfOneNameCounts) {
  std::string text = stored("a=1;b=2;a=3;");
  EXPECT_EQ(find_property(text, "a"), "3");
  EXPECT_EQ(find_property(text, "b"), "2");
  EXPECT_EQ(find_property(text, "c"), std::nullopt);
  EXPECT_EQ(find_property(stored("a=1;a=;"), "a"), "1");  // The second one is unreadable.
}

TEST(Properties, AppendClosesAnOpenEnd) {
  std::string text = stored("a=1");
  append_property(text, "b", "2");
  EXPECT_EQ(text, stored("a=1;b=2;"));
  append_property(text, "c", "");
  EXPECT_EQ(text, stored("a=1;b=2;"));
}

TEST(Properties, RemoveTakesEveryEntryAndNothingElse) {
  std::string text = stored("a=1;ab=2;;junk;a=3;b=a=4;a=");
  remove_property(text, "a");
  EXPECT_EQ(text, stored("ab=2;;junk;b=a=4;"));
  set_property(text, "ab", "9");
  EXPECT_EQ(text, stored(";junk;b=a=4;ab=9;"));
  remove_property(text, "junk");
  EXPECT_EQ(text, stored(";junk;b=a=4;ab=9;"));
}

TEST(Properties, ValidIsWhatComesBack) {
  EXPECT_TRUE(is_valid("a", "b"));
  EXPECT_FALSE(is_valid("", "b"));
  EXPECT_FALSE(is_valid("a", ""));
  EXPECT_FALSE(is_valid(stored("a="), "b"));
  EXPECT_FALSE(is_valid(stored("a;"), "b"));
  EXPECT_FALSE(is_valid("a", stored("b;")));
  EXPECT_TRUE(is_valid("a", stored("b=c")));
}

TEST(Properties, ATailOfZerosIsNeverWhole) {
  const std::string text = stored("KEYS=k1 k2;TAGS=t;UNIQ_KEY=AC11;");
  EXPECT_TRUE(is_whole(text));
  for (size_t cut = 0; cut < text.size(); ++cut) {
    std::string torn = text;
    std::fill(torn.begin() + static_cast<ptrdiff_t>(cut), torn.end(), '\0');
    EXPECT_FALSE(is_whole(torn)) << cut;
  }
  EXPECT_TRUE(is_whole(""));
  EXPECT_TRUE(is_whole(stored("k1=v1;k2=v2")));  // RocketMQ 4.9.3 left the last 0x02 out.
  // Items of batches, as the Java broker stores them.
  EXPECT_TRUE(is_whole(stored("k1=v1;k2=")));
  EXPECT_TRUE(is_whole(stored("k1=v1;k2")));
  EXPECT_TRUE(is_whole(stored("k1=v1;=2")));
  EXPECT_TRUE(is_whole("foo"));
  EXPECT_TRUE(
      is_whole(std::string_view("k\x01"
                                "a\0b",
                                5)));
}

TEST(Properties, KnownOnesInOnePass) {
  std::string text = stored(
      "TAGS=old;KEYS=k1 k2;WAIT=true;UNIQ_KEY=U;mine=1;TAGS=new;__SHARDINGKEY=s;"
      "CHECK_IMMUNITY_TIME_IN_SECONDS=6;INNER_MULTI_QUEUE_OFFSET=7;TTL=3;"
      "A_NAME_LONGER_THAN_ANY_THAT_MEANS_SOMETHING=x;__CRC32#=1;");
  KnownProperties known = scan_known(text);
  EXPECT_EQ(known.tags, "new");
  EXPECT_EQ(known.keys, "k1 k2");
  EXPECT_EQ(known.wait, "true");
  EXPECT_EQ(known.uniq_key, "U");
  EXPECT_EQ(known.sharding_key, "s");
  EXPECT_EQ(known.check_immunity_seconds, "6");
  EXPECT_EQ(known.inner_multi_queue_offset, "7");
  EXPECT_EQ(known.time_to_live, "3");
  EXPECT_EQ(known.crc32, "1");
  EXPECT_EQ(known.delay_level, "");
  EXPECT_FALSE(known.has_transient);
  EXPECT_TRUE(scan_known(stored("__RMQ.TRANSIENT.GROUP_SYS_FLAG=1;")).has_transient);
}

TEST(Properties, ScanAgreesWithFind) {
  using K = KnownProperties;
  const std::pair<std::string_view, std::string_view K::*> rows[] = {
      {property::delay_level, &K::delay_level},
      {property::timer_delay_ms, &K::timer_delay_ms},
      {property::timer_delay_sec, &K::timer_delay_sec},
      {property::timer_deliver_ms, &K::timer_deliver_ms},
      {property::timer_out_ms, &K::timer_out_ms},
      {property::timer_enqueue_ms, &K::timer_enqueue_ms},
      {property::timer_dequeue_ms, &K::timer_dequeue_ms},
      {property::timer_roll_times, &K::timer_roll_times},
      {property::timer_delay_level, &K::timer_delay_level},
      {property::timer_delete_uniq_key, &K::timer_delete_uniq_key},
      {property::transaction_prepared, &K::transaction_prepared},
      {property::producer_group, &K::producer_group},
      {property::transaction_id, &K::transaction_id},
      {property::transaction_check_times, &K::transaction_check_times},
      {property::prepared_queue_offset, &K::prepared_queue_offset},
      {property::real_topic, &K::real_topic},
      {property::real_queue_id, &K::real_queue_id},
      {property::retry_topic, &K::retry_topic},
      {property::origin_group, &K::origin_group},
      {property::origin_message_id, &K::origin_message_id},
      {property::reconsume_time, &K::reconsume_time},
      {property::max_reconsume_times, &K::max_reconsume_times},
      {property::pop_check_point, &K::pop_check_point},
      {property::first_pop_time, &K::first_pop_time},
      {property::lite_topic, &K::lite_topic},
      {property::priority, &K::priority},
      {property::inner_num, &K::inner_num},
      {property::inner_base, &K::inner_base},
      {property::inner_multi_dispatch, &K::inner_multi_dispatch},
      {property::message_type, &K::message_type},
      {property::reply_to_client, &K::reply_to_client},
      {property::correlation_id, &K::correlation_id},
      {property::cluster, &K::cluster},
      {property::region, &K::region},
      {property::trace_switch, &K::trace_switch},
      {property::instance_id, &K::instance_id},
      {property::born_host, &K::born_host},
      {property::born_timestamp, &K::born_timestamp},
      {property::dlq_origin_topic, &K::dlq_origin_topic},
      {property::dlq_origin_message_id, &K::dlq_origin_message_id},
  };
  std::string all;
  for (auto [name, member] : rows) append_property(all, name, std::string("v-").append(name));
  KnownProperties known = scan_known(all);
  for (auto [name, member] : rows) {
    EXPECT_EQ(known.*member, std::string("v-").append(name));
    EXPECT_EQ(find_property(all, name), known.*member);
  }
}

TEST(Properties, ReservedNames) {
  EXPECT_TRUE(is_reserved("KEYS"));
  EXPECT_TRUE(is_reserved("__CRC32#"));
  EXPECT_TRUE(is_reserved("_SYS_MSG_PRIORITY_"));
  EXPECT_FALSE(is_reserved("__SHARDINGKEY"));  // Free in RocketMQ too.
  EXPECT_FALSE(is_reserved("serial"));
  EXPECT_FALSE(is_reserved(""));
}

TEST(Properties, KeysAreAListWithBlanks) {
  std::vector<std::string> seen;
  for_each_key("  k1 k2   k3 ", [&](std::string_view key) { seen.emplace_back(key); });
  EXPECT_EQ(seen, (std::vector<std::string>{"k1", "k2", "k3"}));
}

}  // namespace
}  // namespace agena::message
