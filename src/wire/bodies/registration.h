// What a broker tells a name server about itself: the body of request 103.
//
// Over:    topic_config.h, route.h, message/compression.h.  Under: namesrv/ (decodes), broker/
//          (encodes).
// Source:  docs/formats/remoting.md, "Registration body": JSON, or with the header field
//          `compressed` a zlib stream of counted texts.
// Errors:  Errc::bad_json, bad_field or corrupt for a body that is not one of these,
//          limit_exceeded past what message::InflateLimits allow. Memory grows with the bytes that
//          are there, never with a count or length that the body claims.
// Threads: pure functions.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/result.h"
#include "wire/bodies/route.h"
#include "wire/bodies/topic_config.h"

namespace agena::wire {

struct RegisteredTopics {
  DataVersion data_version;
  DataVersion mapping_data_version;
  std::map<std::string, TopicConfig> topics;
  // How static topics came to their queues. Only brokers read it; plain bodies carry it along.
  std::map<std::string, json::Value> mapping_details;
  std::map<std::string, QueueMapping> mappings;  // By topic.
  static constexpr auto fields =
      std::tuple{field("dataVersion", &RegisteredTopics::data_version),
                 field("mappingDataVersion", &RegisteredTopics::mapping_data_version),
                 field("topicConfigTable", &RegisteredTopics::topics),
                 field("topicQueueMappingDetailMap", &RegisteredTopics::mapping_details),
                 field("topicQueueMappingInfoMap", &RegisteredTopics::mappings)};
};

struct Registration {
  std::vector<std::string> filter_servers;
  RegisteredTopics topics;
  static constexpr auto fields =
      std::tuple{field("filterServerList", &Registration::filter_servers),
                 field("topicConfigSerializeWrapper", &Registration::topics)};
};

// Appends to `out`. What the compressed form cannot carry is left out of it: a topic's `order` and
// system flags, mapping details and their version.
Status encode_registration(const Registration& from, bool compressed, Buffer& out);

// `peer_version` is the version in the request's header: brokers before 3.0.11 sent their topic
// table alone, those before 5.0.0 no queue mappings. An empty body is an empty registration. Java
// 5.5.0 packs with compressedRegister=true but denies it in the header, so a body that starts as a
// zlib stream is unpacked in any case.
Result<Registration> decode_registration(Bytes body, bool compressed, int32_t peer_version);

// The header's bodyCrc32: of the body as sent, without the highest bit. 0 is not checked.
int32_t registration_checksum(Bytes body);

// A topic as one line of a compressed body:
// `topic 8 8 6 SINGLE_TAG {"message.type":"FIFO"}`; older brokers end after the fifth word.
std::string to_line(const TopicConfig& topic);
Result<TopicConfig> parse_topic_line(std::string_view line);

}  // namespace agena::wire
