#include "storage/queue_snapshot.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/log.h"

namespace agena::storage {
namespace {

constexpr uint32_t kMagic = 0x41475153;  // "AGQS"
constexpr uint32_t kVersion = 2;
constexpr size_t kEntryOverhead = 2 + 4 + 8 + 8;

}  // namespace

std::string encode_queue_snapshot(const QueueSnapshot& snapshot) {
  std::string out;
  append_be<uint32_t>(out, kMagic);
  append_be<uint32_t>(out, kVersion);
  append_be<int64_t>(out, snapshot.file_bytes);
  append_be<uint32_t>(out, static_cast<uint32_t>(snapshot.queues.size()));
  for (const QueueClaim& claim : snapshot.queues) {
    ASSERT(claim.topic.size() <= 255 && claim.floor.value >= 0 && claim.floor <= claim.max);
    append_be<uint16_t>(out, static_cast<uint16_t>(claim.topic.size()));
    out += claim.topic;
    append_be<int32_t>(out, claim.id.value);
    append_be<int64_t>(out, claim.floor.value);
    append_be<int64_t>(out, claim.max.value);
  }
  append_be<uint32_t>(out, crc32(as_bytes(out)));
  return out;
}

std::optional<QueueSnapshot> decode_queue_snapshot(Bytes bytes) {
  if (bytes.size() < 24) return std::nullopt;
  const Bytes body = bytes.first(bytes.size() - 4);
  if (load_be<uint32_t>(body.data() + body.size()) != crc32(body)) return std::nullopt;
  ByteReader in(body);
  if (in.take<uint32_t>() != kMagic || in.take<uint32_t>() != kVersion) return std::nullopt;
  QueueSnapshot snapshot;
  snapshot.file_bytes = in.take<int64_t>();
  const auto count = in.take<uint32_t>();
  if (count > in.left() / kEntryOverhead) return std::nullopt;
  snapshot.queues.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    QueueClaim claim;
    claim.topic = in.take_text(in.take<uint16_t>());
    claim.id = QueueId(in.take<int32_t>());
    claim.floor = QueueOffset(in.take<int64_t>());
    claim.max = QueueOffset(in.take<int64_t>());
    const bool is_good =
        in.ok() && claim.id.value >= 0 && claim.floor.value >= 0 && claim.floor <= claim.max;
    if (!is_good) return std::nullopt;
    snapshot.queues.push_back(std::move(claim));
  }
  if (in.left() != 0) return std::nullopt;
  return snapshot;
}

std::optional<QueueSnapshot> read_queue_snapshot(io::Files& files, const std::string& dir) {
  auto text = io::read_text(files, dir + "/queues");
  if (!text) return std::nullopt;
  auto snapshot = decode_queue_snapshot(as_bytes(*text));
  if (!snapshot) AGENA_LOG(warn, "storage", "{}/queues is damaged and not used", dir);
  return snapshot;
}

Status write_queue_snapshot(io::Files& files, const std::string& dir,
                            const QueueSnapshot& snapshot) {
  return io::replace_text(files, dir + "/queues", encode_queue_snapshot(snapshot));
}

}  // namespace agena::storage
