// A log file with any content: recovery must end, and what it serves must be records.
#include "storage/log_scan.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/log.h"
#include "io/testing/manual_clock.h"
#include "io/testing/memory_loop.h"
#include "storage/store.h"
#include "storage/testing/memory_disk.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace agena;
  using namespace agena::storage;
  constexpr size_t kFileBytes = 4'096;
  set_log_level(LogLevel::error);
  storage::testing::MemoryDisk disk;
  std::vector<std::byte> file(kFileBytes);
  const size_t used = std::min(size, kFileBytes);
  std::memcpy(file.data(), data, used);
  disk.set_content("s/commitlog/00000000000000000000", file);
  io::ManualClock clock;
  io::testing::MemoryLoop loop;
  StoreOptions options;
  options.root_dir = "s";
  options.log_file_bytes = kFileBytes;
  options.queue_file_bytes = 200;
  options.index_enable = false;
  auto store = Store::open({.files = disk,
                            .clock = clock,
                            .background = loop,
                            .arrivals = nullptr,
                            .first_unconsumed = {},
                            .on_fatal = {}},
                           options);
  if (!store) return 0;
  Buffer out;
  for (const std::string& topic : (*store)->topics())
    for (const QueueRange& range : (*store)->queues(topic))
      (*store)->read(topic, range.queue_id, range.min, {32, 1 << 20}, {}, out);
  for (Bytes rest = out.view(); !rest.empty();) {
    auto record = message::decode(rest, message::Verify::crc);
    if (!record) std::abort();
    rest = rest.subspan(static_cast<size_t>(record->size));
  }
  return 0;
}
