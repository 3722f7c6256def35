#include "message/batch.h"

#include <limits>

#include "base/assert.h"
#include "message/record_format.h"

namespace agena::message {

std::optional<BatchItem> BatchReader::next() {
  if (fault_ != nullptr || rest_.empty()) return {};
  ByteReader reader(rest_);
  const int32_t total = reader.take<int32_t>();
  reader.take_bytes(8);  // Magic and CRC: zero from every known client, checked by nobody.
  BatchItem item;
  item.flag = reader.take<int32_t>();
  item.body = reader.take_counted(reader.take<int32_t>());
  item.properties = reader.take_text(reader.take<int16_t>());
  const size_t used = rest_.size() - reader.left();
  if (!reader.ok()) {
    fault_ = "a batch item's length points beyond the body";
  } else if (total < 0 || static_cast<size_t>(total) != used) {
    fault_ = "a batch item's total differs from its parts";
  }
  if (fault_ != nullptr) return {};
  ASSERT(used == kBatchItemOverhead + item.body.size() + item.properties.size());
  rest_ = rest_.subspan(used);
  return item;
}

Status BatchReader::status() const {
  if (fault_ != nullptr) return Error{Errc::message_illegal, fault_};
  return ok();
}

Result<BatchTotals> check_batch(Bytes body) {
  if (body.empty()) return Error{Errc::message_illegal, "the batch is empty"};
  BatchTotals totals;
  BatchReader reader(body);
  while (std::optional<BatchItem> item = reader.next()) {
    ++totals.items;
    totals.body_bytes += item->body.size();
    totals.properties_bytes += item->properties.size();
  }
  TRY_OK(reader.status());
  return totals;
}

Status append_batch_item(std::string& out, const BatchItem& item) {
  if (item.properties.size() > kPropertiesBytesMax) {
    return Error{Errc::message_illegal, "properties are longer than 32767 bytes"};
  }
  const size_t total = kBatchItemOverhead + item.body.size() + item.properties.size();
  if (total > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    return Error{Errc::message_illegal, "the message is larger than 2 GiB"};
  }
  append_be<int32_t>(out, static_cast<int32_t>(total));
  append_be<int32_t>(out, 0);
  append_be<int32_t>(out, 0);
  append_be<int32_t>(out, item.flag);
  append_be<int32_t>(out, static_cast<int32_t>(item.body.size()));
  out.append(as_text(item.body));
  append_be<int16_t>(out, static_cast<int16_t>(item.properties.size()));
  out.append(item.properties);
  return ok();
}

}  // namespace agena::message
