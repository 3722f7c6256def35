// For tests only: a router with one request of each manner, and peers that read frames by hand.
//
// Over:    connection.h, router.h, io/testing/.  Under: tests of rpc/.
// Threads: one, the test's; `near` runs our side, `far` the peer's.
// Use:     connect() makes a peer; send frames, net.run_ready(), look at peer->answers().
#pragma once
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "io/testing/manual_loop.h"
#include "rpc/call.h"
#include "rpc/router.h"

namespace agena::rpc::testing {

struct Echo {
  static constexpr wire::RequestInfo info{.code = 700, .name = "ECHO"};
  std::string_view text;
  int32_t times = 1;
  static constexpr auto fields =
      std::tuple{required("text", &Echo::text), field("times", &Echo::times)};
};
struct Hang {  // Answered when the test says so, and counted until then.
  static constexpr wire::RequestInfo info{.code = 701, .name = "HANG"};
  static constexpr auto fields = std::tuple{};
};
struct Park {  // As Hang, but not counted.
  static constexpr wire::RequestInfo info{.code = 2701, .name = "PARK"};
  static constexpr auto fields = std::tuple{};
};
struct Erase {
  static constexpr wire::RequestInfo info{
      .code = 702, .name = "ERASE", .access = wire::Access::admin};
  static constexpr auto fields = std::tuple{};
};
struct Join {
  static constexpr wire::RequestInfo info{
      .code = 703, .name = "JOIN", .access = wire::Access::broker};
  static constexpr auto fields = std::tuple{};
};
struct Refuse {
  static constexpr wire::RequestInfo info{.code = 704, .name = "REFUSE"};
  static constexpr auto fields = std::tuple{};
};

struct EchoReply {
  std::string_view text;
  static constexpr auto fields = std::tuple{required("text", &EchoReply::text)};
};

template <wire::Request R>
std::string frame_of(const R& request, int32_t opaque, std::string_view body = {},
                     wire::Serialization serialization = wire::Serialization::json,
                     bool oneway = false) {
  Buffer out;
  wire::append_request(out, request, opaque, as_bytes(body), serialization, oneway);
  return std::string(as_text(out.view()));
}

// A frame as the peer saw it.
struct Seen {
  int32_t code = 0;
  int32_t opaque = 0;
  int32_t flag = 0;
  std::string remark;
  std::map<std::string, std::string> ext;
  std::string body;
  wire::Serialization serialization = wire::Serialization::json;
};

class Peer : public io::StreamEvents {
 public:
  explicit Peer(std::shared_ptr<io::Stream> s) : stream(std::move(s)) {}
  size_t on_data(Bytes unread) override {
    received.append(as_text(unread));
    return unread.size();
  }
  void on_drained() override {}
  void on_closed(const Error&) override { closed = true; }

  void send(std::string_view bytes) { stream->out().append(bytes); }

  std::vector<Seen> answers() const {
    std::vector<Seen> out;
    Bytes rest = as_bytes(received);
    wire::HeaderReader reader;
    wire::Header header;
    while (!rest.empty()) {
      auto frame = wire::next_frame(rest);
      if (!frame || !*frame || !reader.read((*frame)->header, (*frame)->serialization, header)) {
        ADD_FAILURE() << rest.size() << " bytes are no whole frame";
        break;
      }
      Seen seen{.code = header.code,
                .opaque = header.opaque,
                .flag = header.flag,
                .remark = std::string(header.remark),
                .ext = {},
                .body = std::string(as_text((*frame)->body)),
                .serialization = (*frame)->serialization};
      for (auto& [name, value] : header.ext) seen.ext.emplace(name, value);
      out.push_back(std::move(seen));
      rest = rest.subspan((*frame)->wire_bytes);
    }
    return out;
  }

  std::shared_ptr<io::Stream> stream;
  std::string received;
  bool closed = false;
};

class RpcWorld : public ::testing::Test, public ConnectionWatcher {
 protected:
  void SetUp() override {
    set_log_level(LogLevel::error);
    router.on<Echo>([this](Call& call, const Echo& request) {
      ++echoes;
      std::string body;
      for (int32_t i = 0; i < request.times; ++i) body.append(as_text(call.body()));
      call.reply_with(EchoReply{.text = request.text}, as_bytes(body));
      return ok();
    });
    router.on<Hang>([this](Call& call, const Hang&) {
      held.push_back(call.defer());
      return ok();
    });
    router.on<Park>([this](Call& call, const Park&) {
      held.push_back(call.defer(Hold::parked));
      return ok();
    });
    router.on<Erase>([](Call& call, const Erase&) {
      call.reply_ok();
      return ok();
    });
    router.on<Join>([](Call& call, const Join&) {
      call.reply_ok();
      return ok();
    });
    router.on<Refuse>([](Call&, const Refuse&) {
      return Status(Error{Errc::topic_not_exist, "not here"});
    });
    listen();
  }
  void TearDown() override {
    for (auto& connection : connections) connection->close({Errc::not_open, "the test ends"});
    net.run_ready();
    EXPECT_EQ(watched, accepted) << "each connection ends once";
  }

  void listen() {
    auto made =
        near.listen("127.0.0.1", kPort, {&near}, [this](io::Loop&, auto s) { take(std::move(s)); });
    ASSERT_TRUE(made);
    listener = std::move(*made);
  }
  void take(std::shared_ptr<io::Stream> stream) {
    ++accepted;
    connections.push_back(std::make_shared<Connection>(
        ConnectionDeps{near, clock, &router, this, limits}, std::move(stream)));
    connections.back()->start();
  }
  std::shared_ptr<Peer> connect() {
    std::shared_ptr<Peer> out;
    far.connect("127.0.0.1", kPort, 1000, [&](Result<std::shared_ptr<io::Stream>> made) {
      ASSERT_TRUE(made);
      out = std::make_shared<Peer>(*made);
      out->stream->start(out);
    });
    net.run_ready();
    return out;
  }
  Connection& ours() { return *connections.back(); }
  void on_connection_closed(Connection&) override { ++watched; }
  void run() { net.run_ready(); }
  // As an owner does each second.
  void advance_and_sweep(int64_t ms) {
    net.advance(ms);
    for (auto& connection : connections) connection->sweep(clock.mono());
    run();
  }

  static constexpr uint16_t kPort = 10911;
  io::ManualClock clock;
  io::ManualNet net{clock};
  io::ManualLoop near{net}, far{net};
  Router router;
  Limits limits;
  int echoes = 0;
  int accepted = 0;
  int watched = 0;
  std::vector<Responder> held;
  std::vector<std::shared_ptr<Connection>> connections;
  std::unique_ptr<io::Listener> listener;
};

}  // namespace agena::rpc::testing
