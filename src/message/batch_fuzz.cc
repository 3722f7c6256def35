// Goal: no bytes make the batch reader read out of bounds; what it accepts it can build again.
#include <string>

#include "base/assert.h"
#include "message/batch.h"

using namespace agena;
using namespace agena::message;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes input = std::as_bytes(std::span(data, size));
  const Result<BatchTotals> totals = check_batch(input);
  std::string again;
  int32_t items = 0;
  BatchReader reader(input);
  while (std::optional<BatchItem> item = reader.next()) {
    ++items;
    const Status added = append_batch_item(again, *item);
    ASSERT(added, "an item that was read fits the format");
  }
  ASSERT(static_cast<bool>(totals) == (reader.status() && size > 0));
  if (totals) ASSERT(totals->items == items && again.size() == size);
  return 0;
}
