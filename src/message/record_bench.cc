// What storing and reading back one record cost, by the length of its body.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "message/record_format.h"

namespace agena::message {
namespace {

constexpr Placement kPlace{.physical_offset = PhysicalOffset(1 << 20),
                           .queue_offset = QueueOffset(7),
                           .store_time = UnixMillis(1'700'000'000'000)};

Draft draft_of(std::string_view body) {
  Draft draft;
  draft.topic = "TopicTest";
  draft.queue_id = QueueId(1);
  draft.born_host.ip_length = draft.store_host.ip_length = 4;
  draft.body = as_bytes(body);
  draft.properties = "KEYS\001k1\002WAIT\001true\002";
  return draft;
}

std::vector<std::byte> record_of(std::string_view body) {
  const Draft draft = draft_of(body);
  std::vector<std::byte> out(encoded_size(draft, Version::v1).value());
  encode(draft, kPlace, out);
  return out;
}

void encode_record(benchmark::State& state) {
  const std::string body(static_cast<size_t>(state.range(0)), 'b');
  const Draft draft = draft_of(body);
  std::vector<std::byte> out(record_of(body).size());
  for (auto _ : state) {
    encode(draft, kPlace, out);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(encode_record)->Arg(128)->Arg(1024)->Arg(65'536);

void decode_record(benchmark::State& state) {
  const auto record = record_of(std::string(static_cast<size_t>(state.range(0)), 'b'));
  for (auto _ : state) {
    auto view = decode(record, Verify::crc);
    if (!view) {
      state.SkipWithError("the record is not whole");
      break;
    }
    benchmark::DoNotOptimize(view);
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(decode_record)->Arg(128)->Arg(1024)->Arg(65'536);

}  // namespace
}  // namespace agena::message
