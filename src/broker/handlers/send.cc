#include "broker/handlers/send.h"

#include <fmt/core.h>

#include "base/assert.h"
#include "base/local_time.h"
#include "base/log.h"
#include "base/text.h"
#include "broker/faq.h"
#include "broker/handlers/saved.h"
#include "message/batch.h"
#include "message/host.h"
#include "message/message_id.h"
#include "message/names.h"
#include "message/properties.h"
#include "message/property_names.h"
#include "message/sys_flag.h"
#include "wire/requests/send.h"

namespace agena::broker {
namespace {

namespace property = message::property;
using wire::SendMessage;

constexpr int32_t kDlqQueues = 1;
constexpr size_t kPropertiesMax = 32'767;

// Handles one loop's sends one after the other; the strings are used again from call to call.
class Sender {
 public:
  explicit Sender(const SendDeps& deps) : deps_(deps) {
    own_properties_ = property_text({{property::region, deps.options.region_id},
                                     {property::trace_switch, trace_text()},
                                     {property::cluster, deps.options.broker_cluster_name}});
  }

  Status send(rpc::Call& call, const SendMessage& request);

 private:
  Status store(rpc::Call& call, const SendMessage& request);
  using Pairs = std::initializer_list<std::pair<std::string_view, std::string_view>>;
  static std::string property_text(Pairs pairs) {
    std::string out;
    for (auto [name, value] : pairs) message::append_property(out, name, value);
    return out;
  }

  Result<TopicRef> topic_of(const SendMessage& request) const;
  Status check(const rpc::Call& call, const SendMessage& request, const TopicRef& topic,
               bool is_batch) const;
  static Status check_kind(const SendMessage& request, const message::KnownProperties& known,
                           bool is_dead_letter);
  Result<TopicRef> redirect_retry(const SendMessage& request, const TopicRef& topic,
                                  MonoNanos now) const;
  std::string_view complete_properties(const message::KnownProperties& known, bool is_batch,
                                       bool is_dead_letter, message::Draft& draft, rpc::Call& call,
                                       std::string& scratch) const;
  // What an answer waits for, besides the write: the disk, and a new topic's place in topics.json.
  struct Waits {
    bool for_disk = false, for_topic = false;
  };
  struct Kept {
    std::string id, key;
    wire::SendMessageReply reply;
    int left = 0;  // Of what is waited for.
  };
  void answer(rpc::Call& call, const storage::Appended& stored, QueueId queue, std::string_view key,
              Waits waits) const;
  void answer_late(rpc::Call& call, std::shared_ptr<Kept> kept, PhysicalOffset end,
                   Waits waits) const;
  std::string unique_key(rpc::Call& call) const;
  std::string_view trace_text() const { return deps_.options.trace_on ? "true" : "false"; }

  SendDeps deps_;
  std::string own_properties_;
};

Result<TopicRef> Sender::topic_of(const SendMessage& request) const {
  if (message::is_send_refused(request.topic)) {
    return Error{Errc::no_permission,
                 fmt::format("Sending message to topic[{}] is forbidden.", request.topic)};
  }
  if (TopicRef found = deps_.topics.find(request.topic)) return found;
  TRY_OK(message::check_topic(request.topic));
  bool is_retry = message::is_retry_topic(request.topic);
  int32_t unit_flag = is_retry ? wire::kTopicFlagUnitSub : wire::kTopicFlagUnit;
  int32_t sys_flag = request.unit_mode.value_or(false) ? unit_flag : 0;
  auto made = deps_.topics.create_by_example(request.topic, request.default_topic,
                                             request.default_topic_queue_nums, sys_flag);
  if (made || !is_retry) return made;
  wire::TopicConfig config;
  config.name = request.topic;
  config.read_queues = config.write_queues = 1;
  config.sys_flag = sys_flag;
  return deps_.topics.ensure(config);
}

Status Sender::check(const rpc::Call& call, const SendMessage& request, const TopicRef& topic,
                     bool is_batch) const {
  const Options& options = deps_.options;
  bool broker_writes = (options.broker_permission & wire::kPermWrite) != 0;
  if (!broker_writes && topic->is_order) {
    return Error{Errc::no_permission,
                 fmt::format("the broker[{}] sending message is forbidden", options.broker_ip1)};
  }
  if (request.queue_id.value >= std::max(topic->write_queues, topic->read_queues)) {
    return Error{Errc::invalid_parameter,
                 fmt::format("request queueId[{}] is illegal, topic {} has {} queues, Producer: {}",
                             request.queue_id.value, topic->name, topic->write_queues,
                             const_cast<rpc::Call&>(call).connection().peer().text())};
  }
  auto body_size = static_cast<int64_t>(call.body().size());
  if (body_size == 0 || body_size > options.store.message_bytes_max ||
      request.properties.value_or("").size() > kPropertiesMax) {
    return Error{Errc::message_illegal,
                 fmt::format("the message is illegal, maybe msg body or properties length not "
                             "matched. msg body length limit {}B, msg properties length limit "
                             "32KB.",
                             options.store.message_bytes_max)};
  }
  if (is_batch && message::is_retry_topic(request.topic)) {
    return Error{Errc::message_illegal,
                 fmt::format("batch request does not support retry group {}", request.topic)};
  }
  return ok();
}

Status Sender::check_kind(const SendMessage& request, const message::KnownProperties& known,
                          bool is_dead_letter) {
  bool delayed =
      !known.timer_delay_ms.empty() || !known.timer_delay_sec.empty() ||
      !known.timer_deliver_ms.empty() ||
      (!known.delay_level.empty() && known.delay_level != "0" && known.delay_level[0] != '-');
  if (delayed && !is_dead_letter) {  // Nobody waits for a dead letter.
    return Error{Errc::message_illegal, "delayed messages are not served yet by this broker"};
  }
  // Half messages and rollbacks have no place in a queue: stored as they are, nobody would get
  // them.
  const bool is_half = text::equal_ignoring_case(known.transaction_prepared, "true") ||
                       message::sys_flag::transaction_of(request.sys_flag) != 0;
  if (is_half) {
    return Error{Errc::message_illegal, "transactions are not served yet by this broker"};
  }
  return ok();
}

// A consumer that failed too often sends to its retry topic once more: that goes to the dead
// letters. Groups that consume in order never retry, so theirs go there at once.
Result<TopicRef> Sender::redirect_retry(const SendMessage& request, const TopicRef& topic,
                                        MonoNanos now) const {
  auto group_name = message::group_of_retry_topic(request.topic);
  if (!group_name || !message::is_retry_topic(request.topic)) return topic;
  GroupRef group = deps_.groups.find_or_create(*group_name);
  if (!group) {
    return Error{Errc::subscription_group_not_exist,
                 fmt::format("subscription group not exist, {} {}", *group_name, kSeeFaq)};
  }
  int32_t most = request.max_reconsume_times.value_or(group->retry_max_times);
  bool too_often = request.reconsume_times.value_or(0) > most;
  if (!too_often && deps_.locks.all_expired(*group_name, now)) return topic;
  wire::TopicConfig dead_letters;
  dead_letters.name = message::dlq_topic(*group_name);
  dead_letters.read_queues = dead_letters.write_queues = kDlqQueues;
  return deps_.topics.ensure(dead_letters);
}

// The record carries region, trace switch and cluster, and a unique key even if the producer set
// none (items of a batch have their own). Producers that copy a consumed message bring the old
// values along: ours replace them. Returns the unique key of the message, or of the batch.
std::string_view Sender::complete_properties(const message::KnownProperties& known, bool is_batch,
                                             bool is_dead_letter, message::Draft& draft,
                                             rpc::Call& call, std::string& scratch) const {
  if (is_batch) {
    // The items carry their own properties; those of the request are about the request, as in Java.
    draft.properties = {};
    return known.uniq_key;
  }
  bool needs_key = known.uniq_key.empty();
  bool is_plain = known.cluster.empty() && known.region.empty() && known.trace_switch.empty() &&
                  known.pop_check_point.empty() && !needs_key && !is_dead_letter;
  draft.more_properties = own_properties_;
  if (is_plain) return known.uniq_key;
  scratch = draft.properties;
  for (auto name :
       {property::cluster, property::region, property::trace_switch, property::pop_check_point}) {
    message::remove_property(scratch, name);
  }
  if (is_dead_letter) {
    message::remove_property(scratch, property::delay_level);
    message::append_property(scratch, property::delay_level, "-1");  // As Java marks them.
  }
  if (needs_key) message::append_property(scratch, property::uniq_key, unique_key(call));
  draft.properties = scratch;
  return message::find_property(scratch, property::uniq_key).value_or("");
}

std::string Sender::unique_key(rpc::Call& call) const {
  message::UniqueKey key;
  key.host = deps_.store_host;
  uint64_t noise = deps_.random();
  key.pid = static_cast<uint16_t>(noise);
  key.loader_hash = static_cast<uint32_t>(noise >> 16);
  key.counter = static_cast<uint16_t>(noise >> 48);
  const UnixMillis now = call.now();
  key.month_ms = static_cast<uint32_t>(now - message::month_start(now, zone_offset_minutes(now)));
  return message::unique_key_text(key);
}

void Sender::answer(rpc::Call& call, const storage::Appended& stored, QueueId queue,
                    std::string_view key, Waits waits) const {
  ASSERT(stored.size_bytes > 0 && queue.value >= 0, "what is answered was stored");
  std::string id;
  if (stored.batch.empty()) {
    message::append_offset_id(id, {deps_.store_host, stored.at});
  } else {
    for (PhysicalOffset at : stored.batch) {
      if (!id.empty()) id.push_back(',');
      message::append_offset_id(id, {deps_.store_host, at});
    }
  }
  wire::SendMessageReply reply{.msg_id = id,
                               .queue_id = queue,
                               .queue_offset = stored.queue_offset,
                               .transaction_id = {},
                               .batch_uniq_id = {},
                               .recall_handle = {},
                               .region = deps_.options.region_id,
                               .trace_on = trace_text()};
  if (!key.empty()) reply.transaction_id = key;
  if (!waits.for_disk && !waits.for_topic) {
    call.reply_with(reply);
    return;
  }
  // The views in `reply` end with this call, so the answer is kept as text.
  auto kept = std::make_shared<Kept>(
      Kept{std::move(id), std::string(key), reply, int{waits.for_disk} + int{waits.for_topic}});
  kept->reply.msg_id = kept->id;
  if (!kept->key.empty()) kept->reply.transaction_id = kept->key;
  answer_late(call, std::move(kept), stored.end(), waits);
}

void Sender::answer_late(rpc::Call& call, std::shared_ptr<Kept> kept, PhysicalOffset end,
                         Waits waits) const {
  auto responder = call.defer();
  auto& loop = call.connection().loop();
  auto timer = std::make_shared<std::unique_ptr<io::Timer>>();
  auto one_done = [responder, kept, timer] {
    if (--kept->left > 0) return;
    timer->reset();
    responder.reply_with(0, {}, kept->reply);
  };
  if (waits.for_topic) {
    deps_.topics.file().when_saved([responder, &loop, one_done](const Status& saved) {
      if (saved) {
        loop.post(one_done);
      } else {
        fail_unsaved(responder, saved.error());
      }
    });
  }
  if (!waits.for_disk) return;
  *timer = loop.after(deps_.options.sync_flush_timeout_ms, [responder, kept] {
    const auto& late = errc_info(Errc::flush_disk_timeout);
    responder.reply_with(late.response_code, late.remark, kept->reply);
  });
  deps_.store.when_durable(end, loop, one_done);
}

// A refusal, too, says the region and whether to trace.
Status Sender::send(rpc::Call& call, const SendMessage& request) {
  const Status stored = store(call, request);
  if (stored) return ok();
  const wire::SendRefusal reply{.region = deps_.options.region_id, .trace_on = trace_text()};
  call.reply_with(stored.error().response_code(), stored.error().remark(), reply);
  return ok();
}

Status Sender::store(rpc::Call& call, const SendMessage& request) {
  TRY(topic, topic_of(request));
  bool is_batch = request.batch.value_or(false) || call.header().code == 320;
  TRY_OK(check(call, request, topic, is_batch));
  auto properties = request.properties.value_or("");
  auto known = message::scan_known(properties);
  TRY(target, redirect_retry(request, topic, call.mono()));
  bool redirected = target != topic;
  TRY_OK(check_kind(request, known, redirected));
  bool picks_queue = request.queue_id.value < 0 || redirected;
  if (picks_queue && target->write_queues <= 0) {
    return Error{Errc::no_permission, fmt::format("topic[{}] has no write queue", target->name)};
  }
  QueueId queue = picks_queue ? QueueId(static_cast<int32_t>(
                                    deps_.random() % static_cast<uint64_t>(target->write_queues)))
                              : request.queue_id;
  const io::Address& peer = call.connection().peer();
  TRY(born_host, message::parse_ip(peer.ip, peer.port));
  message::Draft draft{.topic = target->name,
                       .queue_id = queue,
                       .flag = request.flag,
                       .sys_flag = request.sys_flag,
                       .born = request.born,
                       .born_host = born_host,
                       .store_host = deps_.store_host,
                       .reconsume_times = request.reconsume_times.value_or(0),
                       .body = call.body(),
                       .properties = properties,
                       .more_properties = {}};
  if (target->filter_type == "MULTI_TAG") draft.sys_flag |= message::sys_flag::multi_tags;
  std::string scratch;
  auto key = complete_properties(known, is_batch, redirected, draft, call, scratch);

  auto stored = is_batch ? deps_.store.append_batch(draft) : deps_.store.append(draft);
  if (!stored) return stored.error();
  auto messages = static_cast<int64_t>(std::max<size_t>(1, stored->batch.size()));
  deps_.stats.on_put(target->name, messages, stored->size_bytes);
  const bool is_sync = deps_.options.store.flush_mode == storage::FlushMode::sync;
  answer(call, *stored, queue, key,
         {.for_disk = is_sync && known.wait != "false",
          .for_topic = !deps_.topics.is_saved(target->name)});
  return ok();
}

}  // namespace

void add_send_handlers(rpc::Router& router, const SendDeps& deps) {
  auto sender = std::make_shared<Sender>(deps);
  router.on<SendMessage>([sender](rpc::Call& call, const SendMessage& request) {
    return sender->send(call, request);
  });
  router.on<wire::SendMessageV2>([sender](rpc::Call& call, const wire::SendMessageV2& request) {
    return sender->send(call, request);
  });
  router.on<wire::SendBatchMessage>(
      [sender](rpc::Call& call, const wire::SendBatchMessage& request) {
        return sender->send(call, request);
      });
}

}  // namespace agena::broker
