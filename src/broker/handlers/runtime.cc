#include "broker/handlers/runtime.h"

#include <fmt/core.h>

#include <array>

#include "base/log.h"
#include "message/names.h"
#include "wire/bodies/kv_table.h"
#include "wire/requests/admin.h"
#include "wire/requests/offsets.h"

namespace agena::broker {
namespace {

using Table = std::map<std::string, std::string>;

// "2.1 KiB"; tools take number and unit apart at the blank.
std::string human_bytes(uint64_t bytes) {
  constexpr std::array<std::string_view, 6> units = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string three_rates(double ten_seconds, double minute, double ten_minutes) {
  return fmt::format("{:.2f} {:.2f} {:.2f}", ten_seconds, minute, ten_minutes);
}

std::string run_time(int64_t ms) {
  constexpr int64_t second = 1000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;
  return fmt::format("[ {} days, {} hours, {} minutes, {} seconds ]", ms / day, ms % day / hour,
                     ms % hour / minute, ms % minute / second);
}

void add_store_figures(Table& table, const storage::StoreState& state, UnixMillis now) {
  auto put = [&table](const char* key, auto value) { table[key] = fmt::format("{}", value); };
  auto messages = std::max<uint64_t>(1, state.messages_appended);
  put("bootTimestamp", state.started.value);
  table["runtime"] = run_time(std::max<int64_t>(0, now - state.started));
  put("expiredUnconsumedBytes", state.expired_unconsumed_bytes);  // Ours.
  put("putMessageEntireTimeMax", state.append_time_max_us / 1000);
  put("putMessageTimesTotal", messages);
  put("putMessageFailedTimes", 0);
  put("putMessageSizeTotal", state.bytes_appended);
  table["putMessageAverageSize"] =
      fmt::format("{:.1f}", static_cast<double>(state.bytes_appended) / double(messages));
  // Java shows the minute before last here, most of the time all zero.
  table["putMessageDistributeTime"] =
      "[<=0ms]:0 [0~10ms]:0 [10~50ms]:0 [50~100ms]:0 [100~200ms]:0 [200~500ms]:0 [500ms~1s]:0 "
      "[1~2s]:0 [2~3s]:0 [3~4s]:0 [4~5s]:0 [5~10s]:0 [10s~]:0 ";
  put("dispatchMaxBuffer", 0);
  put("getMessageEntireTimeMax", 0);
  table["putLatency99"] = table["putLatency999"] = "0.00";
  table["commitLogDiskRatio"] = fmt::format("{:.2f}", state.log_disk_ratio);
  table["consumeQueueDiskRatio"] = fmt::format("{:.2f}", state.queue_disk_ratio);
  put("commitLogMinOffset", state.begin.value);
  put("commitLogMaxOffset", state.written.value);
  put("dispatchBehindBytes", state.dispatch_behind_bytes);
  put("pageCacheLockTimeMills", 0);
  put("earliestMessageTimeStamp",
      state.earliest_message.value > 0 ? state.earliest_message.value : int64_t{-1});
  put("remainTransientStoreBufferNumbs", std::numeric_limits<int32_t>::max());
  auto unflushed = std::max<int64_t>(0, state.written - state.flushed);
  table["remainHowManyDataToFlush"] = human_bytes(static_cast<uint64_t>(unflushed));
}

void add_traffic(Table& table, const Stats::Totals& totals) {
  auto put = [&table](const char* key, auto value) { table[key] = fmt::format("{}", value); };
  put("msgPutTotalYesterdayMorning", totals.put_day_before);
  put("msgPutTotalTodayMorning", totals.put_at_midnight);
  put("msgPutTotalTodayNow", totals.put);
  put("msgGetTotalYesterdayMorning", totals.got_day_before);
  put("msgGetTotalTodayMorning", totals.got_at_midnight);
  put("msgGetTotalTodayNow", totals.got);
  table["putTps"] = three_rates(totals.put_rate_10s, totals.put_rate_1m, totals.put_rate_10m);
  table["getFoundTps"] =
      three_rates(totals.get_found_rate_10s, totals.get_found_rate_1m, totals.get_found_rate_10m);
  table["getMissTps"] =
      three_rates(totals.get_miss_rate_10s, totals.get_miss_rate_1m, totals.get_miss_rate_10m);
  table["getTotalTps"] = three_rates(totals.get_found_rate_10s + totals.get_miss_rate_10s,
                                     totals.get_found_rate_1m + totals.get_miss_rate_1m,
                                     totals.get_found_rate_10m + totals.get_miss_rate_10m);
  table["getTransferredTps"] =
      three_rates(totals.got_rate_10s, totals.got_rate_1m, totals.got_rate_10m);
  table["getTransferedTps"] = table["getTransferredTps"];  // As brokers before 5.0 spelled it.
}

// Figures of parts that work otherwise here, or not yet.
void add_constants(Table& table) {
  static const std::pair<const char*, const char*> rows[] = {
      {"brokerActive", "true"},
      {"startAcceptSendRequestTimeStamp", "0"},
      {"timerReadBehind", "0"},
      {"timerOffsetBehind", "0"},
      {"timerCongestNum", "0"},
      {"timerEnqueueTps", "0.0"},
      {"timerDequeueTps", "0.0"},
      {"sendThreadPoolQueueSize", "0"},
      {"sendThreadPoolQueueCapacity", "10000"},
      {"sendThreadPoolQueueHeadWaitTimeMills", "0"},
      {"pullThreadPoolQueueSize", "0"},
      {"pullThreadPoolQueueCapacity", "100000"},
      {"pullThreadPoolQueueHeadWaitTimeMills", "0"},
      {"litePullThreadPoolQueueSize", "0"},
      {"litePullThreadPoolQueueCapacity", "100000"},
      {"litePullThreadPoolQueueHeadWaitTimeMills", "0"},
      {"queryThreadPoolQueueSize", "0"},
      {"queryThreadPoolQueueCapacity", "20000"},
      {"queryThreadPoolQueueHeadWaitTimeMills", "0"},
      {"ackThreadPoolQueueSize", "0"},
      {"ackThreadPoolQueueCapacity", "100000"},
      {"ackThreadPoolQueueHeadWaitTimeMills", "0"},
      {"EndTransactionQueueSize", "0"},
      {"EndTransactionThreadPoolQueueCapacity", "100000"}};
  for (const auto& [key, value] : rows) table[key] = value;
}

Status runtime_info(rpc::Call& call, const RuntimeDeps& deps) {
  wire::KvTable body;
  auto state = deps.store.state();
  add_constants(body.table);
  add_store_figures(body.table, state, deps.clock.wall());
  add_traffic(body.table, deps.stats.totals());
  body.table["brokerVersionDesc"] = "V5_5_0";
  body.table["brokerVersion"] = fmt::format("{}", wire::kWireVersion);
  body.table["commitLogDiskRatio_" + deps.options.store.log_dir] = body.table["commitLogDiskRatio"];
  if (auto space = deps.files.space(deps.options.store.root_dir)) {
    body.table["commitLogDirCapacity"] = fmt::format(
        "Total : {}, Free : {}.", human_bytes(space->total_bytes), human_bytes(space->free_bytes));
  }
  call.reply_body(json::to_json(body));
  return ok();
}

// A file that a feature not served yet has left in config/, as it is; `empty` when there is none.
void answer_file(rpc::Call& call, std::string path, std::string empty, const RuntimeDeps& deps) {
  deps.background.post([later = call.defer(), path = std::move(path), empty = std::move(empty),
                        &files = deps.files] {
    auto text = files.exists(path) ? io::read_text(files, path) : Result<std::string>(empty);
    if (text) {
      later.reply(0, {}, as_bytes(*text));
    } else {
      later.fail(text.error());
    }
  });
}

void run_later(rpc::Call& call, const RuntimeDeps& deps, std::function<Status()> work) {
  AGENA_LOG(info, "broker", "{} asks to tidy up ({})", call.connection().peer().text(),
            wire::request_name(call.header().code));
  deps.background.post([later = call.defer(), work = std::move(work)] {
    Status done = work();
    if (done) {
      later.reply(0, {});
    } else {
      later.fail(done.error());
    }
  });
}

// Queues whose topic is gone, as a crash between a topic's deletion and that of its queues leaves.
Status delete_unused_topics(const RuntimeDeps& deps) {
  for (const auto& topic : deps.store.topics()) {
    if (deps.topics.find(topic) || deps.topics.is_system(topic) || message::is_lmq(topic)) continue;
    AGENA_LOG(info, "broker", "queues of topic {} are removed: there is no such topic", topic);
    TRY_OK(deps.store.delete_topic(topic));
    deps.stats.forget_topic(topic);
  }
  return ok();
}

}  // namespace

void add_runtime_handlers(rpc::Router& router, const RuntimeDeps& deps) {
  const std::string dir = deps.options.store.root_dir + "/config/";
  router.on<wire::GetBrokerRuntimeInfo>(
      [deps](rpc::Call& call, const auto&) { return runtime_info(call, deps); });
  router.on<wire::GetAllDelayOffset>([deps, dir](rpc::Call& call, const auto&) {
    answer_file(call, dir + "delayOffset.json",
                R"({"dataVersion":{"counter":0,"stateVersion":0,"timestamp":0},"offsetTable":{}})",
                deps);
    return ok();
  });
  router.on<wire::GetAllMessageRequestMode>([deps, dir](rpc::Call& call, const auto&) {
    answer_file(call, dir + "messageRequestMode.json", R"({"messageRequestModeMap":{}})", deps);
    return ok();
  });
  // Retention looks at queues and log together, so both orders are one.
  router.on<wire::CleanExpiredConsumeQueue>([deps](rpc::Call& call, const auto&) {
    run_later(call, deps, [&store = deps.store] { return store.delete_expired_files(); });
    return ok();
  });
  router.on<wire::DeleteExpiredCommitLog>([deps](rpc::Call& call, const auto&) {
    run_later(call, deps, [&store = deps.store] { return store.delete_expired_files(); });
    return ok();
  });
  router.on<wire::CleanUnusedTopic>([deps](rpc::Call& call, const auto&) {
    run_later(call, deps, [deps] { return delete_unused_topics(deps); });
    return ok();
  });
}

}  // namespace agena::broker
