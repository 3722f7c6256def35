// Goal: any text is an id or is refused; ids print as they were read. Subscriptions, names and
// addresses, which come from the same hands, are read along.
#include <algorithm>
#include <cctype>
#include <string>

#include "base/assert.h"
#include "message/host.h"
#include "message/message_id.h"
#include "message/names.h"
#include "message/tag.h"

using namespace agena;
using namespace agena::message;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string upper(text);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (Result<OffsetId> id = parse_offset_id(text)) ASSERT(offset_id_text(*id) == upper);
  if (Result<UniqueKey> key = parse_unique_key(text)) {
    ASSERT(unique_key_text(*key) == upper);
    const UnixMillis now(1'700'000'000'000);
    ASSERT(month_start(now, 0) <= now);
    (void)unique_key_time(*key, now, 60);
  }
  if (Result<TagSubscription> read = parse_tag_subscription(text)) {
    ASSERT(read->takes_all == (text.empty() || text == kSubscribeAll));
    for (const std::string& tag : read->tags) ASSERT(read->takes(tag_code(tag)));
    ASSERT(std::is_sorted(read->tag_codes.begin(), read->tag_codes.end()));
  }
  if (Result<Host> host = parse_host(text)) ASSERT(*parse_host(host_text(*host)) == *host);
  if (check_topic(text)) ASSERT(text.find('/') == std::string_view::npos && size <= 255);
  if (check_group(text)) ASSERT(check_topic(retry_topic(text)));
  return 0;
}
