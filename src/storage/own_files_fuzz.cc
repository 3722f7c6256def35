// Any bytes as one of the small files of our own: what is taken comes back from its encoding.
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "base/hash.h"
#include "storage/deleted_topics.h"
#include "storage/key_index.h"
#include "storage/queue_snapshot.h"

using namespace agena;
using namespace agena::storage;

namespace {

void try_all(Bytes bytes) {
  if (auto mark = decode_index_mark(bytes)) {
    const std::string again = encode_index_mark(*mark);
    ASSERT(as_text(bytes).starts_with(again));
  }
  if (auto deleted = decode_deleted_topics(bytes)) {
    const auto again = decode_deleted_topics(as_bytes(encode_deleted_topics(*deleted)));
    ASSERT(again && *again == *deleted);
  }
  if (auto snapshot = decode_queue_snapshot(bytes)) {
    bool is_writable = true;
    for (const QueueClaim& claim : snapshot->queues) is_writable &= claim.topic.size() <= 255;
    ASSERT(!is_writable || encode_queue_snapshot(*snapshot) == as_text(bytes));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  try_all(bytes);
  // The same with a CRC that is right, as no fuzzer guesses one.
  std::string sealed(as_text(bytes));
  append_be<uint32_t>(sealed, crc32(bytes));
  try_all(as_bytes(sealed));
  return 0;
}
