// Goal: no bytes make the record decoder read out of bounds, and what it accepts encodes again.
#include <cstring>
#include <string>

#include "base/assert.h"
#include "message/properties.h"
#include "message/record_format.h"
#include "message/sys_flag.h"

using namespace agena;
using namespace agena::message;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes input = std::as_bytes(std::span(data, size));
  const std::optional<RecordHead> head = peek(input);
  const PropertyCrc crc = check_property_crc(input);
  ASSERT(crc != PropertyCrc::matches || size > 20);
  const Result<RecordView> view = decode(input, Verify::none);
  if (!view) return 0;
  ASSERT(head && head->size == view->size && head->store_time == view->store_time);
  (void)scan_known(view->properties);

  const Draft draft = draft_of(*view);
  const Placement place{.physical_offset = view->physical_offset,
                        .queue_offset = view->queue_offset,
                        .store_time = view->store_time,
                        .version = view->version};
  const Result<size_t> again = encoded_size(draft, place.version);
  if (!again || place.physical_offset.value < 0) return 0;  // The 0x02 may not have fitted.
  std::string out(*again, '\0');
  encode(draft, place, std::as_writable_bytes(std::span(out)));
  const Result<RecordView> second = decode(as_bytes(out), Verify::crc);
  ASSERT(second && second->topic == view->topic && second->sys_flag == view->sys_flag);
  ASSERT(second->properties.starts_with(view->properties));
  ASSERT(as_text(second->body) == as_text(view->body));
  return 0;
}
