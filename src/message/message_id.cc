#include "message/message_id.h"

#include <chrono>
#include <cstring>
#include <optional>

#include "base/bytes.h"
#include "base/utf8.h"

namespace agena::message {
namespace {

constexpr size_t kIdSizeV4 = 16;
constexpr size_t kIdSizeV6 = 28;
static_assert(kIdSizeV4 == 4 + 4 + 8 && kIdSizeV4 == 4 + 2 + 4 + 4 + 2);
static_assert(kIdSizeV6 == kIdSizeV4 + 12);

struct RawId {
  std::byte bytes[kIdSizeV6];
  size_t size = 0;
};

void append_hex(std::string& out, Bytes bytes) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  for (std::byte b : bytes) {
    out.push_back(kDigits[std::to_integer<int>(b) >> 4]);
    out.push_back(kDigits[std::to_integer<int>(b) & 15]);
  }
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::optional<RawId> parse_hex(std::string_view text) {
  if (text.size() != 2 * kIdSizeV4 && text.size() != 2 * kIdSizeV6) return {};
  RawId raw;
  raw.size = text.size() / 2;
  for (size_t i = 0; i < raw.size; ++i) {
    int high = hex_value(text[2 * i]);
    int low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return {};
    raw.bytes[i] = static_cast<std::byte>(high << 4 | low);
  }
  return raw;
}

Error no_id(std::string_view text) {
  return {Errc::bad_field, "not a message id: '" + std::string(utf8_front(text, 64)) + "'"};
}

Host take_ip(ByteReader& reader, size_t id_size) {
  Host host;
  host.ip_length = id_size == kIdSizeV6 ? 16 : 4;
  Bytes ip = reader.take_bytes(host.ip_length);
  std::memcpy(host.ip, ip.data(), ip.size());
  return host;
}

// The start of the month before the one that starts at `start`.
UnixMillis previous_month(UnixMillis start, int32_t zone_offset_minutes) {
  return month_start(start - 1, zone_offset_minutes);
}

}  // namespace

void append_offset_id(std::string& out, const OffsetId& id) {
  ASSERT(id.host.ip_length == 4 || id.host.ip_length == 16);
  std::byte place[12];
  store_be<int32_t>(place, id.host.port);
  store_be<int64_t>(place + 4, id.offset.value);
  append_hex(out, std::as_bytes(std::span(id.host.ip, id.host.ip_length)));
  append_hex(out, place);
}

std::string offset_id_text(const OffsetId& id) {
  std::string out;
  out.reserve(2 * kIdSizeV6);
  append_offset_id(out, id);
  return out;
}

Result<OffsetId> parse_offset_id(std::string_view text) {
  std::optional<RawId> raw = parse_hex(text);
  if (!raw) return no_id(text);
  ByteReader reader(Bytes(raw->bytes, raw->size));
  OffsetId id;
  id.host = take_ip(reader, raw->size);
  id.host.port = reader.take<int32_t>();
  id.offset = PhysicalOffset(reader.take<int64_t>());
  ASSERT(reader.ok() && reader.left() == 0);
  if (id.host.port < 0 || id.host.port > 65'535 || id.offset.value < 0) return no_id(text);
  return id;
}

std::string unique_key_text(const UniqueKey& key) {
  ASSERT(key.host.ip_length == 4 || key.host.ip_length == 16);
  std::byte rest[12];
  store_be<uint16_t>(rest, key.pid);
  store_be<uint32_t>(rest + 2, key.loader_hash);
  store_be<uint32_t>(rest + 6, key.month_ms);
  store_be<uint16_t>(rest + 10, key.counter);
  std::string out;
  out.reserve(2 * kIdSizeV6);
  append_hex(out, std::as_bytes(std::span(key.host.ip, key.host.ip_length)));
  append_hex(out, rest);
  return out;
}

Result<UniqueKey> parse_unique_key(std::string_view text) {
  std::optional<RawId> raw = parse_hex(text);
  if (!raw) return no_id(text);
  ByteReader reader(Bytes(raw->bytes, raw->size));
  UniqueKey key;
  key.host = take_ip(reader, raw->size);
  key.pid = reader.take<uint16_t>();
  key.loader_hash = reader.take<uint32_t>();
  key.month_ms = reader.take<uint32_t>();
  key.counter = reader.take<uint16_t>();
  ASSERT(reader.ok() && reader.left() == 0);
  return key;
}

UnixMillis month_start(UnixMillis now, int32_t zone_offset_minutes) {
  using namespace std::chrono;
  const milliseconds zone = minutes(zone_offset_minutes);
  const sys_time<milliseconds> local(milliseconds(now.value) + zone);
  const year_month_day today(floor<days>(local));
  const sys_days first(today.year() / today.month() / 1);
  return UnixMillis(duration_cast<milliseconds>(first.time_since_epoch()).count() - zone.count());
}

UnixMillis unique_key_time(const UniqueKey& key, UnixMillis now, int32_t zone_offset_minutes) {
  UnixMillis start = month_start(now, zone_offset_minutes);
  if (start + key.month_ms >= now) start = previous_month(start, zone_offset_minutes);
  return start + key.month_ms;
}

}  // namespace agena::message
