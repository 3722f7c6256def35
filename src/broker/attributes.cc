#include "broker/attributes.h"

#include <fmt/core.h>

#include <charconv>
#include <limits>
#include <set>
#include <vector>

namespace agena::broker {
namespace {

struct Attribute {
  AttributeOwner owner;
  std::string_view key;
  bool is_changeable;
  std::vector<std::string_view> names;  // Allowed words; empty: a number or any text.
  bool is_number = false;
  int64_t min = 0;
  int64_t max = 0;
};

const std::vector<Attribute>& known_attributes() {
  constexpr auto topic = AttributeOwner::topic;
  constexpr auto group = AttributeOwner::group;
  constexpr int64_t no_max = std::numeric_limits<int64_t>::max();
  constexpr int64_t month_minutes = 30 * 24 * 60;
  static const std::vector<Attribute> rows = {
      {topic, "queue.type", false, {"BatchCQ", "SimpleCQ"}},
      {topic, "cleanup.policy", false, {"DELETE", "COMPACTION"}},
      {topic,
       "message.type",
       true,
       {"UNSPECIFIED", "NORMAL", "FIFO", "DELAY", "TRANSACTION", "MIXED", "PRIORITY", "LITE"}},
      {topic, "reserve.time", true, {}, true, -1, no_max},
      {topic, "lite.topic.expiration", true, {}, true, -1, month_minutes},
      {group, "priority.factor", true, {}, true, 0, 100},
      {group, "lite.bind.topic", true, {}},
      {group, "lite.sub.model", true, {"Shared", "Exclusive"}},
      {group, "lite.sub.reset.offset.exclusive", true, {"true", "false"}},
      {group, "lite.sub.reset.offset.unsubscribe", true, {"true", "false"}},
      {group, "lite.sub.client.quota", true, {}, true, -1, no_max},
      {group, "lite.sub.client.max.event.cnt", true, {}, true, 10, no_max},
      {group, "lite.sub.wildcard", true, {}},
  };
  return rows;
}

const Attribute* find_attribute(AttributeOwner owner, std::string_view key) {
  for (const Attribute& row : known_attributes()) {
    if (row.owner == owner && row.key == key) return &row;
  }
  return nullptr;
}

Error refused(std::string text) {
  return {Errc::system_error, std::move(text)};
}

Status check_value(const Attribute& attribute, std::string_view value) {
  if (attribute.is_number) {
    int64_t number = 0;
    auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    bool good = error == std::errc() && end == value.data() + value.size();
    if (good && number >= attribute.min && number <= attribute.max) return ok();
    return refused(fmt::format("value is not in range({}, {})", attribute.min, attribute.max));
  }
  if (attribute.names.empty()) return ok();
  for (std::string_view name : attribute.names) {
    if (name == value) return ok();
  }
  return refused(fmt::format("value is not in set: {} (of {})", value, attribute.key));
}

}  // namespace

Result<Attributes> parse_attribute_changes(std::string_view text) {
  Attributes out;
  while (!text.empty()) {
    size_t comma = text.find(',');
    std::string_view item = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    size_t equals = item.find('=');
    std::string key(item.substr(0, equals));
    std::string value;
    if (equals != std::string_view::npos) {
      value = item.substr(equals + 1);
      if (value.empty() || key.find('+') == std::string::npos) {
        return refused("add/alter attribute format is wrong: " + key);
      }
    } else if (key.find('-') == std::string::npos) {
      return refused("delete attribute format is wrong: " + key);
    }
    if (!out.emplace(key, value).second) return refused("key duplication: " + key);
  }
  return out;
}

Result<Attributes> alter_attributes(AttributeOwner owner, bool is_new, const Attributes& current,
                                    const Attributes& changes) {
  Attributes out = current;
  std::set<std::string> seen;
  for (const auto& [signed_key, value] : changes) {
    std::string key = signed_key.empty() ? "" : signed_key.substr(1);
    bool adds = signed_key.starts_with('+');
    if (key.empty() || key.find_first_of("+-") != std::string::npos) {
      return refused("kv string format wrong.");
    }
    if (!seen.insert(key).second) return refused("alter duplication key. key: " + key);
    if (is_new && !adds) {
      return refused("only add attribute is supported while creating topic. key: " + key);
    }
    if (!adds && !signed_key.starts_with('-')) return refused("wrong format key: " + key);
    if (!adds && !current.contains(key)) {
      return refused("attempt to delete a nonexistent key: " + key);
    }
    const Attribute* attribute = find_attribute(owner, key);
    if (attribute == nullptr) return refused("unsupported key: " + key);
    if (!is_new && !attribute->is_changeable) {
      return refused("attempt to update an unchangeable attribute. key: " + key);
    }
    if (adds) {
      TRY_OK(check_value(*attribute, value));
      out[key] = value;
    } else {
      out.erase(key);
    }
  }
  return out;
}

}  // namespace agena::broker
