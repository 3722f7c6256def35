// Goal: any text can be read, changed and read again, and all ways of reading agree.
#include <map>
#include <string>

#include "base/assert.h"
#include "message/properties.h"

using namespace agena::message;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::map<std::string, std::string> all;
  for (auto [name, value] : each_property(text)) {
    ASSERT(is_valid(name, value), "what is read could have been written");
    all[std::string(name)] = value;
  }
  for (const auto& [name, value] : all) ASSERT(find_property(text, name) == value);
  const KnownProperties known = scan_known(text);
  ASSERT(known.tags == find_property(text, property::tags).value_or(""));
  ASSERT(known.uniq_key == find_property(text, property::uniq_key).value_or(""));
  (void)is_whole(text);

  std::string changed(text);
  set_property(changed, "KEYS", "k");
  ASSERT(is_whole(changed) && find_property(changed, "KEYS") == "k");
  for (const auto& [name, value] : all) {
    if (name != "KEYS") ASSERT(find_property(changed, name) == value);
  }
  remove_property(changed, "KEYS");
  ASSERT(!find_property(changed, "KEYS"));
  return 0;
}
