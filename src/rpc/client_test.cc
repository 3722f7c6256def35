// Goal: requests to others are answered or fail once, whatever happens to connection and peer.
// Method: a client on one manual loop, a router or a peer that plays tricks on the other.
#include "rpc/client.h"

#include "rpc/testing/rpc_world.h"

namespace agena::rpc {
namespace {

using namespace rpc::testing;

constexpr const char* kServer = "127.0.0.1:10911";

class ClientTest : public RpcWorld {
 protected:
  void TearDown() override {
    client.close();
    run();
    RpcWorld::TearDown();
  }
  OnResponse record() {
    return [this](Result<Response> got) {
      outcomes.push_back(got ? std::string(as_text(got->body)) : describe(got.error()));
      codes.push_back(got ? Errc::ok : got.error().code);
    };
  }
  void ask(std::string_view body, const std::string& address = kServer,
           int64_t timeout_ms = 5'000) {
    client.request(address, Echo{.text = "a"}, as_bytes(body), timeout_ms, record());
  }

  Client client{far, clock};
  std::vector<std::string> outcomes;
  std::vector<Errc> codes;
};

TEST_F(ClientTest, AsksOverOneConnectionAnAddress) {
  ask("one");
  ask("two");
  run();
  ask("three");
  run();
  EXPECT_EQ(outcomes, (std::vector<std::string>{"one", "two", "three"}));
  EXPECT_EQ(accepted, 1);
}

TEST_F(ClientTest, SendsOneWayRequests) {
  client.send_oneway(kServer, Echo{.text = "a"});
  run();
  EXPECT_EQ(echoes, 1);
  EXPECT_TRUE(outcomes.empty());
}

TEST_F(ClientTest, TimesOutOnceWithoutAnAnswer) {
  client.request(kServer, Hang{}, {}, 1'000, record());
  net.advance(900);
  EXPECT_TRUE(codes.empty());
  net.advance(250);
  EXPECT_EQ(codes, std::vector<Errc>{Errc::timed_out});
  ASSERT_EQ(held.size(), 1u);
  held[0].reply(0, {});
  run();
  EXPECT_EQ(codes.size(), 1u) << "the late answer";
  ask("still open");
  run();
  EXPECT_EQ(outcomes.back(), "still open");
  EXPECT_EQ(accepted, 1);
}

TEST_F(ClientTest, FailsWhenNobodyListens) {
  ask("x", "127.0.0.1:1");
  run();
  EXPECT_EQ(codes, std::vector<Errc>{Errc::unreachable});
  EXPECT_NE(outcomes[0].find("127.0.0.1:1"), std::string::npos) << outcomes[0];
}

TEST_F(ClientTest, FailsWhenTheAddressIsSilent) {
  net.set_silent("127.0.0.1", kPort, true);
  ask("x", kServer, 60'000);
  net.advance(2'999);
  EXPECT_TRUE(codes.empty());
  net.advance(1);
  EXPECT_EQ(codes, std::vector<Errc>{Errc::unreachable});
  net.set_silent("127.0.0.1", kPort, false);
  ask("y");
  run();
  EXPECT_EQ(outcomes.back(), "y");
}

TEST_F(ClientTest, FailsForTextsThatAreNoAddress) {
  ask("x", "nowhere");
  ask("y", "127.0.0.1:0");
  run();
  EXPECT_EQ(codes, (std::vector<Errc>{Errc::unreachable, Errc::unreachable}));
}

TEST_F(ClientTest, ConnectsAnewAfterTheServerClosed) {
  ask("one");
  client.request(kServer, Hang{}, {}, 5'000, record());
  run();
  ours().close({Errc::not_open, "the test says so"});
  run();
  ASSERT_EQ(codes.size(), 2u);
  EXPECT_EQ(codes[1], Errc::unreachable) << "what was under way fails at once";
  ask("two");
  run();
  EXPECT_EQ(outcomes.back(), "two");
  EXPECT_EQ(accepted, 2);
}

TEST_F(ClientTest, AnswersToOtherOpaquesAreNobodys) {
  std::shared_ptr<Peer> liar;
  auto made = near.listen("127.0.0.1", 1234, {&near}, [&](io::Loop&, auto stream) {
    liar = std::make_shared<Peer>(stream);
    stream->start(liar);
  });
  ASSERT_TRUE(made);
  ask("x", "127.0.0.1:1234", 1'000);
  run();
  ASSERT_EQ(liar->answers().size(), 1u);
  const int32_t opaque = liar->answers()[0].opaque;
  for (int32_t wrong : {opaque + 1, opaque - 1, -opaque - 1}) {
    Buffer out;
    append_answer(out, wrong, wire::Serialization::json, 0, {}, NoFields{}, {});
    liar->send(as_text(out.view()));
  }
  run();
  EXPECT_TRUE(codes.empty());
  net.advance(1'200);
  EXPECT_EQ(codes, std::vector<Errc>{Errc::timed_out});
  liar->stream->close();
  run();
}

TEST_F(ClientTest, RefusesRequestsFromThePeerWithoutARouter) {
  ask("one");
  run();
  std::string remark;
  int32_t code = -1;
  ours().request(Echo{.text = "push"}, {}, 1'000, [&](Result<Response> got) {
    ASSERT_TRUE(got);
    code = got->header.code;
  });
  run();
  EXPECT_EQ(code, 3);
}

TEST_F(ClientTest, ServesThePeerWithARouter) {
  Client both(far, clock, {.router = &router, .limits = {}});
  both.request(kServer, Echo{.text = "a"}, {}, 5'000, record());
  run();
  std::string body;
  ours().request(Echo{.text = "push"}, as_bytes(std::string_view("pushed")), 1'000,
                 [&](Result<Response> got) { body = std::string(as_text(got->body)); });
  run();
  EXPECT_EQ(body, "pushed");
  both.close();
  run();
}

TEST_F(ClientTest, CloseFailsWhatWaits) {
  net.set_silent("127.0.0.1", 4321, true);
  ask("connecting", "127.0.0.1:4321");
  client.request(kServer, Hang{}, {}, 60'000, record());
  run();
  client.close();
  run();
  EXPECT_EQ(codes.size(), 2u);
  ask("afterwards");
  run();
  EXPECT_EQ(codes.size(), 3u);
  EXPECT_EQ(codes.back(), Errc::not_open);
  net.advance(100'000);
  EXPECT_EQ(codes.size(), 3u) << "each fails once";
  EXPECT_EQ(far.streams(), 0u);
}

TEST(HostPort, ReadsNamesAndBothFamilies) {
  auto plain = parse_host_port("example.org:9876");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "example.org");
  EXPECT_EQ(plain->port, 9876);
  auto six = parse_host_port("[::1]:65535");
  ASSERT_TRUE(six);
  EXPECT_EQ(six->host, "::1");
  EXPECT_EQ(six->port, 65535);
  for (std::string_view bad :
       {"", ":", "a", "a:", ":1", "a:0", "a:65536", "a:-1", "a:1x", "[]:1"}) {
    EXPECT_FALSE(parse_host_port(bad)) << bad;
  }
}

}  // namespace
}  // namespace agena::rpc
