// From send to delivery: messages sent at a steady rate, taken by waiting pulls.
//
// Over:    frame_template.h, wire/requests/pull.h.  Under: cmd/bench.cc.
// Method:  open loop. Each message carries the moment at which it was due to be sent; its latency
// is
//          from then until its record is in the consumer's hands, so a stall counts for every
//          message that had to wait for it.
// Threads: run() blocks its caller; both sides live on one loop.
#pragma once
#include <string>

#include "base/result.h"
#include "bench/histogram.h"
#include "io/env.h"

namespace agena::bench {

struct DeliveryLoadOptions {
  std::string address;
  std::string topic;
  int queues = 4;
  int body_bytes = 1024;
  int64_t rate = 10'000;  // Messages a second.
  int64_t warm_up_ms = 1'000;
  int64_t run_ms = 10'000;
};

struct DeliveryLoadReport {
  int64_t sent = 0;
  int64_t delivered = 0;
  std::string first_refusal;
  Histogram latency;
};

Result<DeliveryLoadReport> run_delivery_load(io::Env& env, const DeliveryLoadOptions& options);

}  // namespace agena::bench
