// Goal: attribute changes are read and applied as RocketMQ does (golden vector 22).
// Method: the accepted and refused forms, one by one.
#include "broker/attributes.h"

#include <gtest/gtest.h>

namespace agena::broker {
namespace {

TEST(Attributes, ParsesAdditionsAndRemovals) {
  auto changes = parse_attribute_changes("+message.type=FIFO,-reserve.time,+queue.type=BatchCQ");
  ASSERT_TRUE(changes);
  EXPECT_EQ(changes->at("+message.type"), "FIFO");
  EXPECT_EQ(changes->at("-reserve.time"), "");
  EXPECT_TRUE(parse_attribute_changes("")->empty());
  for (std::string_view bad : {"a=b", "+a", "+a=1,+a=2", "+a="}) {
    EXPECT_FALSE(parse_attribute_changes(bad)) << bad;
  }
}

TEST(Attributes, RulesOfCreationAndChange) {
  auto alter = [](bool is_new, Attributes current, std::string_view text) {
    return alter_attributes(AttributeOwner::topic, is_new, current, *parse_attribute_changes(text));
  };
  EXPECT_EQ(alter(true, {}, "+queue.type=BatchCQ")->at("queue.type"), "BatchCQ");
  EXPECT_FALSE(alter(false, {}, "+queue.type=BatchCQ")) << "fixed at creation";
  EXPECT_FALSE(alter(true, {}, "-message.type")) << "nothing to delete at creation";
  EXPECT_FALSE(alter(true, {}, "+message.type=NONE"));
  EXPECT_FALSE(alter(true, {}, "+reserve.time=x"));
  EXPECT_FALSE(alter(true, {}, "+no.such=1"));
  EXPECT_TRUE(alter(false, {{"message.type", "FIFO"}}, "-message.type")->empty());
  EXPECT_FALSE(alter(false, {}, "-message.type"));
  EXPECT_FALSE(alter_attributes(AttributeOwner::group, true, {}, {{"+message.type", "FIFO"}}));
}

}  // namespace
}  // namespace agena::broker
