// Sends the same frames over and over, as many at a time as asked for, and counts the answers:
// against agena and against the Java broker alike.
//
// Over:    io/loop.h, wire/requests/send.h.  Under: cmd/bench.cc.
// Method:  closed loop: each connection keeps `depth` requests under way. A frame is encoded once;
//          only its opaque and its unique key differ from send to send, so the generator costs far
//          less than the broker. Latency is from the write to the answer.
// Threads: run() blocks its caller; the connections live on one loop.
#pragma once
#include <string>

#include "base/result.h"
#include "bench/histogram.h"
#include "io/env.h"

namespace agena::bench {

struct SendLoadOptions {
  std::string address;  // Of the broker.
  std::string topic = "BenchmarkTest";
  int queues = 16;
  int connections = 8;
  int depth = 16;
  int body_bytes = 1024;
  bool waits = true;  // Property WAIT.
  int64_t warm_up_ms = 1'000;
  int64_t run_ms = 10'000;
};

struct SendLoadReport {
  int64_t answered = 0;  // SEND_OK within the measured time.
  int64_t refused = 0;   // Any other answer.
  std::string first_refusal;
  double seconds = 0;
  Histogram latency;
};

Result<SendLoadReport> run_send_load(io::Env& env, const SendLoadOptions& options);

}  // namespace agena::bench
