// Tags: the code of a tag in consume queues, and subscriptions such as `A || B`.
//
// Over:   base/hash.h.  Under: storage/ (dispatch), broker/ (subscriptions, pull), client/.
// Errors: Errc::subscription_parse_failed for an expression made of separators only.
// Source: RocketMQ 5.5.0, FilterAPI.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace agena::message {

inline constexpr std::string_view kSubscribeAll = "*";

// Java's hashCode of the tag, sign extended; 0 for no tag. Different tags may share a code, so a
// consumer compares the text again.
int64_t tag_code(std::string_view tag) noexcept;

struct TagSubscription {
  bool takes_all = true;
  std::vector<std::string> tags;   // In order of appearance, each once.
  std::vector<int64_t> tag_codes;  // Sorted, each once.

  // An expression of blanks names no tag and takes nothing: Java has it so.
  bool takes(int64_t code) const;
};

// Empty and `*` take everything. Blanks around tags are cut off, empty tags are skipped.
Result<TagSubscription> parse_tag_subscription(std::string_view expression);

}  // namespace agena::message
