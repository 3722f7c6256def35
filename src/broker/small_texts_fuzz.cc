// Any text as one of the small languages that clients and operators write: tag expressions, names,
// addresses, address ranges, attribute changes. Never a crash, and what is taken says the same
// after it was written and read again. The first byte chooses.
#include <array>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "broker/attributes.h"
#include "message/host.h"
#include "message/names.h"
#include "message/tag.h"
#include "rpc/address_range.h"

using namespace agena;

namespace {

void try_tags(std::string_view text) {
  const auto parsed = message::parse_tag_subscription(text);
  if (!parsed) {
    ASSERT(parsed.error().code == Errc::subscription_parse_failed);
    return;
  }
  std::string joined = parsed->takes_all ? "*" : "";
  for (const std::string& tag : parsed->tags) {
    ASSERT(parsed->takes(message::tag_code(tag)));
    joined += (joined.empty() ? "" : " || ") + tag;
  }
  if (joined.empty() || joined == message::kSubscribeAll) return;  // ` * ` is a tag, `*` is not.
  const auto again = message::parse_tag_subscription(joined);
  ASSERT(again && again->tags == parsed->tags && again->tag_codes == parsed->tag_codes);
}

void try_names(std::string_view text) {
  const std::string name(text);
  if (message::check_topic(text)) {
    ASSERT(!text.empty() && text.size() <= message::kRetryTopicLengthMax);
    ASSERT(text.find_first_of("/.@ ") == text.npos, "a topic is a directory and part of a key");
  }
  if (message::check_group(text)) {
    ASSERT(!text.empty() && text.size() <= message::kGroupLengthMax);
    const std::string retry = message::retry_topic(text);
    ASSERT(message::check_topic(retry) && message::is_retry_topic(retry));
    ASSERT(message::group_of_retry_topic(retry) == text);
    ASSERT(message::group_of_retry_topic(message::dlq_topic(text)) == text);
    for (auto version : {message::PopRetryVersion::v1, message::PopRetryVersion::v2}) {
      const std::string pop = message::pop_retry_topic("topic", text, version);
      ASSERT(message::normal_topic(pop, text) == "topic");
    }
  }
  ASSERT(message::is_system_topic(text) <= message::is_system_topic(text, {"cluster", "broker"}));
  (void)message::is_send_refused(text);
  (void)message::is_system_group(text);
}

void try_address(std::string_view text) {
  const auto host = message::parse_host(text);
  if (!host) return;
  const std::string plain = message::host_text(*host);
  const auto again = message::parse_host(plain);
  ASSERT(again && message::host_text(*again) == plain);
  ASSERT(again->ip_length == host->ip_length && again->port == host->port);
}

void try_range(std::string_view text) {
  const auto range = rpc::parse_address_range(text);
  if (!range) {
    ASSERT(range.error().code == Errc::bad_config);
    return;
  }
  ASSERT(range->prefix_bits >= 0 && range->prefix_bits <= range->first.ip_length * 8);
  ASSERT(range->contains(range->first));
}

void try_attributes(std::string_view text) {
  const auto changes = broker::parse_attribute_changes(text);
  if (!changes) {
    ASSERT(changes.error().code == Errc::system_error && !changes.error().text.empty());
    return;
  }
  for (auto owner : {broker::AttributeOwner::topic, broker::AttributeOwner::group}) {
    const auto made = broker::alter_attributes(owner, true, {}, *changes);
    if (!made) continue;
    ASSERT(made->size() == changes->size(), "a new topic takes all of its attributes");
    broker::Attributes removal;
    for (const auto& [key, value] : *made) removal.emplace("-" + key, "");
    if (const auto rest = broker::alter_attributes(owner, false, *made, removal)) {
      ASSERT(rest->empty());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static constexpr std::array kLanguages = {&try_tags, &try_names, &try_address, &try_range,
                                            &try_attributes};
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  kLanguages[data[0] % kLanguages.size()](text);
  return 0;
}
