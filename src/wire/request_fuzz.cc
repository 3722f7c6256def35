// Any fields as any request or answer, in both serializations: never a crash, a frame of ours is
// always read with the fields it was given, and what decodes says the same after it was encoded and
// decoded again. Input: which row, which serialization, then fields: a name (one of the row's, or
// spelled out), the length of the value, the value.
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/utf8.h"
#include "wire/frame.h"
#include "wire/requests/admin.h"
#include "wire/requests/clients.h"
#include "wire/requests/namesrv.h"
#include "wire/requests/offsets.h"
#include "wire/requests/pull.h"
#include "wire/requests/query.h"
#include "wire/requests/send.h"
#include "wire/requests/topics.h"

using namespace agena;
using namespace agena::wire;

namespace {

using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

std::string_view take(std::string_view& input, size_t bytes) {
  const std::string_view front = input.substr(0, bytes);
  input.remove_prefix(front.size());
  return front;
}
std::string_view take_counted(std::string_view& input) {
  const std::string_view count = take(input, 1);
  return count.empty() ? count : take(input, static_cast<uint8_t>(count[0]));
}

Fields read_fields(std::string_view input, const std::vector<std::string_view>& names) {
  Fields fields;
  while (!input.empty()) {
    const auto choice = static_cast<uint8_t>(take(input, 1)[0]);
    const std::string_view name = choice < names.size() ? names[choice] : take_counted(input);
    fields.emplace_back(name, take_counted(input));
  }
  return fields;
}

// One frame in memory, and its header as a server reads it.
struct Sent {
  Buffer bytes;
  HeaderReader reader;
  Header header;

  template <typename WriteExt>
  Status send(Serialization kind, WriteExt&& write_ext) {
    Header out;
    out.code = 10;
    out.serialization = kind;
    finish_frame(bytes, start_frame(bytes, out, write_ext));
    const auto frame = next_frame(bytes.view());
    ASSERT(frame && *frame && (*frame)->wire_bytes == bytes.size());
    return reader.read((*frame)->header, (*frame)->serialization, header);
  }
};

template <typename T>
void try_again(const T& row, Serialization kind) {
  Sent sent;
  ASSERT(sent.send(kind, [&](ExtWriter& ext) { encode_fields(ext, row); }));
  const auto again = decode_fields<T>(sent.header);
  ASSERT(again);
  for_each_field(T::fields,
                 [&](const auto& field) { ASSERT(row.*field.member == *again.*field.member); });
}

// JSON is UTF-8: what is ill-formed is mended on its way out. Binary takes any bytes.
std::string as_sent(Serialization kind, std::string_view text) {
  if (kind == Serialization::binary) return std::string(text);
  std::string whole;
  append_whole(whole, text);
  return whole;
}

template <typename T>
void try_row(Serialization kind, std::string_view input) {
  std::vector<std::string_view> names;
  for_each_field(T::fields, [&](const auto& field) { names.push_back(field.name); });
  const Fields fields = read_fields(input, names);
  Sent sent;
  const Status read = sent.send(kind, [&](ExtWriter& ext) {
    for (const auto& [name, value] : fields) ext.add(name, value);
  });
  ASSERT(bool(read) == (fields.size() <= kExtFieldsMax));
  if (!read) return;
  ASSERT(sent.header.ext.size() == fields.size());
  for (size_t i = 0; i < fields.size(); ++i) {
    ASSERT(sent.header.ext[i].name == as_sent(kind, fields[i].first));
    ASSERT(sent.header.ext[i].value == as_sent(kind, fields[i].second));
  }
  const auto row = decode_fields<T>(sent.header);
  if (row) {
    try_again(*row, kind);
  } else {
    ASSERT(!row.error().text.empty());
  }
}

template <typename... T>
void try_one(uint8_t chosen, Serialization kind, std::string_view input) {
  static constexpr std::array<void (*)(Serialization, std::string_view), sizeof...(T)> kRows = {
      &try_row<T>...};
  kRows[chosen % kRows.size()](kind, input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const auto kind = (data[1] & 1) != 0 ? Serialization::binary : Serialization::json;
  const std::string_view input(reinterpret_cast<const char*>(data + 2), size - 2);
  try_one<SendMessage, SendMessageV2, SendBatchMessage, SendMessageReply, ConsumerSendMessageBack,
          PullMessage, PullMessageReply, QueryMessage, QueryMessageReply, ViewMessageById,
          QueryConsumerOffset, UpdateConsumerOffset, SearchOffsetByTimestamp, GetMaxOffset,
          GetMinOffset, OffsetReply, GetEarliestMessageStoreTime, StoreTimeReply,
          GetAllConsumerOffset, GetAllDelayOffset, CloneGroupOffset, ResetOffset,
          QueryCorrectionOffset, Heartbeat, HeartbeatReply, UnregisterClient,
          GetConsumerListByGroup, NotifyConsumerIdsChanged, LockBatch, UnlockBatch,
          CheckClientConfig, ResetConsumerClientOffset, GetConsumerStatusFromClient,
          GetConsumerRunningInfo, ConsumeMessageDirectly, GetConsumerStatus, UpdateAndCreateTopic,
          UpdateAndCreateTopicList, GetAllTopicConfig, GetAllTopicConfigReply, DeleteTopicInBroker,
          GetTopicConfig, UpdateAndCreateSubscriptionGroup, UpdateAndCreateSubscriptionGroupList,
          GetAllSubscriptionGroup, GetAllSubscriptionGroupReply, DeleteSubscriptionGroup,
          GetSubscriptionGroupConfig, UpdateGroupForbidden, GetSystemTopicListFromBroker,
          UpdateBrokerConfig, GetBrokerConfig, GetBrokerConfigReply, GetBrokerRuntimeInfo,
          GetTopicStatsInfo, GetConsumerConnectionList, GetProducerConnectionList, GetConsumeStats,
          QueryTopicConsumeByWho, QueryConsumeTimeSpan, CleanExpiredConsumeQueue,
          ViewBrokerStatsData, CleanUnusedTopic, GetBrokerConsumeStats, QueryConsumeQueue,
          GetAllProducerInfo, DeleteExpiredCommitLog, QueryTopicsByConsumer,
          QuerySubscriptionByConsumer, GetAllMessageRequestMode, PutKvConfig, GetKvConfig,
          GetKvConfigReply, DeleteKvConfig, RegisterBroker, RegisterBrokerReply, UnregisterBroker,
          GetRouteInfoByTopic, GetBrokerClusterInfo, WipeWritePermOfBroker, WipeWritePermReply,
          AddWritePermOfBroker, AddWritePermReply, GetAllTopicListFromNamesrv, DeleteTopicInNamesrv,
          RegisterTopicInNamesrv, GetKvListByNamespace, GetTopicsByCluster,
          GetSystemTopicListFromNamesrv, GetUnitTopicList, GetHasUnitSubTopicList,
          GetHasUnitSubUnunitTopicList, UpdateNamesrvConfig, GetNamesrvConfig, QueryDataVersion,
          QueryDataVersionReply, GetBrokerMemberGroup, BrokerHeartbeat, NotifyMinBrokerIdChange>(
      data[0], kind, input);
  return 0;
}
