// Goal: docs/formats/config_files.md is true for the files of the broker.
// Method: its examples are decoded by the types that the tables load and save, compared with the
// values it states, and written again: the same bytes come out.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "base/testing/format_doc.h"
#include "broker/group_table.h"
#include "broker/offset_table.h"
#include "wire/bodies/topic_config.h"

namespace agena::broker {
namespace {

using agena::testing::FormatDoc;
using Values = std::map<std::string, std::string>;

class FormatDocs : public ::testing::Test {
 protected:
  void SetUp() override {
    doc = agena::testing::read_format_doc(std::string(AGENA_SOURCE_DIR) +
                                          "/docs/formats/config_files.md");
    ASSERT_EQ(doc.fault, "");
    ASSERT_EQ(doc.texts.size(), 5u);
    ASSERT_EQ(doc.values.size(), 5u);
  }
  template <typename T>
  T decode(size_t example) {
    auto table = json::parse_json<T>(doc.texts[example]);
    EXPECT_TRUE(table) << describe(table.error());
    if (!table) return T{};
    EXPECT_EQ(json::to_json(*table, {.is_pretty = true}), doc.texts[example])
        << "as we write it, byte by byte";
    seen["counter"] = std::to_string(table->data_version.counter);
    seen["timestamp"] = std::to_string(table->data_version.timestamp.value);
    return std::move(*table);
  }
  FormatDoc doc;
  Values seen;
};

TEST_F(FormatDocs, Topics) {
  const auto table = decode<wire::TopicConfigTable>(0);
  for (const auto& [name, topic] : table.topics) {
    seen[name + ".perm"] = std::to_string(topic.perm);
    seen[name + ".read_queues"] = std::to_string(topic.read_queues);
    seen[name + ".write_queues"] = std::to_string(topic.write_queues);
    seen[name + ".filter_type"] = topic.filter_type;
    seen[name + ".sys_flag"] = std::to_string(topic.sys_flag);
    seen[name + ".is_order"] = topic.is_order ? "1" : "0";
    for (const auto& [key, value] : topic.attributes) seen[name + "." + key] = value;
  }
  EXPECT_EQ(seen, doc.values[0]);
}

TEST_F(FormatDocs, Groups) {
  const auto table = decode<GroupConfigTable>(1);
  for (const auto& [name, group] : table.groups) {
    seen[name + ".may_consume"] = group.consume_enable ? "1" : "0";
    seen[name + ".may_broadcast"] = group.consume_broadcast_enable ? "1" : "0";
    seen[name + ".retry_queues"] = std::to_string(group.retry_queue_nums);
    seen[name + ".retries_max"] = std::to_string(group.retry_max_times);
  }
  for (const auto& [name, topics] : table.forbidden) {
    for (const auto& [topic, bits] : topics)
      seen[name + ".forbidden." + topic] = std::to_string(bits);
  }
  EXPECT_EQ(seen, doc.values[1]);
}

TEST_F(FormatDocs, Offsets) {
  const auto body = decode<OffsetTableBody>(2);
  for (const auto& [key, queues] : body.offsets) {
    for (auto [queue, offset] : queues)
      seen[fmt::format("{} {}", key, queue)] = std::to_string(offset);
  }
  for (const auto& [key, queues] : body.pull_offsets) {
    for (auto [queue, offset] : queues) {
      seen[fmt::format("pulled {} {}", key, queue)] = std::to_string(offset);
    }
  }
  for (const auto& [group, topics] : body.group_topics) {
    seen["topics of " + group] = std::to_string(topics.size());
  }
  EXPECT_EQ(seen, doc.values[2]);
}

// Nobody reads it yet, but it is JSON as our reader takes it.
TEST_F(FormatDocs, DelayOffsets) {
  auto value = json::parse(doc.texts[3]);
  ASSERT_TRUE(value) << describe(value.error());
  const json::Value* table = value->find("offsetTable");
  ASSERT_NE(table, nullptr);
  for (const json::Member& each : table->members()) {
    seen[fmt::format("level {}", each.name())] = each.value.to_text().value_or("none");
  }
  EXPECT_EQ(seen, doc.values[3]);
}

}  // namespace
}  // namespace agena::broker
