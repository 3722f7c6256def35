// Goal: docs/formats/remoting.md is true.
// Method: its hexdumps are decoded and compared with the values it states.
#include <gtest/gtest.h>

#include "base/testing/format_doc.h"
#include "message/compression.h"
#include "wire/bodies/registration.h"
#include "wire/frame.h"

namespace agena::wire {
namespace {

using agena::testing::FormatDoc;
using Values = std::map<std::string, std::string>;

FormatDoc read_doc() {
  FormatDoc doc =
      agena::testing::read_format_doc(std::string(AGENA_SOURCE_DIR) + "/docs/formats/remoting.md");
  EXPECT_EQ(doc.fault, "");
  EXPECT_EQ(doc.dumps.size(), 3U);
  EXPECT_EQ(doc.values.size(), 3U);
  doc.dumps.resize(3);
  doc.values.resize(3);
  return doc;
}

std::string or_none(std::string_view text) {
  return text.empty() ? "none" : std::string(text);
}

Values values_of_frame(const std::string& bytes) {
  const auto frame = next_frame(as_bytes(bytes));
  if (!frame || !*frame) return {};
  EXPECT_EQ((*frame)->wire_bytes, bytes.size());
  HeaderReader reader;
  Header header;
  EXPECT_TRUE(reader.read((*frame)->header, (*frame)->serialization, header));
  Values seen = {{"serialization", header.serialization == Serialization::json ? "json" : "binary"},
                 {"code", std::to_string(header.code)},
                 {"language", std::string(language_name(header.language))},
                 {"version", std::to_string(header.version)},
                 {"opaque", std::to_string(header.opaque)},
                 {"flag", std::to_string(header.flag)},
                 {"remark", or_none(header.remark)},
                 {"body", or_none(as_text((*frame)->body))}};
  for (const auto& [name, value] : header.ext) seen["ext." + std::string(name)] = value;
  return seen;
}

TEST(FormatDocs, Frames) {
  const FormatDoc doc = read_doc();
  EXPECT_EQ(values_of_frame(doc.dumps[0]), doc.values[0]);
  EXPECT_EQ(values_of_frame(doc.dumps[1]), doc.values[1]);
}

TEST(FormatDocs, Registration) {
  const FormatDoc doc = read_doc();
  Buffer packed;
  ASSERT_TRUE(message::deflate(message::Compression::zlib, as_bytes(doc.dumps[2]), 9, packed));
  const auto body = decode_registration(packed.view(), true, kWireVersion);
  ASSERT_TRUE(body) << describe(body.error());
  const auto& topics = body->topics.topics;
  ASSERT_EQ(topics.count("orders") + topics.count("old") + body->topics.mappings.count("orders"),
            3U);
  const QueueMapping& mapping = body->topics.mappings.at("orders");
  const Values seen = {{"counter", std::to_string(body->topics.data_version.counter)},
                       {"timestamp", std::to_string(body->topics.data_version.timestamp.value)},
                       {"topics", std::to_string(topics.size())},
                       {"orders.read_queues", std::to_string(topics.at("orders").read_queues)},
                       {"orders.write_queues", std::to_string(topics.at("orders").write_queues)},
                       {"orders.message.type", topics.at("orders").attributes.at("message.type")},
                       {"old.filter_type", topics.at("old").filter_type},
                       {"filter_servers", std::to_string(body->filter_servers.size())},
                       {"mapping.broker_name", mapping.broker_name},
                       {"mapping.physical_of_0", std::to_string(mapping.current_ids.at(0))}};
  EXPECT_EQ(seen, doc.values[2]);
}

}  // namespace
}  // namespace agena::wire
