#include "storage/deleted_topics.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/log.h"

namespace agena::storage {
namespace {

constexpr uint32_t kMagic = 0x41474454;  // "AGDT"
constexpr uint32_t kVersion = 1;
constexpr size_t kEntryOverhead = 2 + 8;
constexpr size_t kTopicBytesMax = 255;

std::string path_in(const std::string& dir) {
  return dir + "/deleted";
}

}  // namespace

std::string encode_deleted_topics(const DeletedTopics& topics) {
  std::string out;
  append_be<uint32_t>(out, kMagic);
  append_be<uint32_t>(out, kVersion);
  append_be<uint32_t>(out, static_cast<uint32_t>(topics.size()));
  for (const auto& [topic, before] : topics) {
    ASSERT(topic.size() <= kTopicBytesMax && before.value >= 0);
    append_be<uint16_t>(out, static_cast<uint16_t>(topic.size()));
    out += topic;
    append_be<int64_t>(out, before.value);
  }
  append_be<uint32_t>(out, crc32(as_bytes(out)));
  return out;
}

std::optional<DeletedTopics> decode_deleted_topics(Bytes bytes) {
  if (bytes.size() < 16) return std::nullopt;
  const Bytes body = bytes.first(bytes.size() - 4);
  if (load_be<uint32_t>(body.data() + body.size()) != crc32(body)) return std::nullopt;
  ByteReader in(body);
  if (in.take<uint32_t>() != kMagic || in.take<uint32_t>() != kVersion) return std::nullopt;
  const auto count = in.take<uint32_t>();
  if (count > in.left() / kEntryOverhead) return std::nullopt;
  DeletedTopics topics;
  for (uint32_t i = 0; i < count; ++i) {
    std::string topic(in.take_text(in.take<uint16_t>()));
    const PhysicalOffset before(in.take<int64_t>());
    if (!in.ok() || topic.size() > kTopicBytesMax || before.value < 0) return std::nullopt;
    topics[std::move(topic)] = before;
  }
  if (in.left() != 0) return std::nullopt;
  return topics;
}

DeletedTopics read_deleted_topics(io::Files& files, const std::string& dir) {
  if (!files.exists(path_in(dir))) return {};
  auto text = io::read_text(files, path_in(dir));
  auto topics = text ? decode_deleted_topics(as_bytes(*text)) : std::nullopt;
  if (topics) return *std::move(topics);
  AGENA_LOG(warn, "storage", "{} is damaged and not used: deleted topics may come back",
            path_in(dir));
  return {};
}

Status write_deleted_topics(io::Files& files, const std::string& dir, const DeletedTopics& topics) {
  return io::replace_text(files, path_in(dir), encode_deleted_topics(topics));
}

}  // namespace agena::storage
