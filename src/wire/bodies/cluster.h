// Who belongs to which cluster, and who shares a broker name: answers to requests 106 and 901.
//
// Over: route.h.  Under: namesrv/ (route table), broker/ (members), client/ and command line.
#pragma once
#include <map>
#include <set>
#include <string>

#include "base/json_fields.h"
#include "wire/bodies/route.h"

namespace agena::wire {

struct ClusterInfo {
  std::map<std::string, BrokerData> brokers = {};              // By broker name.
  std::map<std::string, std::set<std::string>> clusters = {};  // Broker names by cluster.
  static constexpr auto fields = std::tuple{field("brokerAddrTable", &ClusterInfo::brokers),
                                            field("clusterAddrTable", &ClusterInfo::clusters)};
  friend bool operator==(const ClusterInfo&, const ClusterInfo&) = default;
};

struct BrokerMemberGroup {
  std::map<BrokerId, std::string> addresses = {};
  std::string broker_name = {};
  std::string cluster = {};
  static constexpr auto fields = std::tuple{field("brokerAddrs", &BrokerMemberGroup::addresses),
                                            field("brokerName", &BrokerMemberGroup::broker_name),
                                            field("cluster", &BrokerMemberGroup::cluster)};
  friend bool operator==(const BrokerMemberGroup&, const BrokerMemberGroup&) = default;
};

struct BrokerMemberGroupBody {
  BrokerMemberGroup group;
  static constexpr auto fields =
      std::tuple{field("brokerMemberGroup", &BrokerMemberGroupBody::group)};
};

}  // namespace agena::wire
