// A request frame that is encoded once and sent many times with another opaque and unique key.
//
// Over: wire/requests/send.h.  Under: send_load.cc, delivery_load.cc.  Threads: one owner.
#pragma once
#include <string>
#include <string_view>

#include "base/buffer.h"

namespace agena::bench {

struct SendFrame {
  std::string topic;
  int32_t queue_id = 0;
  int32_t queues = 4;
  int body_bytes = 1024;
  bool waits = true;
};

class FrameTemplate {
 public:
  static constexpr int32_t kOpaqueMin = 1'000'000'000;  // All opaques have ten digits.

  explicit FrameTemplate(const SendFrame& send);
  // Appends the frame with this opaque (from kOpaqueMin on). The unique key ends with `serial`; the
  // body begins with `stamp`.
  void append_to(Buffer& out, int32_t opaque, uint32_t serial, int64_t stamp);

 private:
  std::string frame_;
  size_t opaque_at_ = 0;
  size_t serial_at_ = 0;
  size_t body_at_ = 0;
};

}  // namespace agena::bench
