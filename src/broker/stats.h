// What the broker counts for operators: messages in and out, a topic and a group at a time, with
// rates over the last minute, hour and day.
//
// Over:    base/.  Under: handlers/ (send, pull: counting; views: reading), broker.h (sampling).
// Threads: any; counting takes one short lock and allocates only for a name's first message.
// Source:  statistics names and windows of request 315 and runtime table 28; docs/compatibility.md.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/ids.h"
#include "base/string_key.h"
#include "base/thread.h"

namespace agena::broker {

// Sum and number of calls up to some moment.
struct Counted {
  int64_t sum = 0;
  int64_t times = 0;
};

struct Window {
  int64_t sum = 0;    // Within the window.
  int64_t times = 0;  // Calls that made it up.
  double per_second = 0;
  double per_call = 0;
};
struct Windows {
  Window minute, hour, day;
};

class Stats {
 public:
  // The key of BROKER_PUT_NUMS and BROKER_GET_NUMS here; operators ask by the cluster's name.
  static constexpr std::string_view kWholeBroker = "";

  void on_put(std::string_view topic, int64_t messages, int64_t bytes);
  void on_get(std::string_view group, std::string_view topic, int64_t messages, int64_t bytes);
  void on_send_back(std::string_view group, std::string_view topic);
  // One call of a name of request 315, such as TOPIC_PUT_NUMS and GROUP_GET_SIZE.
  void add(std::string_view name, std::string_view key, int64_t value, int64_t times = 1);

  // Every 10 s, 10 min and hour on the wall clock's beat; `now` decides which are due.
  void sample(UnixMillis now);
  // False when nothing was ever counted under that name and key.
  bool windows(std::string_view name, std::string_view key, Windows& out) const;

  // Totals of this broker since its start, and at the last midnights, for the runtime table.
  struct Totals {
    int64_t put = 0, got = 0;
    int64_t put_at_midnight = 0, got_at_midnight = 0;            // Start of today.
    int64_t put_day_before = 0, got_day_before = 0;              // Start of yesterday.
    double put_rate_10s = 0, put_rate_1m = 0, put_rate_10m = 0;  // Messages a second.
    double got_rate_10s = 0, got_rate_1m = 0, got_rate_10m = 0;
    double get_found_rate_10s = 0, get_miss_rate_10s = 0;  // Pulls a second.
    double get_found_rate_1m = 0, get_miss_rate_1m = 0;
    double get_found_rate_10m = 0, get_miss_rate_10m = 0;
  };
  Totals totals() const;
  void on_pull(bool found);

  void forget_topic(std::string_view topic);
  void forget_group(std::string_view group);

 private:
  struct Item {
    Counted now;
    // Newest last: 10 s apart (7 kept), 10 min apart (7), 1 h apart (25).
    std::deque<Counted> by_10s, by_10min, by_hour;
  };
  using Items = std::unordered_map<std::string, Item, StringKeyHash, std::equal_to<>>;
  struct Moment {
    UnixMillis at;
    int64_t put = 0, got = 0, found = 0, missed = 0;
  };
  static Window window_of(const std::deque<Counted>& samples, int64_t step_s);
  void bump(Items& items, std::string_view key, int64_t value, int64_t times) REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::unordered_map<std::string, Items, StringKeyHash, std::equal_to<>> by_name_
      GUARDED_BY(mutex_);
  Items* topic_put_nums_ GUARDED_BY(mutex_) = nullptr;  // The hot rows of by_name_.
  Items* topic_put_size_ GUARDED_BY(mutex_) = nullptr;
  Items* group_get_nums_ GUARDED_BY(mutex_) = nullptr;
  Items* group_get_size_ GUARDED_BY(mutex_) = nullptr;
  Item* broker_put_ GUARDED_BY(mutex_) = nullptr;
  Item* broker_get_ GUARDED_BY(mutex_) = nullptr;
  std::string key_scratch_ GUARDED_BY(mutex_);
  int64_t put_ GUARDED_BY(mutex_) = 0;
  int64_t got_ GUARDED_BY(mutex_) = 0;
  int64_t found_ GUARDED_BY(mutex_) = 0;
  int64_t missed_ GUARDED_BY(mutex_) = 0;
  std::deque<Moment> moments_ GUARDED_BY(mutex_);  // 10 s apart, 10 min kept.
  Moment today_ GUARDED_BY(mutex_), yesterday_ GUARDED_BY(mutex_);
  UnixMillis last_sample_ GUARDED_BY(mutex_);
};

}  // namespace agena::broker
