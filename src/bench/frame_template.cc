#include "bench/frame_template.h"

#include <charconv>
#include <cstdio>

#include "base/assert.h"
#include "message/properties.h"
#include "message/property_names.h"
#include "wire/requests/send.h"

namespace agena::bench {
namespace {
constexpr std::string_view kUniqueKey = "7F00000131F02A139A550D7C00000000";
constexpr size_t kSerialDigits = 8;
}  // namespace

FrameTemplate::FrameTemplate(const SendFrame& send) {
  std::string properties;
  message::append_property(properties, message::property::uniq_key, kUniqueKey);
  message::append_property(properties, message::property::wait, send.waits ? "true" : "false");
  message::append_property(properties, message::property::tags, "TagA");
  wire::SendMessageV2 request;
  request.producer_group = "bench_producer";
  request.topic = send.topic;
  request.default_topic = "TBW102";
  request.default_topic_queue_nums = send.queues;
  request.queue_id = QueueId(send.queue_id);
  request.born = UnixMillis(1'795'374'410'863);
  request.properties = properties;
  request.reconsume_times = 0;
  request.unit_mode = false;
  request.batch = false;
  std::string body(static_cast<size_t>(send.body_bytes), 'b');
  Buffer out;
  wire::append_request(out, request, kOpaqueMin, as_bytes(body));
  frame_ = as_text(out.view());
  opaque_at_ = frame_.find(std::to_string(kOpaqueMin));
  serial_at_ = frame_.find(kUniqueKey) + kUniqueKey.size() - kSerialDigits;
  body_at_ = frame_.size() - body.size();
  ASSERT(opaque_at_ != std::string::npos && serial_at_ < body_at_);
}

void FrameTemplate::append_to(Buffer& out, int32_t opaque, uint32_t serial, int64_t stamp) {
  ASSERT(opaque >= kOpaqueMin, "the number's width is fixed");
  char* frame = frame_.data();
  std::to_chars(frame + opaque_at_, frame + opaque_at_ + 10, opaque);
  static constexpr char kHex[] = "0123456789ABCDEF";
  for (size_t i = 0; i < kSerialDigits; ++i) {
    frame[serial_at_ + kSerialDigits - 1 - i] = kHex[(serial >> (4 * i)) & 15];
  }
  if (frame_.size() - body_at_ >= sizeof stamp) store_be<int64_t>(frame + body_at_, stamp);
  out.append(std::string_view(frame_));
}

}  // namespace agena::bench
