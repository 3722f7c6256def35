#include "broker/handlers/pull.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/assert.h"
#include "broker/faq.h"
#include "message/tag.h"
#include "wire/requests/pull.h"

namespace agena::broker {
namespace {

using storage::ReadStatus;
using wire::PullMessage;
using wire::PullMessageReply;

// Bits of the request's sysFlag.
constexpr int32_t kCommitsOffset = 1;
constexpr int32_t kMayWait = 2;
constexpr int32_t kHasSubscription = 4;
constexpr int64_t kWaitMsMax = 60'000;
constexpr int64_t kNoTag = INT64_MIN;  // Tag codes are 32-bit hashes.
// Why a reader was refused, for clients that tell the reasons apart.
enum class Forbidden : int32_t {
  broker = 1,
  group = 2,
  topic = 3,
  broadcast = 4,
  subscription = 5
};

// As ReadStatus counts.
constexpr std::string_view kReadNames[] = {"FOUND",
                                           "NO_MATCHED_MESSAGE",
                                           "MESSAGE_WAS_REMOVING",
                                           "OFFSET_FOUND_NULL",
                                           "OFFSET_OVERFLOW_BADLY",
                                           "OFFSET_OVERFLOW_ONE",
                                           "OFFSET_TOO_SMALL",
                                           "NO_MESSAGE_IN_QUEUE",
                                           "the queue's files cannot be read now: try again"};

Errc code_of(ReadStatus status, QueueOffset asked) {
  switch (status) {
    case ReadStatus::found:
      return Errc::ok;
    case ReadStatus::no_matched_message:
    case ReadStatus::message_was_removing:
      return Errc::pull_retry_immediately;
    case ReadStatus::no_message_in_queue:
      return asked == QueueOffset(0) ? Errc::pull_not_found : Errc::pull_offset_moved;
    case ReadStatus::offset_found_null:
    case ReadStatus::offset_overflow_one:
      return Errc::pull_not_found;
    case ReadStatus::offset_overflow_badly:
    case ReadStatus::offset_too_small:
      return Errc::pull_offset_moved;
    case ReadStatus::unreadable:
      return Errc::system_error;
  }
  return Errc::system_error;
}

// Nothing is there yet. A hole between files has something behind it, where the answer sends the
// reader.
bool must_wait(ReadStatus status, QueueOffset asked) {
  return code_of(status, asked) == Errc::pull_not_found && status != ReadStatus::offset_found_null;
}

struct Refusal {
  Error error;
  std::optional<Forbidden> why;
};

class Puller {
 public:
  explicit Puller(const PullDeps& deps) : deps_(deps) {}

  Status pull(rpc::Call& call, const PullMessage& request);
  void serve_parked(ParkedPull pull, bool timed_out);

 private:
  std::optional<Refusal> check_rights(const rpc::Call& call, const PullMessage& request,
                                      const GroupRef& group, const TopicRef& topic) const;
  static std::optional<Refusal> check_queue(rpc::Call& call, const PullMessage& request,
                                            const TopicRef& topic);
  std::optional<Refusal> subscription_of(const PullMessage& request, const GroupRef& group,
                                         storage::TagCodes& tags) const;
  void park(rpc::Call& call, const PullMessage& request, ParkedPull pull, storage::TagCodes tags);
  bool wait(ParkedPull pull);
  void answer_later(const ParkedPull& pull) const;
  void commit(const PullMessage& request, QueueOffset next) const;
  void count(std::string_view group, std::string_view topic,
             const storage::ReadResult& result) const;
  template <typename To>
  void answer(To& to, const ParkedPull& pull, const storage::ReadResult& result,
              Bytes records) const;

  // Records on their way from the store into an answer; one buffer a loop, used again.
  static Buffer& scratch() {
    static thread_local Buffer buffer;
    buffer.clear();
    return buffer;
  }

  PullDeps deps_;
};

std::optional<Refusal> Puller::check_rights(const rpc::Call& call, const PullMessage& request,
                                            const GroupRef& group, const TopicRef& topic) const {
  const Options& options = deps_.options;
  auto forbid = [](Forbidden why, std::string text) {
    return Refusal{{Errc::no_permission, std::move(text)}, why};
  };
  if ((options.broker_permission & wire::kPermRead) == 0) {
    return forbid(Forbidden::broker,
                  fmt::format("the broker[{}] pulling message is forbidden", options.broker_ip1));
  }
  if (call.header().code == wire::LitePullMessage::info.code && !options.lite_pull_message_enable) {
    return forbid(
        Forbidden::broker,
        fmt::format("the broker[{}] for lite pull consumer is forbidden", options.broker_ip1));
  }
  if (!group) {
    return Refusal{{Errc::subscription_group_not_exist,
                    fmt::format("subscription group [{}] does not exist, {}",
                                request.consumer_group, kSeeFaq)},
                   {}};
  }
  if (!group->consume_enable) {
    return forbid(Forbidden::group,
                  fmt::format("subscription group no permission, {}", request.consumer_group));
  }
  if (!topic) {
    return Refusal{
        {Errc::topic_not_exist,
         fmt::format("topic[{}] not exist, apply first please! {}", request.topic, kSeeFaq)},
        {}};
  }
  if (!topic->may_read()) {
    return forbid(Forbidden::topic,
                  fmt::format("the topic[{}] pulling message is forbidden", request.topic));
  }
  return std::nullopt;
}

std::optional<Refusal> Puller::check_queue(rpc::Call& call, const PullMessage& request,
                                           const TopicRef& topic) {
  if (request.lite_topic && !request.lite_topic->empty()) {
    return Refusal{{Errc::invalid_parameter, "lite topics are not served yet by this broker"}, {}};
  }
  if (request.queue_id.value >= 0 && request.queue_id.value < topic->read_queues) {
    return std::nullopt;
  }
  return Refusal{{Errc::invalid_parameter,
                  fmt::format("queueId[{}] is illegal, topic:[{}] topicConfig.readQueueNums:[{}] "
                              "consumer:[/{}]",
                              request.queue_id.value, request.topic, topic->read_queues,
                              call.connection().peer().text())},
                 {}};
}

// Which tags the reader wants: what the request says, or what the group's heartbeat said.
std::optional<Refusal> Puller::subscription_of(const PullMessage& request, const GroupRef& group,
                                               storage::TagCodes& tags) const {
  auto refuse = [](Errc code, std::string text) { return Refusal{{code, std::move(text)}, {}}; };
  auto use_tags = [&](const Result<message::TagSubscription>& parsed,
                      std::string_view type) -> std::optional<Refusal> {
    if (!type.empty() && type != "TAG") {
      return refuse(
          Errc::system_error,
          fmt::format("The broker does not support consumer to filter message by {}", type));
    }
    if (!parsed) {
      return refuse(Errc::subscription_parse_failed, "parse the consumer's subscription failed");
    }
    if (parsed->takes_all) return std::nullopt;
    tags = parsed->tag_codes;
    // An expression of blanks names no tag and takes nothing, as in Java; no code is this one.
    if (tags.empty()) tags.push_back(kNoTag);
    return std::nullopt;
  };
  if ((request.sys_flag & kHasSubscription) != 0) {
    return use_tags(message::parse_tag_subscription(request.subscription.value_or("")),
                    request.expression_type.value_or(""));
  }
  auto live = deps_.clients.reading(request.consumer_group, request.topic);
  if (!live) {
    return refuse(Errc::subscription_not_exist,
                  fmt::format("the consumer's group info not exist{}", kSeeFaq));
  }
  if (!group->consume_broadcast_enable && live->message_model == wire::MessageModel::broadcasting) {
    return Refusal{
        {Errc::no_permission, fmt::format("the consumer group[{}] can not consume by broadcast way",
                                          request.consumer_group)},
        Forbidden::broadcast};
  }
  if ((deps_.groups.forbidden(request.consumer_group, request.topic) & wire::kPermRead) != 0) {
    return Refusal{
        {Errc::no_permission, fmt::format("the consumer group[{}] is forbidden for topic[{}]",
                                          request.consumer_group, request.topic)},
        Forbidden::subscription};
  }
  if (!live->subscription) {
    return refuse(Errc::subscription_not_exist,
                  fmt::format("the consumer's subscription not exist{}", kSeeFaq));
  }
  const auto& [data, parsed] = *live->subscription;
  if (data.sub_version < request.sub_version) {
    deps_.clients.note_outdated(request.consumer_group);
    return refuse(Errc::subscription_not_latest, "the consumer's subscription not latest");
  }
  return use_tags(parsed, data.expression_type);
}

void Puller::commit(const PullMessage& request, QueueOffset next) const {
  GroupQueue at{request.consumer_group, request.topic, request.queue_id};
  deps_.offsets.commit_pull(at, next);
  if ((request.sys_flag & kCommitsOffset) != 0) {
    // A pending reset wins over the commit, as for request 15: then nothing is to be done.
    if (!deps_.offsets.commit(at, request.commit_offset)) return;
  }
}

void Puller::count(std::string_view group, std::string_view topic,
                   const storage::ReadResult& result) const {
  bool found = result.status == ReadStatus::found;
  deps_.stats.on_pull(found);
  if (found) deps_.stats.on_get(group, topic, result.messages, result.bytes);
}

template <typename To>
void Puller::answer(To& to, const ParkedPull& pull, const storage::ReadResult& result,
                    Bytes records) const {
  PullMessageReply reply;
  reply.next_begin_offset = result.next;
  reply.min_offset = result.min;
  reply.max_offset = result.max;
  reply.topic_sys_flag = pull.topic_sys_flag;
  reply.group_sys_flag = pull.group_sys_flag;
  ASSERT(static_cast<size_t>(result.status) < std::size(kReadNames));
  const auto& code = errc_info(code_of(result.status, pull.offset));
  to.reply_with(code.response_code, kReadNames[static_cast<size_t>(result.status)], reply, records);
}

Status Puller::pull(rpc::Call& call, const PullMessage& request) {
  GroupRef group = deps_.groups.find_or_create(request.consumer_group);
  TopicRef topic = deps_.topics.find(request.topic);
  storage::TagCodes tags;
  auto refusal = check_rights(call, request, group, topic);
  if (!refusal) refusal = check_queue(call, request, topic);
  if (!refusal) refusal = subscription_of(request, group, tags);
  if (refusal) {
    wire::PullRefusal reply;
    if (refusal->why) reply.forbidden_type = static_cast<int32_t>(*refusal->why);
    call.reply_with(refusal->error.response_code(), refusal->error.remark(), reply);
    return ok();
  }
  ParkedPull pull;
  pull.offset = request.queue_offset;
  pull.topic_sys_flag = topic->sys_flag;
  pull.group_sys_flag = group->group_sys_flag;
  GroupQueue at{request.consumer_group, request.topic, request.queue_id};
  if (auto reset = deps_.offsets.take_reset(at)) {
    PullMessageReply reply;
    reply.next_begin_offset = *reset;
    reply.min_offset = deps_.store.min_offset(request.topic, request.queue_id);
    reply.max_offset = deps_.store.max_offset(request.topic, request.queue_id);
    reply.topic_sys_flag = pull.topic_sys_flag;
    reply.group_sys_flag = pull.group_sys_flag;
    call.reply_with(errc_info(Errc::pull_offset_moved).response_code, "OFFSET_RESET", reply);
    return ok();
  }
  pull.limits.messages_max = request.messages_max;
  if (request.bytes_max) pull.limits.bytes_max = *request.bytes_max;
  Buffer& records = scratch();
  auto result = deps_.store.read(request.topic, request.queue_id, request.queue_offset, pull.limits,
                                 tags, records);
  commit(request, result.next);
  bool waits = must_wait(result.status, request.queue_offset) && (request.sys_flag & kMayWait) != 0;
  if (!waits) {
    count(request.consumer_group, request.topic, result);
    answer(call, pull, result, records.view());
    return ok();
  }
  park(call, request, std::move(pull), std::move(tags));
  return ok();
}

void Puller::park(rpc::Call& call, const PullMessage& request, ParkedPull pull,
                  storage::TagCodes tags) {
  pull.group = request.consumer_group;
  pull.topic = request.topic;
  pull.queue_id = request.queue_id;
  pull.tags = std::move(tags);
  int64_t wait_ms = deps_.options.long_polling_enable ? request.suspend_timeout_ms
                                                      : deps_.options.short_polling_time_ms.get();
  pull.deadline = call.mono() + std::clamp<int64_t>(wait_ms, 0, kWaitMsMax) * kNanosPerMilli;
  pull.responder = call.defer(rpc::Hold::parked);
  ParkedPull kept = pull;
  if (!wait(std::move(pull))) serve_parked(std::move(kept), true);
}

// False when nobody may wait any more.
bool Puller::wait(ParkedPull pull) {
  const std::string topic = pull.topic;
  const QueueId queue = pull.queue_id;
  const QueueOffset offset = pull.offset;
  if (!deps_.parking.park(std::move(pull))) return false;
  // A message that came between the read and here has already told everybody it knew of.
  const QueueOffset end = deps_.store.max_offset(topic, queue);
  if (end > offset) deps_.parking.on_arrivals({{topic, queue, end}});
  return true;
}

// Many pulls of one connection can wake at once, with more records than it may hold unsent. Whom
// this tells to come again is kept waiting in the socket until the rest has left.
void Puller::answer_later(const ParkedPull& pull) const {
  storage::ReadResult result;
  result.status = ReadStatus::no_matched_message;
  result.next = pull.offset;
  result.min = deps_.store.min_offset(pull.topic, pull.queue_id);
  result.max = deps_.store.max_offset(pull.topic, pull.queue_id);
  answer(pull.responder, pull, result, {});
}

void Puller::serve_parked(ParkedPull pull, bool timed_out) {
  ASSERT(pull.offset.value >= 0 && !pull.topic.empty(), "only a pull that was checked is parked");
  Buffer& records = scratch();
  const auto connection = pull.responder.connection().lock();
  if (!connection) return;
  if (connection->is_full()) {
    answer_later(pull);
    return;
  }
  auto result =
      deps_.store.read(pull.topic, pull.queue_id, pull.offset, pull.limits, pull.tags, records);
  // A read that stopped short of the end goes on at once, by the client's next pull.
  bool none_matched = result.status == ReadStatus::no_matched_message && result.next >= result.max;
  bool nothing = none_matched || must_wait(result.status, pull.offset);
  if (nothing && !timed_out) {
    // Other tags only: wait on from behind them. Clients learn of the new place when they are
    // answered.
    if (none_matched) pull.offset = result.next;
    ParkedPull kept = pull;
    if (wait(std::move(pull))) return;
    pull = std::move(kept);
  }
  deps_.offsets.commit_pull({pull.group, pull.topic, pull.queue_id}, result.next);
  count(pull.group, pull.topic, result);
  answer(pull.responder, pull, result, records.view());
}

}  // namespace

void add_pull_handlers(rpc::Router& router, const PullDeps& deps) {
  auto puller = std::make_shared<Puller>(deps);
  deps.parking.set_serve([puller](ParkedPull pull, bool timed_out) {
    puller->serve_parked(std::move(pull), timed_out);
  });
  router.on<PullMessage>([puller](rpc::Call& call, const PullMessage& request) {
    return puller->pull(call, request);
  });
  router.on<wire::LitePullMessage>([puller](rpc::Call& call, const wire::LitePullMessage& request) {
    return puller->pull(call, request);
  });
}

}  // namespace agena::broker
