// The body of SEND_BATCH_MESSAGE: several messages of one topic, each an item
//   int32 total, int32 magic (0), int32 crc (0), int32 flag, int32 n + body, int16 n + properties.
//
// Over:     base/bytes.h.  Under: storage/ (append_batch), broker/ (send), client/ (producer).
// Threads:  one owner at a time.  Lifetime: items view the body.
// Errors:   Errc::message_illegal for items that do not fill the body exactly.
// Source:   docs/formats/batch.md. Magic and CRC are not looked at, as in RocketMQ; totals are.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace agena::message {

inline constexpr size_t kBatchItemOverhead = 4 + 4 + 4 + 4 + 4 + 2;

// The answer lists their ids, of up to 57 bytes, in a header whose length has 24 bits. As many as
// an ordinary broker takes at all: 4 MiB of empty items.
inline constexpr size_t kBatchItemsMax = 200'000;
static_assert(kBatchItemsMax * 57 < 0xFF'0000 && kBatchItemsMax * kBatchItemOverhead > 4 << 20);

struct BatchItem {
  int32_t flag = 0;
  Bytes body;
  std::string_view properties;  // In stored form.
};

// `while (auto item = reader.next()) ...; TRY_OK(reader.status());`
class BatchReader {
 public:
  explicit BatchReader(Bytes body) : rest_(body) {}
  std::optional<BatchItem> next();
  // ok() until an item was malformed; no further item comes then.
  Status status() const;

 private:
  Bytes rest_;
  const char* fault_ = nullptr;
};

struct BatchTotals {
  int32_t items = 0;
  size_t body_bytes = 0;
  size_t properties_bytes = 0;
};
// Walks the whole body; an empty body is malformed too.
Result<BatchTotals> check_batch(Bytes body);

// Refuses properties above 32 767 bytes.
Status append_batch_item(std::string& out, const BatchItem& item);

}  // namespace agena::message
