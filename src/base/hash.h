// The hashes that RocketMQ's formats fix: CRC-32 as java.util.zip.CRC32 computes it, and Java's
// String.hashCode, which consume queues (tags) and index files (keys) store.
//
// Over: ISA-L (carry-less multiplication).  Under: message/, wire/, storage/.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace agena {

uint32_t crc32(Bytes bytes, uint32_t seed = 0) noexcept;

// `utf8` is decoded to UTF-16 first, as a Java string would hold it; ill-formed sequences count as
// U+FFFD each, as Java's decoder has it.
int32_t java_string_hash(std::string_view utf8) noexcept;

}  // namespace agena
