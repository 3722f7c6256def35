// Goal: no input breaks the JSON reader, and whatever it accepts survives being written and read
// again in every style. Method: libFuzzer bytes as the document.
#include "base/assert.h"
#include "base/json.h"
#include "base/json_writer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace agena::json;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto first = parse(text);
  if (!first) return 0;
  for (const Style style : {Style{}, Style{.is_pretty = true}}) {
    const auto second = parse(to_text(*first, style));
    ASSERT(second, "our own output is refused");
    ASSERT(*first == *second, "our own output reads differently");
  }
  // Strict style turns large integers into text; it must still be readable.
  ASSERT(parse(to_text(*first, {.is_strict = true})));
  return 0;
}
