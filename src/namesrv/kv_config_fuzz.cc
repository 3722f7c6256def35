// Any text as one of the name server's files: kvConfig.json and namesrv.conf. Never a crash; what a
// file held is still there after a change was saved, and settings that were taken are taken again
// as they are printed. The first byte chooses; of settings, a second one names a key.
#include "namesrv/kv_config.h"

#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/testing/settings_fuzz.h"
#include "io/testing/memory_files.h"
#include "namesrv/options.h"

using namespace agena;
using namespace agena::namesrv;

namespace {

void try_table(std::string_view text) {
  io::MemoryFiles files;
  ASSERT(io::replace_text(files, "kvConfig.json", text));
  KvConfig first(files, "kvConfig.json");
  if (const Status loaded = first.load(); !loaded) {
    ASSERT(!loaded.error().text.empty());
    return;
  }
  const auto before = first.list(kOrderNamespace);
  ASSERT(first.put("fuzz", "key", "value"));
  KvConfig second(files, "kvConfig.json");
  ASSERT(second.load());
  ASSERT(second.list(kOrderNamespace) == before && second.list("fuzz") == first.list("fuzz"));
  ASSERT(second.get("fuzz", "key") == "value");
}

void try_settings(std::string_view text) {
  testing::try_settings(text, option_table(),
                        [](std::string_view each) { return load_options(each, {}); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 3) {
    case 0:
      try_table(text);
      break;
    case 1:
      try_settings(text);
      break;
    default:
      try_settings(testing::with_key(text, option_table()));
      break;
  }
  return 0;
}
