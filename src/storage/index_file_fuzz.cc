// Any bytes as an index file: searches end, and what repair() keeps is in order and is found.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/assert.h"
#include "storage/index_file.h"
#include "storage/testing/memory_disk.h"

using namespace agena;
using namespace agena::storage;

namespace {

constexpr IndexLayout kLayout{.slots = 5, .entries = 40};
constexpr int64_t kNumber = 20240102030405006;

void check(const IndexFile& file) {
  const IndexHeader& header = file.header();
  int32_t reached = 0;
  for (int32_t hash = 0; hash < kLayout.slots; ++hash) {
    PhysicalOffset last(INT64_MAX);
    Status done = file.find({hash, header.begin_time, UnixMillis(INT64_MIN)}, [&](auto& hit) {
      ASSERT(hit.at <= last, "newest first");
      last = hit.at;
      ++reached;
      return true;
    });
    ASSERT(done);
  }
  ASSERT(reached < header.count);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const PhysicalOffset log_end(data[0] * 1'000);
  std::vector<std::byte> content(kLayout.file_bytes());
  std::memcpy(content.data(), data + 1, std::min(size - 1, content.size()));
  storage::testing::MemoryDisk files;
  files.set_content(index_path("index", kNumber), content);
  auto file = IndexFile::open(files, "index", kNumber, kLayout);
  ASSERT(file);
  for (int32_t hash : {0, 1, 77}) {
    int visits = 0;
    ASSERT((*file)->find({hash, (*file)->header().begin_time, UnixMillis(0)}, [&](auto&) {
      ASSERT(++visits < kLayout.entries, "a chain only goes back");
      return true;
    }));
  }
  ASSERT((*file)->repair(log_end, PhysicalOffset(size)));
  const IndexHeader kept = (*file)->header();
  ASSERT(kept.count >= 1 && kept.count <= kLayout.entries);
  ASSERT(kept.empty() || (kept.begin_at <= kept.end_at && kept.end_at < log_end));
  check(**file);
  // A second repair takes at most one more message, and what it leaves can go on.
  ASSERT((*file)->repair(log_end, kept.end_at));
  ASSERT((*file)->header() == kept);
  if ((*file)->full()) return 0;
  ASSERT((*file)->put(1, std::max(log_end, kept.end_at), UnixMillis(1)));
  check(**file);
  return 0;
}
