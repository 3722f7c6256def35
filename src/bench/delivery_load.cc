#include "bench/delivery_load.h"

#include <fmt/core.h>

#include <future>
#include <memory>
#include <vector>

#include "bench/frame_template.h"
#include "io/run_on.h"
#include "message/record_format.h"
#include "rpc/client.h"
#include "wire/frame.h"
#include "wire/requests/offsets.h"
#include "wire/requests/pull.h"

namespace agena::bench {
namespace {

constexpr int64_t kConnectMs = 5'000;
constexpr int64_t kSettleMs = 300;  // Between the last send and the count.
constexpr int32_t kMayWait = 2;
constexpr int32_t kHasSubscription = 4;

struct Run {
  Run(io::Env& e, const DeliveryLoadOptions& o) : env(e), options(o) {}
  io::Env& env;
  const DeliveryLoadOptions& options;
  DeliveryLoadReport report;
  MonoNanos measured_from;
  bool ended = false;
};

// One connection: answers come in order enough for one request at a time.
class Lane : public io::StreamEvents, public std::enable_shared_from_this<Lane> {
 public:
  Lane(std::shared_ptr<Run> run, std::shared_ptr<io::Stream> stream, int queue)
      : run_(std::move(run)), stream_(std::move(stream)), queue_(queue) {}
  virtual void begin() { stream_->start(shared_from_this()); }
  void end() { stream_->close(); }

  size_t on_data(Bytes unread) override {
    size_t taken = 0;
    while (true) {
      auto frame = wire::next_frame(unread.subspan(taken));
      if (!frame || !*frame) break;
      if (reader_.read((*frame)->header, (*frame)->serialization, header_)) {
        on_answer(header_, (*frame)->body);
      }
      taken += (*frame)->wire_bytes;
    }
    return taken;
  }
  void on_drained() override {}
  void on_closed(const Error& why) override {
    if (!run_->ended) refuse("connection lost: " + describe(why));
  }

 protected:
  virtual void on_answer(const wire::Header& header, Bytes body) = 0;
  void refuse(const std::string& text) {
    if (run_->report.first_refusal.empty()) run_->report.first_refusal = text;
  }

  std::shared_ptr<Run> run_;
  std::shared_ptr<io::Stream> stream_;
  const int queue_;
  wire::HeaderReader reader_;
  wire::Header header_;
};

class Taker final : public Lane {
 public:
  using Lane::Lane;
  void begin() override {
    Lane::begin();
    wire::GetMaxOffset request{.topic = run_->options.topic, .queue_id = QueueId(queue_)};
    wire::append_request(stream_->out(), request, rpc::Connection::next_opaque(), {});
  }

 private:
  void on_answer(const wire::Header& header, Bytes body) override {
    MonoNanos now = run_->env.clock().mono();
    if (!started_) {
      started_ = true;
      auto reply = wire::decode_fields<wire::OffsetReply>(header);
      if (reply) next_ = reply->offset;
    } else if (header.code == 0) {
      take(body, now);
      auto reply = wire::decode_fields<wire::PullMessageReply>(header);
      if (reply) next_ = reply->next_begin_offset;
    } else if (header.code == errc_info(Errc::pull_offset_moved).response_code) {
      auto reply = wire::decode_fields<wire::PullMessageReply>(header);
      if (reply) next_ = reply->next_begin_offset;
    } else if (header.code != errc_info(Errc::pull_not_found).response_code) {
      refuse(fmt::format("pull {}: {}", header.code, header.remark));
      return;
    }
    if (!run_->ended) pull();
  }

  void take(Bytes body, MonoNanos now) {
    while (!body.empty()) {
      auto record = message::decode(body, message::Verify::none);
      if (!record) {
        refuse(describe(record.error()));
        return;
      }
      MonoNanos due(load_be<int64_t>(record->body.data()));
      if (due >= run_->measured_from) {
        ++run_->report.delivered;
        run_->report.latency.add(now - due);
      }
      body = body.subspan(static_cast<size_t>(record->size));
    }
  }

  void pull() {
    wire::PullMessage request;
    request.consumer_group = "bench_consumer";
    request.topic = run_->options.topic;
    request.queue_id = QueueId(queue_);
    request.queue_offset = next_;
    request.messages_max = 32;
    request.sys_flag = kMayWait | kHasSubscription;
    request.suspend_timeout_ms = 15'000;
    request.subscription = "*";
    request.expression_type = "TAG";
    wire::append_request(stream_->out(), request, rpc::Connection::next_opaque(), {});
  }

  bool started_ = false;
  QueueOffset next_;
};

class Giver final : public Lane {
 public:
  Giver(std::shared_ptr<Run> run, std::shared_ptr<io::Stream> stream, int queue)
      : Lane(std::move(run), std::move(stream), queue),
        frame_({.topic = run_->options.topic,
                .queue_id = queue,
                .queues = run_->options.queues,
                .body_bytes = run_->options.body_bytes}) {}
  void send(MonoNanos due) {
    if (due >= run_->measured_from) ++run_->report.sent;
    frame_.append_to(stream_->out(), FrameTemplate::kOpaqueMin, serial_++, due.value);
  }

 private:
  void on_answer(const wire::Header& header, Bytes) override {
    if (header.code != 0) refuse(fmt::format("send {}: {}", header.code, header.remark));
  }
  FrameTemplate frame_;
  uint32_t serial_ = 0;
};

struct Lanes {
  std::vector<std::shared_ptr<Taker>> takers;
  std::vector<std::shared_ptr<Giver>> givers;
  std::promise<Status> connected;
  bool failed = false;
};

void connect_all(io::Loop& loop, const std::shared_ptr<Run>& run, const rpc::HostPort& target,
                 Lanes& lanes) {
  auto open = [&loop, target, &lanes, run](auto add) {
    loop.connect(target.host, target.port, kConnectMs,
                 [run, add, &lanes](Result<std::shared_ptr<io::Stream>> made) {
                   if (lanes.failed) return;
                   if (!made) {
                     lanes.failed = true;
                     lanes.connected.set_value(made.error());
                     return;
                   }
                   add(std::move(*made));
                   auto wanted = static_cast<size_t>(run->options.queues);
                   if (lanes.takers.size() == wanted && lanes.givers.size() == wanted) {
                     lanes.connected.set_value(ok());
                   }
                 });
  };
  for (int queue = 0; queue < run->options.queues; ++queue) {
    open([run, queue, &lanes](std::shared_ptr<io::Stream> stream) {
      lanes.takers.push_back(std::make_shared<Taker>(run, std::move(stream), queue));
    });
    open([run, queue, &lanes](std::shared_ptr<io::Stream> stream) {
      lanes.givers.push_back(std::make_shared<Giver>(run, std::move(stream), queue));
    });
  }
}

// Sends each message when it is due, or as soon after as the loop gets to it.
class Pace {
 public:
  Pace(std::shared_ptr<Run> run, Lanes& lanes) : run_(std::move(run)), lanes_(lanes) {}

  void begin() {
    began_ = run_->env.clock().mono() + kSettleMs * kNanosPerMilli;
    run_->measured_from = began_ + run_->options.warm_up_ms * kNanosPerMilli;
    end_ = run_->measured_from + run_->options.run_ms * kNanosPerMilli;
    go_on();
  }

 private:
  MonoNanos due() const { return began_ + sent_ * kNanosPerSecond / run_->options.rate; }
  void go_on() {
    const MonoNanos now = run_->env.clock().mono();
    for (; due() <= now && due() < end_; ++sent_) {
      lanes_.givers[static_cast<size_t>(sent_) % lanes_.givers.size()]->send(due());
    }
    if (due() >= end_) return;
    timer_ = run_->env.loops().front()->after_ns(due() - now, [this] { go_on(); });
  }

  std::shared_ptr<Run> run_;
  Lanes& lanes_;
  MonoNanos began_, end_;
  int64_t sent_ = 0;
  std::unique_ptr<io::Timer> timer_;
};

}  // namespace

Result<DeliveryLoadReport> run_delivery_load(io::Env& env, const DeliveryLoadOptions& options) {
  TRY(target, rpc::parse_host_port(options.address));
  auto run = std::make_shared<Run>(env, options);
  io::Loop& loop = *env.loops().front();
  Lanes lanes;
  loop.post([&] { connect_all(loop, run, target, lanes); });
  TRY_OK(lanes.connected.get_future().get());
  std::promise<void> over;
  std::unique_ptr<io::Timer> end;
  auto pace = std::make_unique<Pace>(run, lanes);
  loop.post([&] {
    for (auto& taker : lanes.takers) taker->begin();
    for (auto& giver : lanes.givers) giver->begin();
    pace->begin();
    end = loop.after(kSettleMs * 2 + options.warm_up_ms + options.run_ms, [&] {
      run->ended = true;
      for (auto& taker : lanes.takers) taker->end();
      for (auto& giver : lanes.givers) giver->end();
      over.set_value();
    });
  });
  over.get_future().wait();
  io::run_on(loop, [&] {
    end.reset();
    pace.reset();
    lanes.takers.clear();
    lanes.givers.clear();
  });
  return run->report;
}

}  // namespace agena::bench
