// Goal: settings survive restarts, and nothing unsaved takes effect.
// Method: files in memory, refused writes, files as Java and as accidents leave them.
#include "namesrv/kv_config.h"

#include <gtest/gtest.h>

#include "base/log.h"
#include "base/testing/format_doc.h"
#include "io/testing/memory_files.h"

namespace agena::namesrv {
namespace {

constexpr const char* kPath = "/data/namesrv/kvConfig.json";

class KvConfigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    set_log_level(LogLevel::error);
    ASSERT_TRUE(files_.make_dirs("/data/namesrv"));
  }

  io::MemoryFiles files_;
  KvConfig kv_{files_, kPath};
};

TEST_F(KvConfigTest, WritesJavasFile) {
  ASSERT_TRUE(kv_.load());
  ASSERT_TRUE(kv_.put("ORDER_TOPIC_CONFIG", "t", "a:4;b:4"));
  ASSERT_TRUE(kv_.put("N", "k", "v"));
  ASSERT_TRUE(kv_.erase("N", "k"));
  ASSERT_TRUE(kv_.erase("N", "never"));
  ASSERT_TRUE(kv_.erase("M", "never"));
  EXPECT_EQ(*io::read_text(files_, kPath),
            "{\"configTable\":{\"N\":{},\"ORDER_TOPIC_CONFIG\":{\"t\":\"a:4;b:4\"}}}");
}

TEST_F(KvConfigTest, TheDocumentShowsTheFile) {
  auto doc = agena::testing::read_format_doc(std::string(AGENA_SOURCE_DIR) +
                                             "/docs/formats/config_files.md");
  ASSERT_EQ(doc.fault, "");
  ASSERT_EQ(doc.texts.size(), 5u);
  ASSERT_EQ(doc.values.size(), 5u);
  ASSERT_TRUE(io::replace_text(files_, kPath, doc.texts[4]));
  ASSERT_TRUE(kv_.load());
  std::map<std::string, std::string> seen;
  for (std::string name_space : {"ORDER_TOPIC_CONFIG", "Emptied"}) {
    auto listed = kv_.list(name_space);
    ASSERT_TRUE(listed) << name_space;
    seen[name_space] = std::to_string(listed->table.size()) + " keys";
    for (const auto& [key, value] : listed->table) seen[name_space + " " + key] = value;
  }
  EXPECT_EQ(seen, doc.values[4]);
  ASSERT_TRUE(kv_.erase("Emptied", "never"));
  EXPECT_EQ(*io::read_text(files_, kPath), doc.texts[4]) << "as we write it";
}

TEST_F(KvConfigTest, ReadsBackWhatItWrote) {
  ASSERT_TRUE(kv_.put("N", "k", "v"));
  KvConfig again(files_, kPath);
  ASSERT_TRUE(again.load());
  EXPECT_EQ(again.get("N", "k"), "v");
  EXPECT_FALSE(again.get("N", "x"));
  EXPECT_FALSE(again.get("M", "k"));
  ASSERT_TRUE(again.list("N"));
  EXPECT_EQ(again.list("N")->table.at("k"), "v");
  EXPECT_FALSE(again.list("M"));
}

TEST_F(KvConfigTest, UnsavedChangesDoNotTakeEffect) {
  ASSERT_TRUE(kv_.put("N", "k", "v"));
  files_.fail(io::FileCall::write, 1, Errc::io_error, true);
  EXPECT_FALSE(kv_.put("N", "k", "w"));
  EXPECT_FALSE(kv_.erase("N", "k"));
  EXPECT_EQ(kv_.get("N", "k"), "v");
}

TEST_F(KvConfigTest, UnreadableFileNeedsItsBackup) {
  ASSERT_TRUE(io::replace_text(files_, kPath, "{\"configTable\":{\"N\""));
  EXPECT_FALSE(kv_.load());
  ASSERT_TRUE(io::replace_text(files_, std::string(kPath) + ".bak",
                               "{\"configTable\":{\"N\":{\"k\":\"old\"}}}"));
  ASSERT_TRUE(kv_.load());
  EXPECT_EQ(kv_.get("N", "k"), "old");
}

TEST_F(KvConfigTest, EmptyFileIsNoFreshStart) {
  ASSERT_TRUE(io::replace_text(files_, kPath, ""));
  EXPECT_FALSE(kv_.load());
}

}  // namespace
}  // namespace agena::namesrv
