#include "bench/send_load.h"

#include <fmt/core.h>

#include <future>
#include <memory>
#include <vector>

#include "bench/frame_template.h"
#include "io/run_on.h"
#include "rpc/client.h"
#include "wire/frame.h"

namespace agena::bench {
namespace {

constexpr int64_t kConnectMs = 5'000;

// What all connections of a run share; on their loop.
struct Run {
  Run(io::Env& e, const SendLoadOptions& o) : env(e), options(o) {}
  io::Env& env;
  const SendLoadOptions& options;
  SendLoadReport report;
  bool measures = false;
  bool ended = false;
  uint32_t serial = 0;
  int open = 0;
  std::promise<Status> connected;
  bool failed = false;
};

class Sender final : public io::StreamEvents, public std::enable_shared_from_this<Sender> {
 public:
  Sender(std::shared_ptr<Run> run, std::shared_ptr<io::Stream> stream, int number)
      : run_(std::move(run)),
        stream_(std::move(stream)),
        frame_({.topic = run_->options.topic,
                .queue_id = number % run_->options.queues,
                .queues = run_->options.queues,
                .body_bytes = run_->options.body_bytes,
                .waits = run_->options.waits}),
        sent_at_(static_cast<size_t>(run_->options.depth)) {}

  void begin() {
    stream_->start(shared_from_this());
    for (int slot = 0; slot < run_->options.depth; ++slot) send(slot);
  }
  void end() { stream_->close(); }

  size_t on_data(Bytes unread) override {
    size_t taken = 0;
    while (true) {
      auto frame = wire::next_frame(unread.subspan(taken));
      if (!frame || !*frame) break;
      answered(**frame);
      taken += (*frame)->wire_bytes;
    }
    return taken;
  }
  void on_drained() override {}
  void on_closed(const Error& why) override {
    if (!run_->ended && run_->report.first_refusal.empty()) {
      run_->report.first_refusal = "connection lost: " + describe(why);
    }
  }

 private:
  void send(int slot) {
    sent_at_[static_cast<size_t>(slot)] = run_->env.clock().mono();
    frame_.append_to(stream_->out(), FrameTemplate::kOpaqueMin + slot, run_->serial++, 0);
  }
  void answered(const wire::Frame& frame) {
    if (!reader_.read(frame.header, frame.serialization, header_)) return;
    int slot = header_.opaque - FrameTemplate::kOpaqueMin;
    if (!header_.is_response() || slot < 0 || slot >= run_->options.depth) return;
    SendLoadReport& report = run_->report;
    if (run_->measures) {
      if (header_.code == 0) {
        ++report.answered;
        report.latency.add(run_->env.clock().mono() - sent_at_[static_cast<size_t>(slot)]);
      } else {
        ++report.refused;
      }
    }
    if (header_.code != 0 && report.first_refusal.empty()) {
      report.first_refusal = fmt::format("{}: {}", header_.code, header_.remark);
    }
    if (!run_->ended) send(slot);
  }

  std::shared_ptr<Run> run_;
  std::shared_ptr<io::Stream> stream_;
  FrameTemplate frame_;
  wire::HeaderReader reader_;
  wire::Header header_;
  std::vector<MonoNanos> sent_at_;
};

void connect_all(io::Loop& loop, const std::shared_ptr<Run>& run, const rpc::HostPort& target,
                 std::vector<std::shared_ptr<Sender>>& senders) {
  for (int n = 0; n < run->options.connections; ++n) {
    loop.connect(target.host, target.port, kConnectMs,
                 [run, n, &senders](Result<std::shared_ptr<io::Stream>> made) {
                   if (run->failed) return;
                   if (!made) {
                     run->failed = true;
                     run->connected.set_value(made.error());
                     return;
                   }
                   senders.push_back(std::make_shared<Sender>(run, std::move(*made), n));
                   if (++run->open == run->options.connections) run->connected.set_value(ok());
                 });
  }
}

}  // namespace

Result<SendLoadReport> run_send_load(io::Env& env, const SendLoadOptions& options) {
  TRY(target, rpc::parse_host_port(options.address));
  auto run = std::make_shared<Run>(env, options);
  io::Loop& loop = *env.loops().front();
  std::vector<std::shared_ptr<Sender>> senders;
  loop.post([&] { connect_all(loop, run, target, senders); });
  TRY_OK(run->connected.get_future().get());
  std::promise<void> over;
  std::unique_ptr<io::Timer> first, second;
  MonoNanos began;
  loop.post([&] {
    for (auto& sender : senders) sender->begin();
    first = loop.after(options.warm_up_ms, [&] {
      run->measures = true;
      began = env.clock().mono();
      second = loop.after(options.run_ms, [&] {
        run->measures = false;
        run->ended = true;
        run->report.seconds = double(env.clock().mono() - began) / double(kNanosPerSecond);
        for (auto& sender : senders) sender->end();
        over.set_value();
      });
    });
  });
  over.get_future().wait();
  io::run_on(loop, [&] {
    first.reset();
    second.reset();
    senders.clear();
  });
  return run->report;
}

}  // namespace agena::bench
