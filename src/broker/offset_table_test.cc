// Goal: committed offsets, resets and the file agree with what Java keeps.
// Method: direct calls; the file's text is read back by a second table.
#include "broker/offset_table.h"

#include <gtest/gtest.h>

#include "io/testing/manual_clock.h"
#include "io/testing/manual_loop.h"
#include "io/testing/memory_files.h"

namespace agena::broker {
namespace {

struct OffsetTableTest : testing::Test {
  io::ManualClock clock;
  io::MemoryFiles files;
  io::ManualLoop loop{clock};
  Options options;
  OffsetTable table{{clock, {files, loop}, "config", options}};
  GroupQueue at{"g", "t", QueueId(3)};
};

TEST_F(OffsetTableTest, CommitsAndResets) {
  EXPECT_EQ(table.query(at), std::nullopt);
  EXPECT_TRUE(table.commit(at, QueueOffset(7)));
  EXPECT_EQ(table.query(at), QueueOffset(7));
  table.set_reset(at, QueueOffset(2));
  EXPECT_FALSE(table.commit(at, QueueOffset(9))) << "a running consumer may not undo the reset";
  EXPECT_EQ(table.query(at), QueueOffset(2));
  EXPECT_EQ(table.take_reset(at), QueueOffset(2));
  EXPECT_EQ(table.take_reset(at), std::nullopt);
  EXPECT_TRUE(table.commit(at, QueueOffset(3)));
}

TEST_F(OffsetTableTest, SurvivesInItsFile) {
  ASSERT_TRUE(files.make_dirs("config"));
  table.commit(at, QueueOffset(7));
  table.commit({"g2", "t", QueueId(3)}, QueueOffset(5));
  table.save_if_changed();
  loop.run_ready();
  OffsetTable second{{clock, {files, loop}, "config", options}};
  ASSERT_TRUE(second.load());
  EXPECT_EQ(second.query(at), QueueOffset(7));
  EXPECT_EQ(second.groups_of("t"), (std::set<std::string>{"g", "g2"}));
  EXPECT_EQ(second.smallest_offsets("t", {"g2"}).at(3), 7);
  EXPECT_EQ(second.smallest_offsets("t", {}).at(3), 5);
  auto text = io::read_text(files, "config/consumerOffset.json");
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("\"t@g\":{\n\t\t\t3:7\n\t\t}"), std::string::npos) << *text;
}

TEST_F(OffsetTableTest, CopiesAndRemoves) {
  table.commit(at, QueueOffset(7));
  table.copy_group("g", "h", "t");
  EXPECT_EQ(table.query({"h", "t", QueueId(3)}), QueueOffset(7));
  table.remove_group("g");
  EXPECT_EQ(table.query(at), std::nullopt);
  EXPECT_EQ(table.topics_of("h"), std::set<std::string>{"t"});
  table.remove_topic("t");
  EXPECT_TRUE(table.topics_of("h").empty());
}

}  // namespace
}  // namespace agena::broker
