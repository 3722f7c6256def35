// Goal: every record of three stores that RocketMQ 5.5.0 wrote reads as listed beside them, and
// encoding it again yields Java's bytes.
// Method: walk the unpacked commit logs file by file; compare each field with the list; re-encode.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "base/hash.h"
#include "base/json.h"
#include "base/testing/format_doc.h"
#include "message/compression.h"
#include "message/host.h"
#include "message/names.h"
#include "message/properties.h"
#include "message/record_format.h"
#include "message/sys_flag.h"
#include "message/tag.h"

namespace agena::message {
namespace {

namespace fs = std::filesystem;
using agena::testing::text_of_file;

class GoldenStore : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    dir_ = fs::path(::testing::TempDir()) /
           ("agena-golden-" + std::string(GetParam()) + "-" + std::to_string(getpid()));
    fs::create_directories(dir_);
    const std::string archive = stores() + GetParam() + ".tar.gz";
    const std::string command = "tar -xzf '" + archive + "' -C '" + dir_.string() + "'";
    ASSERT_EQ(std::system(command.c_str()), 0);
    std::istringstream lines(text_of_file(stores() + GetParam() + ".expected.jsonl"));
    for (std::string line; std::getline(lines, line);) {
      Result<json::Value> row = json::parse(line);
      ASSERT_TRUE(row) << row.error().text;
      expected_.push_back(*row);
    }
    ASSERT_GT(expected_.size(), 200u);
  }
  void TearDown() override { fs::remove_all(dir_); }

  static std::string stores() { return std::string(AGENA_SOURCE_DIR) + "/tests/golden/stores/"; }
  // Log files by the offset that names them.
  std::map<int64_t, std::string> log_files() const {
    std::map<int64_t, std::string> files;
    for (const auto& entry : fs::directory_iterator(dir_ / GetParam() / "commitlog")) {
      files[std::stoll(entry.path().filename())] = text_of_file(entry.path());
    }
    return files;
  }

  fs::path dir_;
  std::vector<json::Value> expected_;
};

int64_t number(const json::Value& row, std::string_view name) {
  const json::Value* value = row.find(name);
  EXPECT_TRUE(value != nullptr && value->to_int64()) << name;
  return value != nullptr ? value->to_int64().value_or(-1) : -1;
}
std::string text(const json::Value& row, std::string_view name) {
  const json::Value* value = row.find(name);
  return value != nullptr ? value->to_text().value_or("") : "";
}

void expect_properties(const RecordView& view, const json::Value& row) {
  std::map<std::string, std::string> wanted, seen;
  for (const json::Member& member : row.find("properties")->members()) {
    wanted[std::string(member.name())] = *member.value.text();
  }
  for (auto [name, value] : each_property(view.properties)) {
    seen[std::string(name)] = std::string(value);
  }
  EXPECT_EQ(seen, wanted);
  std::vector<std::string> keys, wanted_keys;
  for_each_key(scan_known(view.properties).keys, [&](auto key) { keys.emplace_back(key); });
  for (const json::Value& key : row.find("keys")->items()) wanted_keys.push_back(*key.text());
  EXPECT_EQ(keys, wanted_keys);
  if (!row.find("tagHash")->is_null()) {
    EXPECT_EQ(tag_code(scan_known(view.properties).tags), number(row, "tagHash"));
  }
}

void expect_row(const RecordView& view, const json::Value& row) {
  EXPECT_EQ(view.topic, text(row, "topic"));
  EXPECT_EQ(view.queue_id.value, number(row, "queueId"));
  EXPECT_EQ(view.queue_offset.value, number(row, "queueOffset"));
  EXPECT_EQ(view.physical_offset.value, number(row, "physicalOffset"));
  EXPECT_EQ(view.size, number(row, "size"));
  EXPECT_EQ(text(row, "magic"), view.version == Version::v1 ? "daa320a7" : "daa320ab");
  EXPECT_EQ(int64_t{crc32(view.body)}, number(row, "bodyCrc32"));
  EXPECT_EQ(static_cast<int64_t>(view.body.size()), number(row, "bodyLength"));
  EXPECT_EQ(view.flag, number(row, "flag"));
  EXPECT_EQ(view.sys_flag, number(row, "sysFlag"));
  EXPECT_EQ(view.born.value, number(row, "bornTimestamp"));
  EXPECT_EQ(host_text(view.born_host), text(row, "bornHost"));
  EXPECT_EQ(view.store_time.value, number(row, "storeTimestamp"));
  EXPECT_EQ(host_text(view.store_host), text(row, "storeHost"));
  EXPECT_EQ(view.reconsume_times, number(row, "reconsumeTimes"));
  EXPECT_EQ(view.prepared_transaction_offset, number(row, "preparedTransactionOffset"));
  EXPECT_EQ(sys_flag::takes_queue_slot(view.sys_flag), row.find("inQueue")->to_bool());
  EXPECT_TRUE(is_system_topic(view.topic) || check_topic(view.topic));
  expect_properties(view, row);
}

void expect_same_bytes_again(const RecordView& view, Bytes record) {
  const Draft draft = draft_of(view);
  const Placement place{.physical_offset = view.physical_offset,
                        .queue_offset = view.queue_offset,
                        .store_time = view.store_time,
                        .version = view.version};
  EXPECT_EQ(version_for(draft.topic), view.version);
  Result<size_t> size = encoded_size(draft, place.version);
  ASSERT_TRUE(size);
  std::string again(*size, '\0');
  encode(draft, place, std::as_writable_bytes(std::span(again)));
  EXPECT_TRUE(again == as_text(record)) << "record at " << view.physical_offset.value;
}

TEST_P(GoldenStore, EveryRecordReadsAsListed) {
  size_t records = 0, blanks = 0, compressed = 0;
  bool is_at_end = false;
  for (const auto& [base, file] : log_files()) {
    ASSERT_FALSE(is_at_end) << "nothing may follow the last record";
    for (size_t at = 0; at < file.size();) {
      Bytes rest = as_bytes(file).subspan(at);
      std::optional<RecordHead> head = peek(rest);
      if (head && head->kind == RecordKind::blank) {
        EXPECT_EQ(static_cast<size_t>(head->size), rest.size());
        ++blanks;
        break;
      }
      Result<RecordView> view = decode(rest, Verify::crc);
      if (!view) {
        is_at_end = true;
        // Only the torn store has the beginning of a record there.
        EXPECT_EQ(head.has_value(), std::string_view(GetParam()) == "torn") << view.error().text;
        break;
      }
      ASSERT_LT(records, expected_.size());
      EXPECT_EQ(view->physical_offset.value, base + static_cast<int64_t>(at));
      expect_row(*view, expected_[records]);
      expect_same_bytes_again(*view, rest.first(static_cast<size_t>(view->size)));
      if (sys_flag::has(view->sys_flag, sys_flag::compressed)) {
        Buffer plain;
        Status opened = inflate(*compression_of(view->sys_flag), view->body, {}, plain);
        EXPECT_TRUE(opened) << opened.error().text;
        ++compressed;
      }
      ASSERT_FALSE(HasFailure()) << "record " << records;
      at += static_cast<size_t>(view->size);
      ++records;
    }
  }
  EXPECT_EQ(records, expected_.size());
  EXPECT_EQ(blanks, 3u);
  EXPECT_GT(compressed, 0u);
}

INSTANTIATE_TEST_SUITE_P(Java550, GoldenStore, ::testing::Values("clean", "killed", "torn"),
                         [](const auto& param_info) { return std::string(param_info.param); });

}  // namespace
}  // namespace agena::message
