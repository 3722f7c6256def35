// Messages by key and by place.
//
// Over:     wire/request.h.  Under: dispatch of the servers, clients, docs/wire.md.
// Source:   the Java server's header classes of the same codes; names are the wire's.
// Lifetime: texts view the frame that was decoded.
#pragma once
#include <optional>
#include <string_view>
#include <tuple>

#include "base/ids.h"
#include "wire/request.h"

namespace agena::wire {

struct QueryMessage {
  static constexpr RequestInfo info{.code = 12, .name = "QUERY_MESSAGE"};
  std::string_view topic;
  std::string_view key;
  int32_t max_num = 0;
  UnixMillis begin;
  UnixMillis end;
  std::optional<std::string_view> index_type;
  std::optional<std::string_view> last_key;
  std::optional<bool> unique_key_query;
  static constexpr auto fields =
      std::tuple{required("topic", &QueryMessage::topic),
                 field("key", &QueryMessage::key),
                 required("maxNum", &QueryMessage::max_num),
                 required("beginTimestamp", &QueryMessage::begin),
                 required("endTimestamp", &QueryMessage::end),
                 field("indexType", &QueryMessage::index_type),
                 field("lastKey", &QueryMessage::last_key),
                 field("_UNIQUE_KEY_QUERY", &QueryMessage::unique_key_query)};
};

struct QueryMessageReply {
  UnixMillis index_last_update_timestamp;
  PhysicalOffset index_last_update_phyoffset;
  static constexpr auto fields = std::tuple{
      required("indexLastUpdateTimestamp", &QueryMessageReply::index_last_update_timestamp),
      required("indexLastUpdatePhyoffset", &QueryMessageReply::index_last_update_phyoffset)};
};

struct ViewMessageById {
  static constexpr RequestInfo info{.code = 33, .name = "VIEW_MESSAGE_BY_ID"};
  std::optional<std::string_view> topic;
  PhysicalOffset offset;
  static constexpr auto fields = std::tuple{field("topic", &ViewMessageById::topic),
                                            required("offset", &ViewMessageById::offset)};
};

}  // namespace agena::wire
