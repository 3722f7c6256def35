#include "message/properties.h"

#include <array>

#include "base/byte_scan.h"

namespace agena::message {

PropertyRange::Iterator& PropertyRange::Iterator::operator++() {
  const char* at = rest_.data();
  const char* end = at + rest_.size();
  while (at != end) {
    const char* name = at;
    const char* split = find_either(at, end, kNameEnd, kValueEnd);
    if (split == end || *split == kValueEnd) {
      at = split == end ? end : split + 1;
      continue;
    }
    const char* value = split + 1;
    const char* stop = find_either(value, end, kValueEnd, kValueEnd);
    at = stop == end ? end : stop + 1;
    if (name == split || value == stop) continue;
    current_ = {.name = {name, static_cast<size_t>(split - name)},
                .value = {value, static_cast<size_t>(stop - value)}};
    rest_ = {at, static_cast<size_t>(end - at)};
    return *this;
  }
  rest_ = {};
  done_ = true;
  return *this;
}

std::optional<std::string_view> find_property(std::string_view text, std::string_view name) {
  std::optional<std::string_view> found;
  for (const Property& entry : each_property(text)) {
    if (entry.name == name) found = entry.value;  // Go on: the last one counts.
  }
  return found;
}

void append_property(std::string& text, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  if (!text.empty() && text.back() != kValueEnd) text.push_back(kValueEnd);
  text.append(name).push_back(kNameEnd);
  text.append(value).push_back(kValueEnd);
}

void remove_property(std::string& text, std::string_view name) {
  size_t at = 0;
  while (at < text.size()) {
    std::string_view rest = std::string_view(text).substr(at);
    size_t end = rest.find(kValueEnd);
    size_t length = end == std::string_view::npos ? rest.size() : end + 1;
    bool is_named = rest.size() > name.size() && rest[name.size()] == kNameEnd &&
                    rest.substr(0, name.size()) == name && name.size() < length;
    if (is_named) {
      text.erase(at, length);
    } else {
      at += length;
    }
  }
}

void set_property(std::string& text, std::string_view name, std::string_view value) {
  remove_property(text, name);
  append_property(text, name, value);
}

bool is_valid(std::string_view name, std::string_view value) {
  return !name.empty() && !value.empty() && name.find(kNameEnd) == std::string_view::npos &&
         name.find(kValueEnd) == std::string_view::npos &&
         value.find(kValueEnd) == std::string_view::npos;
}

bool is_whole(std::string_view text) {
  return text.empty() || text.back() != '\0';
}

namespace {

struct KnownName {
  std::string_view name;
  std::string_view KnownProperties::*member;
};

using K = KnownProperties;
// Sorted by length, so that a name is compared with the few of its own length only.
constexpr std::array kKnown = {
    KnownName{property::time_to_live, &K::time_to_live},                          // 3
    KnownName{property::keys, &K::keys},                                          // 4
    KnownName{property::tags, &K::tags},                                          //
    KnownName{property::wait, &K::wait},                                          //
    KnownName{property::delay_level, &K::delay_level},                            // 5
    KnownName{property::producer_group, &K::producer_group},                      // 6
    KnownName{property::pop_check_point, &K::pop_check_point},                    //
    KnownName{property::cluster, &K::cluster},                                    // 7
    KnownName{property::uniq_key, &K::uniq_key},                                  // 8
    KnownName{property::transaction_prepared, &K::transaction_prepared},          //
    KnownName{property::real_queue_id, &K::real_queue_id},                        //
    KnownName{property::message_type, &K::message_type},                          //
    KnownName{property::trace_switch, &K::trace_switch},                          //
    KnownName{property::crc32, &K::crc32},                                        //
    KnownName{property::inner_num, &K::inner_num},                                // 9
    KnownName{property::real_topic, &K::real_topic},                              // 10
    KnownName{property::inner_base, &K::inner_base},                              //
    KnownName{property::region, &K::region},                                      //
    KnownName{property::born_host, &K::born_host},                                //
    KnownName{property::retry_topic, &K::retry_topic},                            // 11
    KnownName{property::instance_id, &K::instance_id},                            //
    KnownName{property::origin_group, &K::origin_group},                          // 12
    KnownName{property::first_pop_time, &K::first_pop_time},                      //
    KnownName{property::timer_out_ms, &K::timer_out_ms},                          //
    KnownName{property::lite_topic, &K::lite_topic},                              //
    KnownName{property::sharding_key, &K::sharding_key},                          // 13
    KnownName{property::timer_delay_ms, &K::timer_delay_ms},                      // 14
    KnownName{property::correlation_id, &K::correlation_id},                      //
    KnownName{property::reconsume_time, &K::reconsume_time},                      //
    KnownName{property::born_timestamp, &K::born_timestamp},                      //
    KnownName{property::timer_delay_sec, &K::timer_delay_sec},                    // 15
    KnownName{property::reply_to_client, &K::reply_to_client},                    //
    KnownName{property::timer_deliver_ms, &K::timer_deliver_ms},                  // 16
    KnownName{property::timer_enqueue_ms, &K::timer_enqueue_ms},                  //
    KnownName{property::timer_dequeue_ms, &K::timer_dequeue_ms},                  //
    KnownName{property::timer_roll_times, &K::timer_roll_times},                  //
    KnownName{property::dlq_origin_topic, &K::dlq_origin_topic},                  //
    KnownName{property::transaction_id, &K::transaction_id},                      // 17
    KnownName{property::origin_message_id, &K::origin_message_id},                //
    KnownName{property::timer_delay_level, &K::timer_delay_level},                //
    KnownName{property::timer_delete_uniq_key, &K::timer_delete_uniq_key},        //
    KnownName{property::priority, &K::priority},                                  // 18
    KnownName{property::max_reconsume_times, &K::max_reconsume_times},            // 19
    KnownName{property::inner_multi_dispatch, &K::inner_multi_dispatch},          // 20
    KnownName{property::dlq_origin_message_id, &K::dlq_origin_message_id},        // 21
    KnownName{property::transaction_check_times, &K::transaction_check_times},    // 23
    KnownName{property::inner_multi_queue_offset, &K::inner_multi_queue_offset},  // 24
    KnownName{property::prepared_queue_offset, &K::prepared_queue_offset},        // 26
    KnownName{property::check_immunity_seconds, &K::check_immunity_seconds},      // 30
};
constexpr size_t kLongestKnown = kKnown.back().name.size();

// first_of[n] is the first row whose name has at least n bytes.
constexpr auto kFirstOfLength = [] {
  std::array<uint8_t, kLongestKnown + 2> first_of{};
  for (size_t length = 0; length < first_of.size(); ++length) {
    size_t row = 0;
    while (row < kKnown.size() && kKnown[row].name.size() < length) ++row;
    first_of[length] = static_cast<uint8_t>(row);
  }
  return first_of;
}();
constexpr bool is_sorted_by_length() {
  for (size_t i = 1; i < kKnown.size(); ++i) {
    if (kKnown[i - 1].name.size() > kKnown[i].name.size()) return false;
  }
  return true;
}
static_assert(is_sorted_by_length());

}  // namespace

KnownProperties scan_known(std::string_view text) {
  KnownProperties known;
  for (const Property& entry : each_property(text)) {
    size_t length = entry.name.size();
    if (entry.name.starts_with(property::transient_prefix)) known.has_transient = true;
    if (length > kLongestKnown) continue;
    for (size_t row = kFirstOfLength[length]; row < kFirstOfLength[length + 1]; ++row) {
      if (kKnown[row].name == entry.name) {
        known.*kKnown[row].member = entry.value;
        break;
      }
    }
  }
  return known;
}

bool is_reserved(std::string_view property_name) {
  using namespace property;
  static constexpr std::array kReserved = {
      trace_switch,
      region,
      keys,
      tags,
      wait,
      delay_level,
      retry_topic,
      origin_group,
      real_topic,
      real_queue_id,
      producer_group,
      transaction_prepared,
      min_offset,
      max_offset,
      buyer_id,
      origin_message_id,
      transfer_flag,
      correction_flag,
      mq2_flag,
      reconsume_time,
      uniq_key,
      first_pop_time,
      pop_check_point,
      pop_check_point_offset,
      dup_info,
      extend_uniq_info,
      max_reconsume_times,
      instance_id,
      correlation_id,
      consume_start_time,
      reply_to_client,
      time_to_live,
      prepared_queue_offset,
      push_reply_time,
      cluster,
      reply_arrive_time,
      message_type,
      timer_delay_ms,
      inner_multi_queue_offset,
      timer_delay_sec,
      timer_deliver_ms,
      timer_enqueue_ms,
      timer_dequeue_ms,
      timer_roll_times,
      timer_out_ms,
      timer_delay_level,
      born_host,
      timer_delete_uniq_key,
      born_timestamp,
      dlq_origin_topic,
      dlq_origin_message_id,
      crc32,
      priority,
      lite_topic,
  };
  for (Name reserved : kReserved) {
    if (reserved == property_name) return true;
  }
  return false;
}

}  // namespace agena::message
