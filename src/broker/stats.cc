#include "broker/stats.h"

#include <algorithm>

#include "base/assert.h"

namespace agena::broker {
namespace {

constexpr int64_t kTenSecondsMs = 10'000;
constexpr int64_t kTenMinutesMs = 600'000;
constexpr int64_t kHourMs = 3'600'000;
constexpr int64_t kDayMs = 24 * kHourMs;
constexpr size_t kShortSamples = 7;    // 10 s and 10 min apart.
constexpr size_t kHourSamples = 25;    // A day and its start.
constexpr size_t kMomentSamples = 61;  // Ten minutes of 10 s steps.

bool crosses(UnixMillis before, UnixMillis now, int64_t step_ms) {
  return before.value / step_ms != now.value / step_ms;
}

double per_second(int64_t sum, int64_t seconds) {
  return seconds <= 0 ? 0.0 : double(sum) / double(seconds);
}

}  // namespace

void Stats::bump(Items& items, std::string_view key, int64_t value, int64_t times) {
  auto at = items.find(key);
  if (at == items.end()) at = items.try_emplace(std::string(key)).first;
  ASSERT(times >= 0, "calls are counted, not taken back");
  at->second.now.sum += value;
  at->second.now.times += times;
}

void Stats::on_put(std::string_view topic, int64_t messages, int64_t bytes) {
  MutexLock lock(mutex_);
  if (topic_put_nums_ == nullptr) {
    topic_put_nums_ = &by_name_["TOPIC_PUT_NUMS"];
    topic_put_size_ = &by_name_["TOPIC_PUT_SIZE"];
    broker_put_ = &by_name_["BROKER_PUT_NUMS"][std::string(kWholeBroker)];
  }
  broker_put_->now.sum += messages;
  bump(*topic_put_nums_, topic, messages, 1);
  bump(*topic_put_size_, topic, bytes, 1);
  put_ += messages;
}

void Stats::on_get(std::string_view group, std::string_view topic, int64_t messages,
                   int64_t bytes) {
  MutexLock lock(mutex_);
  if (group_get_nums_ == nullptr) {
    group_get_nums_ = &by_name_["GROUP_GET_NUMS"];
    group_get_size_ = &by_name_["GROUP_GET_SIZE"];
    broker_get_ = &by_name_["BROKER_GET_NUMS"][std::string(kWholeBroker)];
  }
  broker_get_->now.sum += messages;
  key_scratch_.assign(topic).append("@").append(group);
  bump(*group_get_nums_, key_scratch_, messages, 1);
  bump(*group_get_size_, key_scratch_, bytes, 1);
  got_ += messages;
}

void Stats::on_send_back(std::string_view group, std::string_view topic) {
  std::string key(topic);
  key.append("@").append(group);
  add("SNDBCK_PUT_NUMS", key, 1);
}

void Stats::on_pull(bool found) {
  MutexLock lock(mutex_);
  ++(found ? found_ : missed_);
}

void Stats::add(std::string_view name, std::string_view key, int64_t value, int64_t times) {
  MutexLock lock(mutex_);
  auto at = by_name_.find(name);
  if (at == by_name_.end()) at = by_name_.try_emplace(std::string(name)).first;
  bump(at->second, key, value, times);
}

void Stats::sample(UnixMillis now) {
  // A counter starts at nothing, one step before its first sample: what was counted until then is
  // part of its first window.
  auto keep = [](std::deque<Counted>& samples, const Counted& value, size_t most, bool is_due) {
    if (samples.empty()) samples.emplace_back();
    if (is_due) samples.push_back(value);
    if (samples.size() > most) samples.pop_front();
  };
  MutexLock lock(mutex_);
  if (last_sample_ == UnixMillis{}) {
    last_sample_ = now;
    today_.at = yesterday_.at = now;
  }
  bool ten_minutes = crosses(last_sample_, now, kTenMinutesMs);
  bool hour = crosses(last_sample_, now, kHourMs);
  for (auto& [name, items] : by_name_) {
    for (auto& [key, item] : items) {
      keep(item.by_10s, item.now, kShortSamples, true);
      keep(item.by_10min, item.now, kShortSamples, ten_minutes);
      keep(item.by_hour, item.now, kHourSamples, hour);
    }
  }
  Moment moment{now, put_, got_, found_, missed_};
  moments_.push_back(moment);
  if (moments_.size() > kMomentSamples) moments_.pop_front();
  if (crosses(last_sample_, now, kDayMs)) {
    yesterday_ = today_;
    today_ = moment;
  }
  last_sample_ = now;
}

Window Stats::window_of(const std::deque<Counted>& samples, int64_t step_s) {
  Window out;
  if (samples.size() < 2) return out;
  const Counted& first = samples.front();
  const Counted& last = samples.back();
  out.sum = last.sum - first.sum;
  out.times = last.times - first.times;
  out.per_second = per_second(out.sum, static_cast<int64_t>(samples.size() - 1) * step_s);
  out.per_call = out.times == 0 ? 0.0 : double(out.sum) / double(out.times);
  return out;
}

bool Stats::windows(std::string_view name, std::string_view key, Windows& out) const {
  MutexLock lock(mutex_);
  auto items = by_name_.find(name);
  if (items == by_name_.end()) return false;
  auto item = items->second.find(key);
  if (item == items->second.end()) return false;
  out.minute = window_of(item->second.by_10s, kTenSecondsMs / 1000);
  out.hour = window_of(item->second.by_10min, kTenMinutesMs / 1000);
  out.day = window_of(item->second.by_hour, kHourMs / 1000);
  return true;
}

Stats::Totals Stats::totals() const {
  MutexLock lock(mutex_);
  Totals out;
  out.put = put_;
  out.got = got_;
  out.put_at_midnight = today_.put;
  out.got_at_midnight = today_.got;
  out.put_day_before = yesterday_.put;
  out.got_day_before = yesterday_.got;
  auto since = [this](size_t steps) REQUIRES(mutex_) -> const Moment* {
    if (moments_.size() < 2) return nullptr;
    return &moments_[moments_.size() - 1 - std::min(steps, moments_.size() - 1)];
  };
  auto fill = [&](int64_t Moment::*count, double& rate_10s, double& rate_1m,
                  double& rate_10m) REQUIRES(mutex_) {
    for (auto [steps, rate] : {std::pair{1, &rate_10s}, {6, &rate_1m}, {60, &rate_10m}}) {
      const Moment* from = since(static_cast<size_t>(steps));
      if (from == nullptr) return;
      const Moment& to = moments_.back();
      const int64_t seconds = std::max<int64_t>(1, (to.at - from->at) / 1000);
      *rate = per_second(to.*count - from->*count, seconds);
    }
  };
  fill(&Moment::put, out.put_rate_10s, out.put_rate_1m, out.put_rate_10m);
  fill(&Moment::got, out.got_rate_10s, out.got_rate_1m, out.got_rate_10m);
  fill(&Moment::found, out.get_found_rate_10s, out.get_found_rate_1m, out.get_found_rate_10m);
  fill(&Moment::missed, out.get_miss_rate_10s, out.get_miss_rate_1m, out.get_miss_rate_10m);
  return out;
}

void Stats::forget_topic(std::string_view topic) {
  std::string prefix(topic);
  prefix.push_back('@');
  MutexLock lock(mutex_);
  for (auto& [name, items] : by_name_) {
    std::erase_if(items, [&](const auto& entry) {
      return entry.first == topic || entry.first.starts_with(prefix);
    });
  }
}

void Stats::forget_group(std::string_view group) {
  std::string suffix = "@" + std::string(group);
  MutexLock lock(mutex_);
  for (auto& [name, items] : by_name_) {
    std::erase_if(items, [&](const auto& entry) { return entry.first.ends_with(suffix); });
  }
}

}  // namespace agena::broker
