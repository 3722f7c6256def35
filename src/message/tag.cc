#include "message/tag.h"

#include <algorithm>
#include <set>

#include "base/hash.h"
#include "base/text.h"

namespace agena::message {
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
  std::set<std::string_view> seen;
  for (bool more = true; more;) {
    size_t bar = expression.find("||");
    std::string_view part = expression.substr(0, bar);
    more = bar != std::string_view::npos;
    if (more) expression.remove_prefix(bar + 2);
    has_text = has_text || !part.empty();
    std::string_view tag = text::trim(part);
    if (tag.empty() || !seen.insert(tag).second) continue;
    out.tags.emplace_back(tag);
    out.tag_codes.push_back(tag_code(tag));
  }
  if (!has_text) return Error{Errc::subscription_parse_failed, "subString split error"};
  std::sort(out.tag_codes.begin(), out.tag_codes.end());
  out.tag_codes.erase(std::unique(out.tag_codes.begin(), out.tag_codes.end()), out.tag_codes.end());
  return out;
}

}  // namespace agena::message
