// Topic and group attributes: which exist, which values they take, and how `+key=value,-key`
// changes them.
//
// Over:   base/.  Under: topic_table.h, group_table.h, handlers/topics.cc.
// Errors: Errc::system_error (code 1), as RocketMQ answers, with the attribute in the text.
// Source: golden vector 22; RocketMQ 5.5.0 TopicAttributes and SubscriptionGroupAttributes.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace agena::broker {

using Attributes = std::map<std::string, std::string>;

// "+a=b,-c" into {"+a": "b", "-c": ""}. Empty text gives no changes.
Result<Attributes> parse_attribute_changes(std::string_view text);

enum class AttributeOwner { topic, group };

// `changes` has signed keys; the result has plain ones. `is_new`: nothing may be deleted, and
// attributes that are fixed at creation may be set.
Result<Attributes> alter_attributes(AttributeOwner owner, bool is_new, const Attributes& current,
                                    const Attributes& changes);

}  // namespace agena::broker
