// The stored message record: the only file that knows its layout. The same bytes lie in the commit
// log, travel in pull, pop and query answers, and come back from disk after a crash.
//
// Over:     draft.h, sys_flag.h, properties.h, base/hash.h.
// Under:    storage/ (append, dispatch, recovery), broker/ (re-encoding), client/ (pull answers).
// Threads:  pure functions.  Lifetime: a RecordView points into the bytes it was decoded from.
// Errors:   decode() answers Errc::corrupt and says what did not fit; encode() asserts, because
//           encoded_size() has already refused what cannot be stored.
// Source:   docs/formats/record.md, checked against stores written by RocketMQ 5.5.0.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "message/draft.h"

namespace agena::message {

inline constexpr int32_t kMagicV1 = static_cast<int32_t>(0xDAA320A7);
inline constexpr int32_t kMagicV2 = static_cast<int32_t>(0xDAA320AB);
inline constexpr int32_t kMagicBlank = static_cast<int32_t>(0xCBD43194);

inline constexpr size_t kTopicBytesMaxV1 = 127;
inline constexpr size_t kTopicBytesMax = 32'767;
inline constexpr size_t kPropertiesBytesMax = 32'767;

// Everything but body, topic and properties, with IPv4 hosts.
inline constexpr size_t kRecordOverheadV1 = 91;
inline constexpr size_t kRecordOverheadV2 = 92;
inline constexpr size_t kRecordSizeMin = kRecordOverheadV1 + 1;  // A topic of one byte.
// Closes a log file whose rest is too short for the next record: int32 bytes left, int32 magic.
inline constexpr size_t kBlankSize = 8;
// Bytes that peek() needs to see whatever the hosts are.
inline constexpr size_t kRecordHeadSize = 4 + 4 + 4 + 4 + 4 + 8 + 8 + 4 + 8 + 20 + 8;

enum class Version : uint8_t {
  v1 = 1,
  v2 = 2,  // Two bytes of topic length; readers before RocketMQ 5.0 do not know it.
};
constexpr Version version_for(std::string_view topic) {
  return topic.size() > kTopicBytesMaxV1 ? Version::v2 : Version::v1;
}

// What only the log can say about a message.
struct Placement {
  PhysicalOffset physical_offset;
  QueueOffset queue_offset;  // Stored as 0 for half messages and rollbacks.
  UnixMillis store_time;
  Version version = Version::v1;
};

// Errc::message_illegal when a part does not fit the format: an empty topic or one too long for
// `version`, properties above 32 767 bytes, a record above 2 GiB. The log's own limits
// (maxMessageSize) are its business.
Result<size_t> encoded_size(const Draft& draft, Version version);

// Writes the record over `out`, whose size must be encoded_size(draft, placement.version). Sets
// the host bits of sysFlag from the draft's hosts and computes the body's CRC. `properties` and
// `more_properties` are copied as they came, each with a 0x02 added where it lacks the last one.
void encode(const Draft& draft, const Placement& placement, MutableBytes out);

// The record that closes a file: `bytes_left` from its own start to the end of the file.
void encode_blank(int32_t bytes_left, MutableBytes out);

struct RecordView {
  int32_t size = 0;
  Version version = Version::v1;
  int32_t body_crc = 0;  // CRC-32 of the stored body, top bit cleared.
  QueueId queue_id;
  int32_t flag = 0;
  QueueOffset queue_offset;
  PhysicalOffset physical_offset;
  int32_t sys_flag = 0;
  UnixMillis born;
  Host born_host;
  UnixMillis store_time;
  Host store_host;
  int32_t reconsume_times = 0;
  int64_t prepared_transaction_offset = 0;
  Bytes body;  // As stored: compressed when sys_flag says so.
  std::string_view topic;
  std::string_view properties;
};

enum class Verify : uint8_t {
  none,  // Structure only: for records that were verified when they entered the log or the process.
  crc,   // The body's CRC too.
};

// Decodes the record at the front of `bytes`, which may be longer. Every inner length must add up
// to the total exactly, and the properties must end whole (is_whole() in properties.h). A blank
// record is not a record: ask peek() first when scanning.
Result<RecordView> decode(Bytes bytes, Verify verify);

// The fields at fixed places, for scans and recovery: no lengths are checked beyond the head.
enum class RecordKind : uint8_t { v1, v2, blank };
struct RecordHead {
  int32_t size = 0;  // Of the whole record; of the rest of the file for a blank one.
  RecordKind kind = RecordKind::blank;
  // Unset in a blank record.
  QueueId queue_id;
  QueueOffset queue_offset;
  PhysicalOffset physical_offset;
  int32_t sys_flag = 0;
  UnixMillis born;
  UnixMillis store_time;
};
// Nothing when no record starts here: unknown magic, a size no record has, or fewer bytes than the
// head needs. `bytes` may end before the record does.
std::optional<RecordHead> peek(Bytes bytes);

// The 20 bytes that end a record of a broker with enabledAppendPropCRC. A separate question: where
// brokers do not write this property a client may send it, with any value.
enum class PropertyCrc : uint8_t { absent, matches, differs };
PropertyCrc check_property_crc(Bytes record);

// A decoded record as a draft again, for what a broker stores a second time: retries, delayed and
// committed messages. It views the same bytes.
Draft draft_of(const RecordView& record);

}  // namespace agena::message
