// Any bytes as a checkpoint: a whole one comes back from its own encoding, others are zero.
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "storage/checkpoint.h"

using namespace agena;
using namespace agena::storage;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto [found, state] = decode_checkpoint({reinterpret_cast<const std::byte*>(data), size});
  if (state != CheckpointFile::State::whole) {
    ASSERT(found == Checkpoint{});
    return 0;
  }
  std::array<std::byte, kCheckpointSize> page{};
  encode_checkpoint(found, page);
  ASSERT(decode_checkpoint(page).checkpoint == found);
  ASSERT(std::equal(page.begin(), page.begin() + kCheckpointUsedSize,
                    reinterpret_cast<const std::byte*>(data)));
  return 0;
}
