// Any text as one of the broker's files: topics.json, subscriptionGroup.json, consumerOffset.json
// and broker.conf. Never a crash; a table that took a file writes one that it takes again with the
// same content, and settings that were taken are taken again as they are printed. The first byte
// chooses; of settings, a second one names a key, as none is guessed.
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/json_fields.h"
#include "base/testing/settings_fuzz.h"
#include "broker/group_table.h"
#include "broker/offset_table.h"
#include "broker/options.h"
#include "broker/topic_table.h"
#include "io/testing/manual_clock.h"
#include "io/testing/manual_loop.h"
#include "io/testing/memory_files.h"

using namespace agena;
using namespace agena::broker;

namespace {

struct World {
  io::ManualClock clock;
  io::MemoryFiles files;
  io::ManualLoop loop{clock};
  Options options;
};

TopicTable make_table(World& world, const TopicTable*) {
  return TopicTable({world.clock, world.options, {world.files, world.loop}, "config"});
}
GroupTable make_table(World& world, const GroupTable*) {
  return GroupTable({world.clock, world.options, {world.files, world.loop}, "config"});
}
OffsetTable make_table(World& world, const OffsetTable*) {
  return OffsetTable({world.clock, {world.files, world.loop}, "config", world.options});
}

template <typename Table>
void try_table(const std::string& path, std::string_view text) {
  World world;
  ASSERT(world.files.make_dirs("config"));
  ASSERT(io::replace_text(world.files, path, text));
  Table first = make_table(world, static_cast<Table*>(nullptr));
  if (const Status loaded = first.load(); !loaded) {
    ASSERT(loaded.error().code == Errc::corrupt && !loaded.error().text.empty());
    return;
  }
  ASSERT(first.file().save_now());
  Table second = make_table(world, static_cast<Table*>(nullptr));
  ASSERT(second.load());
  ASSERT(json::to_json(first.snapshot()) == json::to_json(second.snapshot()));
}

void try_settings(std::string_view text) {
  testing::try_settings(text, option_table(),
                        [](std::string_view each) { return load_options(each, {}); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 5) {
    case 0:
      try_table<TopicTable>("config/topics.json", text);
      break;
    case 1:
      try_table<GroupTable>("config/subscriptionGroup.json", text);
      break;
    case 2:
      try_table<OffsetTable>("config/consumerOffset.json", text);
      break;
    case 3:
      try_settings(text);
      break;
    default:
      try_settings(testing::with_key(text, option_table()));
      break;
  }
  return 0;
}
