// The two ids of a message, both upper-case hex of 16 bytes (28 with IPv6).
//   offset id: store ip, port (4), physical offset (8): says where the record lies.
//   unique key: client ip, pid (2), loader hash (4), ms since start of month (4), counter (2): made
//   by the producer, kept over retries, the key of property UNIQ_KEY.
//
// Over:    draft.h (Host).  Under: broker/ (answers, view by id), storage/ (key queries), client/.
// Threads: pure functions.
// Errors:  Errc::bad_field for text that is no id.
// Source:  docs/formats/message_id.md.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "message/draft.h"

namespace agena::message {

struct OffsetId {
  Host host;
  PhysicalOffset offset;
};
std::string offset_id_text(const OffsetId& id);
void append_offset_id(std::string& out, const OffsetId& id);
Result<OffsetId> parse_offset_id(std::string_view text);

struct UniqueKey {
  Host host;  // The port is not part of the key.
  uint16_t pid = 0;
  uint32_t loader_hash = 0;  // Whatever keeps two clients of one process apart.
  uint32_t month_ms = 0;     // Since the start of the month in the client's time zone.
  uint16_t counter = 0;
};
std::string unique_key_text(const UniqueKey& key);
Result<UniqueKey> parse_unique_key(std::string_view text);

// Start of the month that `now` lies in, for a zone that many minutes east of Greenwich. Clients
// that search by unique key count months in their local zone, so producers do as well.
UnixMillis month_start(UnixMillis now, int32_t zone_offset_minutes);

// When the key was made, if less than a month ago: in this month, or in the last one when that
// would lie in the future.
UnixMillis unique_key_time(const UniqueKey& key, UnixMillis now, int32_t zone_offset_minutes);

}  // namespace agena::message
