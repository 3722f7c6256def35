// What reading a send's header, its fields, and writing its answer cost; the header is one of the
// Java client's, in both serializations.
#include <benchmark/benchmark.h>

#include "wire/frame.h"
#include "wire/header.h"
#include "wire/requests/send.h"

namespace agena::wire {
namespace {

constexpr std::string_view kProperties =
    "UNIQ_KEY\0017F00000100002A139A3F18B4AAC20000\002WAIT\001true\002TAGS\001TagA\002KEYS\001k1";

SendMessageV2 request() {
  SendMessageV2 out;
  out.producer_group = "please_rename_unique_group_name";
  out.topic = "TopicTest";
  out.default_topic = "TBW102";
  out.default_topic_queue_nums = 4;
  out.queue_id = QueueId(3);
  out.born = UnixMillis(1'700'000'000'000);
  out.properties = kProperties;
  out.reconsume_times = 0;
  out.unit_mode = false;
  out.batch = false;
  out.broker_name = "broker-a";
  return out;
}

void read_send(benchmark::State& state, Serialization serialization) {
  Buffer frame;
  append_request(frame, request(), 7, {}, serialization);
  HeaderReader reader;
  Header header;
  for (auto _ : state) {
    auto found = next_frame(frame.view());
    if (!reader.read((*found)->header, serialization, header)) {
      state.SkipWithError("the header is not read");
      break;
    }
    auto fields = decode_fields<SendMessageV2>(header);
    benchmark::DoNotOptimize(fields);
  }
}
BENCHMARK_CAPTURE(read_send, json, Serialization::json);
BENCHMARK_CAPTURE(read_send, binary, Serialization::binary);

void answer_send(benchmark::State& state, Serialization serialization) {
  SendMessageReply reply;
  reply.msg_id = "7F00000100002A9F0000000000000000";
  reply.queue_id = QueueId(3);
  reply.queue_offset = QueueOffset(1'234'567);
  reply.transaction_id = "7F00000100002A139A3F18B4AAC20000";
  const Header header{
      .flag = kFlagResponse, .remark = {}, .serialization = serialization, .ext = {}};
  Buffer out;
  for (auto _ : state) {
    out.clear();
    auto start = start_frame(out, header, [&](ExtWriter& ext) { encode_fields(ext, reply); });
    finish_frame(out, start);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK_CAPTURE(answer_send, json, Serialization::json);
BENCHMARK_CAPTURE(answer_send, binary, Serialization::binary);

}  // namespace
}  // namespace agena::wire
