// Message properties in stored form: name 0x01 value 0x02, repeated. Read in place, never as a map.
//
// Over:     base/.  Under: record_format.h, storage/ (dispatch), broker/ (send), client/.
// Threads:  pure functions.  Lifetime: views into the text given.
// Reading:  as RocketMQ's readers do: an entry without 0x01, without name or without value is
//           skipped, the last 0x02 may be missing, and of entries with one name the last counts.
//           An empty value can therefore stand for "absent" everywhere.
// Source:   docs/formats/properties.md.
#pragma once
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "message/property_names.h"

namespace agena::message {

inline constexpr char kNameEnd = '\x01';
inline constexpr char kValueEnd = '\x02';

struct Property {
  std::string_view name;
  std::string_view value;

  friend bool operator==(const Property&, const Property&) = default;
};

// `for (auto [name, value] : each_property(text))`: the readable entries, in stored order.
class PropertyRange {
 public:
  class Iterator {
   public:
    using value_type = Property;
    using difference_type = std::ptrdiff_t;
    explicit Iterator(std::string_view rest) : rest_(rest) { ++*this; }
    const Property& operator*() const { return current_; }
    Iterator& operator++();
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return done_; }

   private:
    std::string_view rest_;
    Property current_;
    bool done_ = false;
  };
  explicit PropertyRange(std::string_view text) : text_(text) {}
  Iterator begin() const { return Iterator(text_); }
  std::default_sentinel_t end() const { return {}; }

 private:
  std::string_view text_;
};
inline PropertyRange each_property(std::string_view text) {
  return PropertyRange(text);
}

std::optional<std::string_view> find_property(std::string_view text, std::string_view name);

// Adds an entry, and the 0x02 of the one before if that lacks it. An empty value adds nothing, as
// no reader would see it. Separators inside name or value are a caller's mistake (is_valid()).
void append_property(std::string& text, std::string_view name, std::string_view value);
// Removes every entry of that name; all other bytes stay as they are.
void remove_property(std::string& text, std::string_view name);
// Removes, then appends.
void set_property(std::string& text, std::string_view name, std::string_view value);

// Whether an entry would come back from a reader as it went in.
bool is_valid(std::string_view name, std::string_view value);

// Whether stored properties end as writers end them, which is not with the zeros that a write
// leaves that was cut off. Java stores the properties of batch items as they came, whatever they
// are.
bool is_whole(std::string_view text);

// One pass over the text for all that a broker wants to know about a message on its way in or into
// the queues. Empty means absent.
struct KnownProperties {
  std::string_view tags, keys, uniq_key, wait;
  std::string_view delay_level, timer_delay_ms, timer_delay_sec, timer_deliver_ms, timer_out_ms;
  std::string_view timer_enqueue_ms, timer_dequeue_ms, timer_roll_times, timer_delay_level;
  std::string_view timer_delete_uniq_key;
  std::string_view transaction_prepared, producer_group, transaction_id;
  std::string_view transaction_check_times, check_immunity_seconds, prepared_queue_offset;
  std::string_view real_topic, real_queue_id, retry_topic, origin_group, origin_message_id;
  std::string_view reconsume_time, max_reconsume_times;
  std::string_view pop_check_point, first_pop_time;
  std::string_view sharding_key, lite_topic, priority;
  std::string_view inner_num, inner_base, inner_multi_dispatch, inner_multi_queue_offset;
  std::string_view message_type, reply_to_client, correlation_id, time_to_live;
  std::string_view cluster, region, trace_switch, instance_id, born_host, born_timestamp;
  std::string_view dlq_origin_topic, dlq_origin_message_id, crc32;
  bool has_transient = false;  // Some name starts with __RMQ.TRANSIENT.: it must not be stored.
};
KnownProperties scan_known(std::string_view text);

// KEYS is a list: calls visit(key) for each, in order, blanks skipped.
template <typename Visit>
void for_each_key(std::string_view keys, Visit&& visit) {
  while (!keys.empty()) {
    size_t end = keys.find(' ');
    std::string_view key = keys.substr(0, end);
    if (!key.empty()) visit(key);
    if (end == std::string_view::npos) return;
    keys.remove_prefix(end + 1);
  }
}

}  // namespace agena::message
