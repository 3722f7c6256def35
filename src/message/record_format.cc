#include "message/record_format.h"

#include <array>
#include <cstring>
#include <limits>
#include <string>

#include "base/hash.h"
#include "message/properties.h"
#include "message/sys_flag.h"

namespace agena::message {
namespace {

// Positions up to the born host are the same in every record.
constexpr size_t kMagicAt = 4;
constexpr size_t kQueueIdAt = 12;
constexpr size_t kQueueOffsetAt = 20;
constexpr size_t kPhysicalOffsetAt = 28;
constexpr size_t kSysFlagAt = 36;
constexpr size_t kBornAt = 40;
constexpr size_t kBornHostAt = 48;
constexpr size_t kPortSize = 4;
constexpr size_t kHostSizeV4 = 4 + kPortSize;
constexpr size_t kHostSizeV6 = 16 + kPortSize;
// Total, magic, CRC, queue id, flag, two offsets, sysFlag, two times, reconsume times, prepared
// offset, and the three lengths (one byte for the topic's).
constexpr size_t kFixedSize = 4 + 4 + 4 + 4 + 4 + 8 + 8 + 4 + 8 + 8 + 4 + 8 + 4 + 1 + 2;

static_assert(kFixedSize + 2 * kHostSizeV4 == kRecordOverheadV1);
static_assert(kRecordOverheadV2 == kRecordOverheadV1 + 1);
static_assert(kBornHostAt + kHostSizeV6 + sizeof(int64_t) == kRecordHeadSize);
static_assert(kRecordHeadSize <= kRecordSizeMin, "peek() must never ask beyond a whole record");

constexpr int32_t kCrcMask = 0x7FFFFFFF;
constexpr std::string_view kCrcName = property::crc32;
constexpr size_t kCrcDigits = 10;
constexpr size_t kCrcTailSize = kCrcName.size() + 1 + kCrcDigits + 1;
static_assert(kCrcTailSize == 20);

size_t host_size(const Host& host) {
  ASSERT(host.ip_length == 4 || host.ip_length == 16);
  return host.ip_length + kPortSize;
}

size_t terminated_size(std::string_view properties) {
  bool lacks_end = !properties.empty() && properties.back() != kValueEnd;
  return properties.size() + (lacks_end ? 1 : 0);
}

// Writes front to back into a range whose size was computed beforehand.
class Writer {
 public:
  explicit Writer(MutableBytes out) : at_(out.data()), end_(out.data() + out.size()) {}

  template <std::integral T>
  void put(T value) {
    store_be<T>(take(sizeof(T)), value);
  }
  void put_bytes(const void* from, size_t size) {
    if (size != 0) std::memcpy(take(size), from, size);
  }
  void put_host(const Host& host) {
    put_bytes(host.ip, host.ip_length);
    put(host.port);
  }
  void put_terminated(std::string_view properties) {
    put_bytes(properties.data(), properties.size());
    if (terminated_size(properties) != properties.size()) put(static_cast<uint8_t>(kValueEnd));
  }
  bool is_full() const { return at_ == end_; }

 private:
  std::byte* take(size_t size) {
    ASSERT(size <= static_cast<size_t>(end_ - at_), "a record must not run over its place");
    std::byte* at = at_;
    at_ += size;
    return at;
  }
  std::byte* at_;
  std::byte* end_;
};

int32_t with_host_bits(const Draft& draft) {
  int32_t flag = draft.sys_flag & ~(sys_flag::born_host_v6 | sys_flag::store_host_v6);
  if (draft.born_host.ip_length == 16) flag |= sys_flag::born_host_v6;
  if (draft.store_host.ip_length == 16) flag |= sys_flag::store_host_v6;
  return flag;
}

Host take_host(ByteReader& reader, bool is_v6) {
  Host host;
  host.ip_length = is_v6 ? 16 : 4;
  Bytes ip = reader.take_bytes(host.ip_length);
  if (!ip.empty()) std::memcpy(host.ip, ip.data(), ip.size());
  host.port = reader.take<int32_t>();
  return host;
}

Error corrupt(std::string text) {
  return {Errc::corrupt, std::move(text)};
}

}  // namespace

Result<size_t> encoded_size(const Draft& draft, Version version) {
  size_t topic_max = version == Version::v1 ? kTopicBytesMaxV1 : kTopicBytesMax;
  if (draft.topic.empty()) return Error{Errc::message_illegal, "the message has no topic"};
  if (draft.topic.size() > topic_max) {
    return Error{Errc::message_illegal, "the topic is longer than its record can say"};
  }
  size_t properties = terminated_size(draft.properties) + terminated_size(draft.more_properties);
  if (properties > kPropertiesBytesMax) {
    return Error{Errc::message_illegal, "properties of " + std::to_string(properties) +
                                            " bytes are too long, at most 32767 are stored"};
  }
  size_t around = kFixedSize + host_size(draft.born_host) + host_size(draft.store_host) +
                  (version == Version::v2 ? 1 : 0) + draft.topic.size() + properties;
  constexpr size_t kSizeMax = std::numeric_limits<int32_t>::max();
  if (draft.body.size() > kSizeMax - around) {
    return Error{Errc::message_illegal, "the message is larger than 2 GiB"};
  }
  return around + draft.body.size();
}

void encode(const Draft& draft, const Placement& placement, MutableBytes out) {
  ASSERT(out.size() >= kRecordSizeMin && placement.physical_offset.value >= 0);
  int32_t flag = with_host_bits(draft);
  bool takes_slot = sys_flag::takes_queue_slot(flag);
  Writer writer(out);
  writer.put(static_cast<int32_t>(out.size()));
  writer.put(placement.version == Version::v1 ? kMagicV1 : kMagicV2);
  writer.put(static_cast<int32_t>(crc32(draft.body)) & kCrcMask);
  writer.put(draft.queue_id.value);
  writer.put(draft.flag);
  writer.put(takes_slot ? placement.queue_offset.value : int64_t{0});
  writer.put(placement.physical_offset.value);
  writer.put(flag);
  writer.put(draft.born.value);
  writer.put_host(draft.born_host);
  writer.put(placement.store_time.value);
  writer.put_host(draft.store_host);
  writer.put(draft.reconsume_times);
  writer.put(draft.prepared_transaction_offset);
  writer.put(static_cast<int32_t>(draft.body.size()));
  writer.put_bytes(draft.body.data(), draft.body.size());
  if (placement.version == Version::v1) {
    writer.put(static_cast<int8_t>(draft.topic.size()));
  } else {
    writer.put(static_cast<int16_t>(draft.topic.size()));
  }
  writer.put_bytes(draft.topic.data(), draft.topic.size());
  writer.put(static_cast<int16_t>(terminated_size(draft.properties) +
                                  terminated_size(draft.more_properties)));
  writer.put_terminated(draft.properties);
  writer.put_terminated(draft.more_properties);
  ASSERT(writer.is_full(), "encoded_size() and encode() must agree");
}

void encode_blank(int32_t bytes_left, MutableBytes out) {
  ASSERT(out.size() == kBlankSize && bytes_left >= static_cast<int32_t>(kBlankSize));
  store_be<int32_t>(out.data(), bytes_left);
  store_be<int32_t>(out.data() + kMagicAt, kMagicBlank);
}

Result<RecordView> decode(Bytes bytes, Verify verify) {
  if (bytes.size() < kRecordSizeMin) return corrupt("fewer bytes than any record has");
  RecordView view;
  view.size = load_be<int32_t>(bytes.data());
  int32_t magic = load_be<int32_t>(bytes.data() + kMagicAt);
  if (magic != kMagicV1 && magic != kMagicV2) return corrupt("no record starts here");
  if (view.size < static_cast<int32_t>(kRecordSizeMin)) return corrupt("impossible record size");
  if (static_cast<size_t>(view.size) > bytes.size()) return corrupt("the record is cut off");
  view.version = magic == kMagicV1 ? Version::v1 : Version::v2;

  ByteReader reader(bytes.first(static_cast<size_t>(view.size)).subspan(kMagicAt + 4));
  view.body_crc = reader.take<int32_t>();
  view.queue_id = QueueId(reader.take<int32_t>());
  view.flag = reader.take<int32_t>();
  view.queue_offset = QueueOffset(reader.take<int64_t>());
  view.physical_offset = PhysicalOffset(reader.take<int64_t>());
  view.sys_flag = reader.take<int32_t>();
  view.born = UnixMillis(reader.take<int64_t>());
  view.born_host = take_host(reader, sys_flag::has(view.sys_flag, sys_flag::born_host_v6));
  view.store_time = UnixMillis(reader.take<int64_t>());
  view.store_host = take_host(reader, sys_flag::has(view.sys_flag, sys_flag::store_host_v6));
  view.reconsume_times = reader.take<int32_t>();
  view.prepared_transaction_offset = reader.take<int64_t>();
  view.body = reader.take_counted(reader.take<int32_t>());
  // Signed, as the writers have it: a longer topic was never written.
  view.topic = reader.take_text(view.version == Version::v1 ? int64_t{reader.take<int8_t>()}
                                                            : int64_t{reader.take<int16_t>()});
  view.properties = reader.take_text(reader.take<int16_t>());

  if (!reader.ok()) return corrupt("an inner length points beyond the record");
  if (reader.left() != 0) return corrupt("inner lengths add up to less than the record");
  if (view.topic.empty()) return corrupt("the record has no topic");
  if (!is_whole(view.properties)) return corrupt("the properties are cut off");
  if (verify == Verify::crc && !view.body.empty() &&
      (static_cast<int32_t>(crc32(view.body)) & kCrcMask) != view.body_crc) {
    return corrupt("the body's CRC does not match");
  }
  return view;
}

std::optional<RecordHead> peek(Bytes bytes) {
  if (bytes.size() < kBlankSize) return {};
  RecordHead head;
  head.size = load_be<int32_t>(bytes.data());
  int32_t magic = load_be<int32_t>(bytes.data() + kMagicAt);
  if (magic == kMagicBlank) {
    if (head.size < static_cast<int32_t>(kBlankSize)) return {};
    return head;
  }
  if (magic != kMagicV1 && magic != kMagicV2) return {};
  if (head.size < static_cast<int32_t>(kRecordSizeMin) || bytes.size() < kRecordHeadSize) return {};
  const std::byte* at = bytes.data();
  head.kind = magic == kMagicV1 ? RecordKind::v1 : RecordKind::v2;
  head.queue_id = QueueId(load_be<int32_t>(at + kQueueIdAt));
  head.queue_offset = QueueOffset(load_be<int64_t>(at + kQueueOffsetAt));
  head.physical_offset = PhysicalOffset(load_be<int64_t>(at + kPhysicalOffsetAt));
  head.sys_flag = load_be<int32_t>(at + kSysFlagAt);
  head.born = UnixMillis(load_be<int64_t>(at + kBornAt));
  bool is_v6 = sys_flag::has(head.sys_flag, sys_flag::born_host_v6);
  at += kBornHostAt + (is_v6 ? kHostSizeV6 : kHostSizeV4);
  head.store_time = UnixMillis(load_be<int64_t>(at));
  return head;
}

PropertyCrc check_property_crc(Bytes record) {
  if (record.size() < kRecordSizeMin + kCrcTailSize) return PropertyCrc::absent;
  std::string_view tail = as_text(record.last(kCrcTailSize));
  if (!tail.starts_with(kCrcName) || tail[kCrcName.size()] != kNameEnd ||
      tail.back() != kValueEnd) {
    return PropertyCrc::absent;
  }
  std::string_view digits = tail.substr(kCrcName.size() + 1, kCrcDigits);
  int64_t stored = 0;
  for (size_t i = kCrcDigits; i-- > 0;) {  // The lowest digit comes first.
    if (digits[i] < '0' || digits[i] > '9') return PropertyCrc::differs;
    stored = stored * 10 + (digits[i] - '0');
  }
  Bytes covered = record.first(record.size() - kCrcTailSize);
  bool matches = stored == (static_cast<int32_t>(crc32(covered)) & kCrcMask);
  return matches ? PropertyCrc::matches : PropertyCrc::differs;
}

Draft draft_of(const RecordView& record) {
  return {.topic = record.topic,
          .queue_id = record.queue_id,
          .flag = record.flag,
          .sys_flag = record.sys_flag,
          .born = record.born,
          .born_host = record.born_host,
          .store_host = record.store_host,
          .reconsume_times = record.reconsume_times,
          .prepared_transaction_offset = record.prepared_transaction_offset,
          .body = record.body,
          .properties = record.properties,
          .more_properties = {}};
}

}  // namespace agena::message
