// Who is connected, as operators see it: answers to requests 203, 204 and 328.
//
// Over:   heartbeat.h.  Under: broker/ (connection views).
// Source: JSON of the Java broker.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json_fields.h"
#include "wire/bodies/heartbeat.h"

namespace agena::wire {

struct ClientConnection {
  std::string client_addr;
  std::string client_id;
  std::string language;
  int32_t version = 0;
  static constexpr auto fields = std::tuple{field("clientAddr", &ClientConnection::client_addr),
                                            field("clientId", &ClientConnection::client_id),
                                            field("language", &ClientConnection::language),
                                            field("version", &ClientConnection::version)};
};

struct ConsumerConnections {
  std::vector<ClientConnection> connections;
  ConsumeFromWhere consume_from_where = ConsumeFromWhere::last_offset;
  ConsumeType consume_type = ConsumeType::passively;
  MessageModel message_model = MessageModel::clustering;
  std::map<std::string, SubscriptionData> subscriptions;  // By topic.
  static constexpr auto fields =
      std::tuple{field("connectionSet", &ConsumerConnections::connections),
                 field("consumeFromWhere", &ConsumerConnections::consume_from_where),
                 field("consumeType", &ConsumerConnections::consume_type),
                 field("messageModel", &ConsumerConnections::message_model),
                 field("subscriptionTable", &ConsumerConnections::subscriptions)};
};

struct ProducerConnections {
  std::vector<ClientConnection> connections;
  static constexpr auto fields =
      std::tuple{field("connectionSet", &ProducerConnections::connections)};
};

struct ProducerInfo {
  std::string client_id;
  std::string language;
  int64_t last_update_timestamp = 0;
  std::string remote_address;  // "/1.2.3.4:5", as Java prints an address.
  int32_t version = 0;
  static constexpr auto fields = std::tuple{
      field("clientId", &ProducerInfo::client_id), field("language", &ProducerInfo::language),
      field("lastUpdateTimestamp", &ProducerInfo::last_update_timestamp),
      field("remoteIP", &ProducerInfo::remote_address), field("version", &ProducerInfo::version)};
};

struct ProducerTable {
  std::map<std::string, std::vector<ProducerInfo>> groups;
  static constexpr auto fields = std::tuple{field("data", &ProducerTable::groups)};
};

}  // namespace agena::wire
