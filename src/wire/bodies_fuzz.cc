// Any text as any of the JSON bodies: never a crash, and what is taken says the same after it was
// written, in each style, and read again. The first byte chooses the type.
#include <array>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "wire/bodies/cluster.h"
#include "wire/bodies/connections.h"
#include "wire/bodies/consume_stats.h"
#include "wire/bodies/data_version.h"
#include "wire/bodies/group_list.h"
#include "wire/bodies/heartbeat.h"
#include "wire/bodies/kv_table.h"
#include "wire/bodies/registration.h"
#include "wire/bodies/reset_offset.h"
#include "wire/bodies/route.h"
#include "wire/bodies/stats_data.h"
#include "wire/bodies/subscription_group.h"
#include "wire/bodies/topic_config.h"
#include "wire/bodies/topic_list.h"
#include "wire/bodies/topic_stats.h"

using namespace agena;

namespace {

template <typename T>
void try_body(std::string_view text) {
  const auto body = json::parse_json<T>(text);
  if (!body) {
    ASSERT(!body.error().remark().empty());
    return;
  }
  for (const json::Style style :
       {json::Style{}, json::Style{.is_pretty = true}, json::Style{.is_strict = true}}) {
    const std::string written = json::to_json(*body, style);
    const auto again = json::parse_json<T>(written);
    ASSERT(again && json::to_json(*again, style) == written);
    // Strict readers get large numbers as text, and what is kept as it came is text from then on.
    ASSERT(style.is_strict || json::to_json(*again) == json::to_json(*body));
  }
}

template <typename... T>
void try_one(uint8_t chosen, std::string_view text) {
  static constexpr std::array<void (*)(std::string_view), sizeof...(T)> kBodies = {&try_body<T>...};
  kBodies[chosen % kBodies.size()](text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace agena::wire;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  try_one<HeartbeatBody, LockBody, LockedBody, CheckClientBody, ConsumerIdsBody, TopicConfig,
          TopicConfigList, TopicConfigTable, SubscriptionGroupConfig, SubscriptionGroupList,
          RegisteredTopics, Registration, TopicRouteData, ClusterInfo, BrokerMemberGroupBody,
          DataVersion, KvTable, TopicList, GroupList, GroupSubscription, GroupForbidden,
          ConsumerConnections, ProducerConnections, ProducerTable, ConsumeStats, ConsumeStatsList,
          QueueOffsets, ListedQueueOffsets, ConsumerStatus, CorrectionOffsets, StatsData,
          TopicStats, ConsumeTimeSpans, ConsumeQueueView>(data[0], text);
  return 0;
}
