// Any bytes as a file of a consume queue: it opens or is refused, and every entry that is served
// was written there.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "storage/queue_entry.h"
#include "storage/queue_files.h"
#include "storage/testing/memory_disk.h"

using namespace agena;
using namespace agena::storage;

namespace {
constexpr int64_t kFileBytes = 20 * 20;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  for (size_t i = 0; i + kQueueEntrySize <= size; i += kQueueEntrySize) {
    const QueueEntry entry = load_entry(bytes.data() + i);
    std::byte again[kQueueEntrySize];
    store_entry(again, entry);
    ASSERT(std::equal(std::begin(again), std::end(again), bytes.data() + i));
    ASSERT(!entry.is_blank() || entry != QueueEntry{});
  }
  std::vector<std::byte> content(kFileBytes);
  std::copy_n(bytes.begin(), std::min(bytes.size(), content.size()), content.begin());
  storage::testing::MemoryDisk files;
  files.set_content("q/T/0/00000000000000000000", content);
  QueueFiles queues(files, "q", kFileBytes, 4);
  auto found = queues.load();
  if (!found) return 0;
  for (const QueueFiles::Found& queue : *found) {
    ASSERT(queue.floor.value >= 0 && queue.floor <= queue.max && queue.max.value <= 20);
    ConsumeQueue reader(queue.topic, queue.id);
    std::vector<QueueEntry> entries(static_cast<size_t>(queue.max - queue.floor));
    const auto count = queues.read(reader, queue.floor, entries);
    ASSERT(count && *count == entries.size());
    for (size_t i = 0; i < *count; ++i) {
      ASSERT(entries[i] == load_entry(content.data() + i * kQueueEntrySize));
    }
  }
  return 0;
}
