// Goal: what the router answers by itself: unserved codes, bad fields, peers that may not ask.
// Method: one connection on manual loops; the peer's address passes the checks or does not.
#include "rpc/router.h"

#include "rpc/testing/rpc_world.h"

namespace agena::rpc {
namespace {

using namespace rpc::testing;

class RouterTest : public RpcWorld {
 protected:
  template <wire::Request R>
  Seen ask(const R& request) {
    auto peer = connect();
    peer->send(frame_of(request, 77));
    run();
    auto answers = peer->answers();
    EXPECT_EQ(answers.size(), 1u);
    EXPECT_FALSE(peer->closed);
    if (answers.empty()) return {};
    EXPECT_EQ(answers[0].opaque, 77);
    return answers[0];
  }
};

struct Unknown {
  static constexpr wire::RequestInfo info{.code = 123'456, .name = "UNKNOWN"};
  static constexpr auto fields = std::tuple{};
};
struct Negative {
  static constexpr wire::RequestInfo info{.code = -5, .name = "NEGATIVE"};
  static constexpr auto fields = std::tuple{};
};
struct EndTransaction {  // A request of RocketMQ that this router does not serve.
  static constexpr wire::RequestInfo info{.code = 37, .name = "END_TRANSACTION"};
  static constexpr auto fields = std::tuple{};
};
struct EchoWithoutText {
  static constexpr wire::RequestInfo info = Echo::info;
  static constexpr auto fields = std::tuple{};
};
struct EchoWithBadTimes {
  static constexpr wire::RequestInfo info = Echo::info;
  std::string_view text = "a";
  std::string_view times = "often";
  static constexpr auto fields = std::tuple{required("text", &EchoWithBadTimes::text),
                                            required("times", &EchoWithBadTimes::times)};
};

TEST_F(RouterTest, AnUnservedCodeIsAnsweredWithItsName) {
  EXPECT_EQ(ask(EndTransaction{}).code, 3);
  EXPECT_EQ(ask(EndTransaction{}).remark, " request type 37 END_TRANSACTION not supported yet");
  EXPECT_EQ(ask(Unknown{}).code, 3);
  EXPECT_EQ(ask(Unknown{}).remark, " request type 123456 not supported");
  EXPECT_EQ(ask(Negative{}).remark, " request type -5 not supported");
}

TEST_F(RouterTest, FieldsThatAreMissingOrBadAreNamed) {
  const Seen missing = ask(EchoWithoutText{});
  EXPECT_EQ(missing.code, 1);
  EXPECT_NE(missing.remark.find("text"), std::string::npos) << missing.remark;
  const Seen bad = ask(EchoWithBadTimes{});
  EXPECT_EQ(bad.code, 1);
  EXPECT_NE(bad.remark.find("times"), std::string::npos) << bad.remark;
  EXPECT_EQ(echoes, 0);
}

TEST_F(RouterTest, AHandlersErrorIsTheAnswer) {
  const Seen answer = ask(Refuse{});
  EXPECT_EQ(answer.code, 17);
  EXPECT_NE(answer.remark.find("not here"), std::string::npos);
}

TEST_F(RouterTest, OnlyLoopbackIsAskedToEraseByDefault) {
  EXPECT_EQ(ask(Erase{}).code, 0);
  EXPECT_EQ(ask(Join{}).code, 0);
}

TEST_F(RouterTest, EachAccessHasItsOwnCheck) {
  std::string seen;
  router.set_admin_check([&](const io::Address& peer) {
    seen = peer.ip;
    return false;
  });
  const Seen erase = ask(Erase{});
  EXPECT_EQ(erase.code, 16);
  EXPECT_EQ(erase.remark, "ERASE is allowed from adminAllowCidr only while authentication is off");
  EXPECT_EQ(seen, "127.0.0.1");
  EXPECT_EQ(ask(Join{}).code, 0);
  EXPECT_EQ(ask(Echo{.text = "a"}).code, 0);

  router.set_admin_check([](const io::Address&) { return true; });
  router.set_broker_check([](const io::Address&) { return false; });
  EXPECT_EQ(ask(Erase{}).code, 0);
  EXPECT_EQ(ask(Join{}).code, 16);
  EXPECT_NE(ask(Join{}).remark.find("brokerAllowCidr"), std::string::npos);
}

TEST_F(RouterTest, ListsWhatItServes) {
  EXPECT_TRUE(router.serves(700) && router.serves(2701));
  EXPECT_FALSE(router.serves(37) || router.serves(-1) || router.serves(1 << 30));
  EXPECT_EQ(router.codes(), (std::vector<int32_t>{700, 701, 702, 703, 704, 2701}));
}

}  // namespace
}  // namespace agena::rpc
