// Any bytes are a registration or an error, in both forms and for old and new brokers; what could
// be read is written and read again to the same topics.
#include "base/assert.h"
#include "message/compression.h"
#include "wire/bodies/registration.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace agena;
  if (size == 0) return 0;
  const bool compressed = (data[0] & 1) != 0;
  const int32_t version = (data[0] & 2) != 0 ? 513 : (data[0] & 4) != 0 ? 399 : 36;
  const Bytes input(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  Buffer packed;  // Few mutations of a zlib stream unpack; most of plain parts do.
  if ((data[0] & 8) != 0) {
    ASSERT(message::deflate(message::Compression::zlib, input, 1, packed));
  } else {
    packed.append(input);
  }
  const auto read = wire::decode_registration(packed.view(), compressed, version);
  if (!read) return 0;
  Buffer again;
  ASSERT(wire::encode_registration(*read, false, again));
  const auto second = wire::decode_registration(again.view(), false, 513);
  ASSERT(second && second->topics.topics.size() == read->topics.topics.size());
  return 0;
}
