// Goal: no text makes the reader fail otherwise than by an error, and what it read can be written
// so that it reads the same.
#include <cstddef>
#include <cstdint>

#include "base/java_properties.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace agena;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Result<Properties> properties = parse_properties(text);
  if (!properties) return 0;

  KeyValues values;
  size_t end = 0;
  for (const Property& property : *properties) {
    ASSERT(property.begin >= end && property.end > property.begin && property.end <= size);
    end = property.end;
    values = {{property.key, property.value}};
  }
  Result<std::string> replaced = replace_properties(text, values);
  ASSERT(replaced);
  Result<Properties> again = parse_properties(*replaced);
  ASSERT(again && again->size() == properties->size());
  for (const Property& property : *again) {
    bool is_replaced = !values.empty() && property.key == values.front().first;
    ASSERT(!is_replaced || property.value == values.front().second);
  }
  return 0;
}
