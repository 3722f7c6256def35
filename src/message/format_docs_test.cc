// Goal: the documents of this module's formats are true.
// Method: their hexdumps are decoded and compared with the values they state.
#include <gtest/gtest.h>

#include "base/testing/format_doc.h"
#include "message/batch.h"
#include "message/host.h"
#include "message/message_id.h"
#include "message/properties.h"
#include "message/record_format.h"

namespace agena::message {
namespace {

using agena::testing::FormatDoc;
using Values = std::map<std::string, std::string>;

FormatDoc read_doc(const char* name, size_t examples) {
  FormatDoc doc =
      agena::testing::read_format_doc(std::string(AGENA_SOURCE_DIR) + "/docs/formats/" + name);
  EXPECT_EQ(doc.fault, "");
  EXPECT_EQ(doc.dumps.size(), examples) << name;
  EXPECT_EQ(doc.values.size(), examples) << name;
  doc.dumps.resize(examples);
  doc.values.resize(examples);
  return doc;
}

std::string property_of(std::string_view properties, std::string_view name) {
  return std::string(find_property(properties, name).value_or("absent"));
}

TEST(FormatDocs, Record) {
  FormatDoc doc = read_doc("record.md", 2);
  Result<RecordView> view = decode(as_bytes(doc.dumps[0]), Verify::crc);
  ASSERT_TRUE(view) << view.error().text;
  const Values seen = {
      {"size", std::to_string(view->size)},
      {"version", std::to_string(static_cast<int>(view->version))},
      {"body_crc", std::to_string(view->body_crc)},
      {"queue_id", std::to_string(view->queue_id.value)},
      {"flag", std::to_string(view->flag)},
      {"queue_offset", std::to_string(view->queue_offset.value)},
      {"physical_offset", std::to_string(view->physical_offset.value)},
      {"sys_flag", std::to_string(view->sys_flag)},
      {"born", std::to_string(view->born.value)},
      {"born_host", host_text(view->born_host)},
      {"store_time", std::to_string(view->store_time.value)},
      {"store_host", host_text(view->store_host)},
      {"reconsume_times", std::to_string(view->reconsume_times)},
      {"prepared_transaction_offset", std::to_string(view->prepared_transaction_offset)},
      {"body", std::string(as_text(view->body))},
      {"topic", std::string(view->topic)},
      {"a", property_of(view->properties, "a")},
      {"KEYS", property_of(view->properties, "KEYS")},
      {"TAGS", property_of(view->properties, "TAGS")},
  };
  EXPECT_EQ(seen, doc.values[0]);

  std::optional<RecordHead> blank = peek(as_bytes(doc.dumps[1]));
  ASSERT_TRUE(blank);
  EXPECT_EQ(blank->kind, RecordKind::blank);
  EXPECT_EQ((Values{{"bytes_left", std::to_string(blank->size)}}), doc.values[1]);
}

TEST(FormatDocs, Properties) {
  FormatDoc doc = read_doc("properties.md", 1);
  Values seen;
  for (auto [name, value] : each_property(doc.dumps[0])) seen[std::string(name)] = value;
  std::string& note = seen["note"];
  std::replace(note.begin(), note.end(), kNameEnd, '.');
  EXPECT_EQ(seen, doc.values[0]);
}

TEST(FormatDocs, MessageIds) {
  FormatDoc doc = read_doc("message_id.md", 2);
  auto hex = [](const std::string& raw) {
    std::string out;
    for (unsigned char c : raw) {
      char pair[3];
      std::snprintf(pair, sizeof pair, "%02X", c);
      out += pair;
    }
    return out;
  };
  Result<OffsetId> id = parse_offset_id(hex(doc.dumps[0]));
  ASSERT_TRUE(id);
  EXPECT_EQ((Values{{"text", offset_id_text(*id)},
                    {"host", host_text(id->host)},
                    {"offset", std::to_string(id->offset.value)}}),
            doc.values[0]);
  Result<UniqueKey> key = parse_unique_key(hex(doc.dumps[1]));
  ASSERT_TRUE(key);
  EXPECT_EQ((Values{{"text", unique_key_text(*key)},
                    {"ip", ip_text(key->host)},
                    {"pid", std::to_string(key->pid)},
                    {"loader_hash", std::to_string(key->loader_hash)},
                    {"month_ms", std::to_string(key->month_ms)},
                    {"counter", std::to_string(key->counter)}}),
            doc.values[1]);
}

TEST(FormatDocs, Batch) {
  FormatDoc doc = read_doc("batch.md", 1);
  std::vector<BatchItem> items;
  BatchReader reader(as_bytes(doc.dumps[0]));
  while (std::optional<BatchItem> item = reader.next()) items.push_back(*item);
  ASSERT_TRUE(reader.status());
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ((Values{{"items", std::to_string(items.size())},
                    {"flag.0", std::to_string(items[0].flag)},
                    {"body.0", std::string(as_text(items[0].body))},
                    {"KEYS.0", property_of(items[0].properties, "KEYS")},
                    {"flag.1", std::to_string(items[1].flag)},
                    {"body_bytes.1", std::to_string(items[1].body.size())},
                    {"TAGS.1", property_of(items[1].properties, "TAGS")}}),
            doc.values[0]);
}

}  // namespace
}  // namespace agena::message
