#include "wire/bodies/registration.h"

#include <array>
#include <charconv>

#include "base/hash.h"
#include "message/compression.h"

namespace agena::wire {
namespace {

constexpr int32_t kVersion3_0_11 = 37;
constexpr int32_t kVersion5_0_0 = 413;
constexpr int kBestCompression = 9;
constexpr std::byte kZlibStart{0x78};  // No JSON document starts with an `x`.

void append_counted(Buffer& out, std::string_view text) {
  out.append_be(static_cast<int32_t>(text.size()));
  out.append(text);
}

Error cut_short() {
  return {Errc::corrupt, "registration body: it ends inside a value"};
}

Result<int32_t> take_count(ByteReader& in) {
  const auto count = in.take<int32_t>();
  if (!in.ok()) return cut_short();
  if (count < 0) return Error{Errc::corrupt, "registration body: a negative count"};
  return count;
}

Result<std::string_view> take_counted_text(ByteReader& in) {
  const auto length = in.take<int32_t>();
  const std::string_view text = in.take_text(length);
  if (!in.ok()) return cut_short();
  return text;
}

Result<Registration> decode_unpacked(Bytes body, int32_t peer_version) {
  ByteReader in(body);
  Registration into;
  TRY(version_text, take_counted_text(in));
  TRY(version, json::parse_json<DataVersion>(version_text));
  into.topics.data_version = version;

  TRY(topic_count, take_count(in));
  for (int32_t i = 0; i < topic_count; ++i) {
    TRY(line, take_counted_text(in));
    TRY(topic, parse_topic_line(line));
    std::string name = topic.name;
    into.topics.topics.insert_or_assign(std::move(name), std::move(topic));
  }

  TRY(filter_text, take_counted_text(in));
  TRY(filters, json::parse_json<std::vector<std::string>>(filter_text));
  into.filter_servers = std::move(filters);
  if (peer_version < kVersion5_0_0) return into;

  TRY(mapping_count, take_count(in));
  for (int32_t i = 0; i < mapping_count; ++i) {
    TRY(text, take_counted_text(in));
    TRY(mapping, json::parse_json<QueueMapping>(text));
    std::string topic = mapping.topic;
    into.topics.mappings.insert_or_assign(std::move(topic), std::move(mapping));
  }
  return into;
}

Result<Registration> decode_plain(Bytes body, int32_t peer_version) {
  Registration into;
  if (peer_version < kVersion3_0_11) {
    TRY(topics, json::parse_json<RegisteredTopics>(as_text(body)));
    into.topics = std::move(topics);
  } else {
    TRY(whole, json::parse_json<Registration>(as_text(body)));
    into = std::move(whole);
  }
  for (auto& [name, topic] : into.topics.topics) {
    if (topic.name.empty()) topic.name = name;
  }
  return into;
}

Result<int32_t> parse_number(std::string_view word) {
  int32_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size()) {
    return Error{Errc::bad_field, "topic line: not a number: " + std::string(word)};
  }
  return number;
}

}  // namespace

Status encode_registration(const Registration& from, bool compressed, Buffer& out) {
  if (!compressed) {
    out.append(json::to_json(from));
    return ok();
  }
  Buffer plain;
  append_counted(plain, json::to_json(from.topics.data_version));
  plain.append_be(static_cast<int32_t>(from.topics.topics.size()));
  for (const auto& [name, topic] : from.topics.topics) append_counted(plain, to_line(topic));
  append_counted(plain, json::to_json(from.filter_servers));
  plain.append_be(static_cast<int32_t>(from.topics.mappings.size()));
  for (const auto& [topic, mapping] : from.topics.mappings) {
    append_counted(plain, json::to_json(mapping));
  }
  return message::deflate(message::Compression::zlib, plain.view(), kBestCompression, out);
}

Result<Registration> decode_registration(Bytes body, bool compressed, int32_t peer_version) {
  if (body.empty()) return Registration{};
  const bool is_packed = compressed || body.front() == kZlibStart;
  if (!is_packed || peer_version < kVersion3_0_11) return decode_plain(body, peer_version);
  Buffer plain;
  TRY_OK(message::inflate(message::Compression::zlib, body, {}, plain));
  return decode_unpacked(plain.view(), peer_version);
}

int32_t registration_checksum(Bytes body) {
  return static_cast<int32_t>(crc32(body) & 0x7FFFFFFFU);
}

std::string to_line(const TopicConfig& topic) {
  std::string line = topic.name;
  for (const int32_t number : {topic.read_queues, topic.write_queues, topic.perm}) {
    line += ' ';
    line += std::to_string(number);
  }
  line += ' ';
  line += topic.filter_type;
  line += ' ';
  line += json::to_json(topic.attributes);
  return line;
}

Result<TopicConfig> parse_topic_line(std::string_view line) {
  std::array<std::string_view, 5> words;
  for (size_t i = 0; i < words.size(); ++i) {
    const size_t blank = line.find(' ');
    if (blank == std::string_view::npos && i + 1 < words.size()) {
      return Error{Errc::bad_field, "topic line: fewer than five words"};
    }
    words[i] = line.substr(0, blank);
    line.remove_prefix(blank == std::string_view::npos ? line.size() : blank + 1);
  }
  TopicConfig topic;
  topic.name = words[0];
  TRY(read_queues, parse_number(words[1]));
  TRY(write_queues, parse_number(words[2]));
  TRY(perm, parse_number(words[3]));
  topic.read_queues = read_queues;
  topic.write_queues = write_queues;
  topic.perm = perm;
  topic.filter_type = words[4];
  if (line.empty()) return topic;
  TRY(attributes, json::parse_json<std::map<std::string, std::string>>(line));
  topic.attributes = std::move(attributes);
  return topic;
}

}  // namespace agena::wire
