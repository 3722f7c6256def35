// Which topics were deleted, and how far the log had come then: STORE/cpp/deleted. Their records
// stay in the log until its files go; a recovery that makes queues again must pass them over.
//
// Over:     io/files.h.  Under: recovery.h, the store.
// Threads:  one at a time.
// Durable:  write_deleted_topics() is, when it returns. It comes before the topic's files go and
//           before anybody is told.
// Errors:   a missing or damaged file is no error but names no topics.
// Source:   docs/formats/deleted_topics.md: magic, version, count, entries, CRC; replaced whole.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "io/files.h"

namespace agena::storage {

// By topic: records before the position are of a topic that was deleted. Behind it they are of one
// that was made again.
using DeletedTopics = std::map<std::string, PhysicalOffset, std::less<>>;

std::string encode_deleted_topics(const DeletedTopics& topics);
std::optional<DeletedTopics> decode_deleted_topics(Bytes bytes);

DeletedTopics read_deleted_topics(io::Files& files, const std::string& dir);
Status write_deleted_topics(io::Files& files, const std::string& dir, const DeletedTopics& topics);

inline bool is_deleted(const DeletedTopics& topics, std::string_view topic, PhysicalOffset at) {
  auto found = topics.find(topic);
  return found != topics.end() && at < found->second;
}

}  // namespace agena::storage
