#include "message/tag.h"

#include <algorithm>

#include "base/hash.h"

namespace agena::message {
namespace {

// Java's trim(): everything up to the blank, control characters included.
std::string_view trim(std::string_view text) {
  auto is_blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

int64_t tag_code(std::string_view tag) noexcept {
  return tag.empty() ? 0 : int64_t{java_string_hash(tag)};
}

bool TagSubscription::takes(int64_t code) const {
  return takes_all || std::binary_search(tag_codes.begin(), tag_codes.end(), code);
}

Result<TagSubscription> parse_tag_subscription(std::string_view expression) {
  TagSubscription out;
  if (expression.empty() || expression == kSubscribeAll) return out;
  out.takes_all = false;
  bool has_text = false;
  for (bool more = true; more;) {
    size_t bar = expression.find("||");
    std::string_view part = expression.substr(0, bar);
    more = bar != std::string_view::npos;
    if (more) expression.remove_prefix(bar + 2);
    has_text = has_text || !part.empty();
    std::string_view tag = trim(part);
    if (tag.empty() || std::find(out.tags.begin(), out.tags.end(), tag) != out.tags.end()) continue;
    out.tags.emplace_back(tag);
    out.tag_codes.push_back(tag_code(tag));
  }
  if (!has_text) return Error{Errc::subscription_parse_failed, "subString split error"};
  std::sort(out.tag_codes.begin(), out.tag_codes.end());
  out.tag_codes.erase(std::unique(out.tag_codes.begin(), out.tag_codes.end()), out.tag_codes.end());
  return out;
}

}  // namespace agena::message
