// Goal: one connection, whatever its peer does: frames in any pieces, answers in the peer's own
// serialization and under its opaque, limits of work, output and time, and a clean end.
// Method: manual loops and a clock that stands; the peer reads and writes frames by hand.
#include "rpc/connection.h"

#include "rpc/testing/rpc_world.h"

namespace agena::rpc {
namespace {

using namespace rpc::testing;
using wire::Serialization;

class ConnectionTest : public RpcWorld {};

TEST_F(ConnectionTest, TakesFramesInPiecesOfAnySize) {
  for (size_t piece : {1, 3, 7, 64, 1 << 20}) {
    net.set_piece_bytes(piece);
    auto peer = connect();
    for (int32_t i = 0; i < 3; ++i) peer->send(frame_of(Echo{.text = "a"}, 40 + i, "body"));
    run();
    auto answers = peer->answers();
    ASSERT_EQ(answers.size(), 3u) << piece;
    for (int32_t i = 0; i < 3; ++i) {
      EXPECT_EQ(answers[i].opaque, 40 + i) << piece;
      EXPECT_EQ(answers[i].code, 0);
      EXPECT_EQ(answers[i].flag, wire::kFlagResponse);
      EXPECT_EQ(answers[i].body, "body");
    }
  }
}

TEST_F(ConnectionTest, AnswersInTheRequestersSerialization) {
  auto peer = connect();
  peer->send(frame_of(Echo{.text = "j"}, 1, "x", Serialization::json));
  peer->send(frame_of(Echo{.text = "b"}, -2, "y", Serialization::binary));
  peer->send(frame_of(Hang{}, 3, "", Serialization::binary));
  peer->send(frame_of(Hang{}, 4, "", Serialization::json));
  run();
  ASSERT_EQ(held.size(), 2u);
  held[1].reply_with(0, "late", EchoReply{.text = "l"}, as_bytes(std::string_view("z")));
  held[0].reply(0, "later");
  run();
  auto answers = peer->answers();
  ASSERT_EQ(answers.size(), 4u);
  const std::vector<std::pair<int32_t, Serialization>> wanted{{1, Serialization::json},
                                                              {-2, Serialization::binary},
                                                              {4, Serialization::json},
                                                              {3, Serialization::binary}};
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(answers[i].opaque, wanted[i].first);
    EXPECT_EQ(answers[i].serialization, wanted[i].second);
  }
  EXPECT_EQ(answers[1].ext.at("text"), "b");
  EXPECT_EQ(answers[2].ext.at("text"), "l");
  EXPECT_EQ(answers[2].remark, "late");
  EXPECT_EQ(answers[2].body, "z");
}

TEST_F(ConnectionTest, AnswersNothingToOneWayRequests) {
  auto peer = connect();
  peer->send(frame_of(Echo{.text = "a"}, 1, "", Serialization::json, true));
  peer->send(frame_of(Hang{}, 2, "", Serialization::json, true));
  peer->send(frame_of(Refuse{}, 3, "", Serialization::binary, true));
  run();
  ASSERT_EQ(held.size(), 1u);
  EXPECT_EQ(ours().in_flight(), 1);
  held[0].reply(0, {});
  run();
  EXPECT_EQ(echoes, 1);
  EXPECT_EQ(peer->received, "");
  EXPECT_EQ(ours().in_flight(), 0);
}

TEST_F(ConnectionTest, ABadFrameEndsOnlyItsConnection) {
  auto good = connect();
  Connection& good_side = ours();
  for (std::string_view bad :
       {std::string_view("GET / HTTP/1.1\r\n\r\n"), std::string_view("\0\0\0\0", 4),
        std::string_view("\xff\xff\xff\xff", 4), std::string_view("\0\0\0\x08\0\0\0\x04nope", 12),
        std::string_view("\0\0\0\x08\x02\0\0\x04{\"a\"", 12)}) {
    auto peer = connect();
    peer->send(frame_of(Echo{.text = "a"}, 1));
    peer->send(bad);
    peer->send(frame_of(Echo{.text = "never"}, 2));
    run();
    EXPECT_TRUE(peer->closed) << bad;
    EXPECT_TRUE(ours().closed()) << bad;
  }
  EXPECT_EQ(echoes, 5) << "nothing behind a bad frame is served";
  good->send(frame_of(Echo{.text = "a"}, 1));
  run();
  EXPECT_FALSE(good_side.closed());
  EXPECT_EQ(good->answers().size(), 1u);
}

TEST_F(ConnectionTest, LeavesRequestsUnreadWhileTooManyAreUnanswered) {
  limits.in_flight_max = 4;
  auto peer = connect();
  for (int32_t i = 0; i < 6; ++i) peer->send(frame_of(Hang{}, i));
  peer->send(frame_of(Echo{.text = "a"}, 6));
  run();
  EXPECT_EQ(held.size(), 4u);
  EXPECT_EQ(ours().in_flight(), 4);
  EXPECT_EQ(echoes, 0);
  held[2].reply(0, {});
  run();
  EXPECT_EQ(held.size(), 5u);
  EXPECT_EQ(echoes, 0);
  held.clear();  // Given up unanswered, they make room as well.
  run();
  EXPECT_EQ(held.size(), 1u);
  EXPECT_EQ(echoes, 1);
  EXPECT_EQ(ours().in_flight(), 1);
}

TEST_F(ConnectionTest, ParkedRequestsDoNotCount) {
  limits.in_flight_max = 2;
  auto peer = connect();
  for (int32_t i = 0; i < 10; ++i) peer->send(frame_of(Park{}, i));
  run();
  EXPECT_EQ(held.size(), 10u);
  EXPECT_EQ(ours().in_flight(), 0);
  for (auto& one : held) one.reply(0, {});
  run();
  EXPECT_EQ(peer->answers().size(), 10u);
}

TEST_F(ConnectionTest, LeavesRequestsUnreadWhileAnswersAreNotTaken) {
  limits.unsent_pause_bytes = 10'000;
  net.set_window_bytes(1'000);
  auto peer = connect();
  peer->stream->pause_reading();
  const std::string body(500, 'x');
  for (int32_t i = 0; i < 100; ++i) peer->send(frame_of(Echo{.text = "a", .times = 10}, i, body));
  run();
  EXPECT_GE(echoes, 2);
  EXPECT_LE(echoes, 4) << "5 kB each: 10 kB unsent, and what the window held";
  EXPECT_FALSE(ours().closed());
  peer->stream->resume_reading();
  run();
  EXPECT_EQ(echoes, 100);
  EXPECT_EQ(peer->answers().size(), 100u);
}

TEST_F(ConnectionTest, ClosesWhenTheOutputGrowsPastItsLimit) {
  limits.unsent_bytes_max = 100'000;
  net.set_window_bytes(1'000);
  auto peer = connect();
  peer->stream->pause_reading();
  for (int32_t i = 0; i < 12; ++i) peer->send(frame_of(Park{}, i));
  run();
  const std::string body(10'000, 'x');
  for (size_t i = 0; i < 9; ++i) held[i].reply(0, {}, as_bytes(body));
  advance_and_sweep(1'000);
  EXPECT_FALSE(ours().closed()) << "90 kB are within it";
  for (size_t i = 9; i < 12; ++i) held[i].reply(0, {}, as_bytes(body));
  advance_and_sweep(1'000);
  EXPECT_TRUE(ours().closed());
  EXPECT_EQ(watched, 1);
}

TEST_F(ConnectionTest, LeavesRequestsUnreadWhileTooManyBytesAreUnanswered) {
  limits.in_flight_bytes_max = 10'000;
  auto peer = connect();
  const std::string body(6'000, 'x');
  for (int32_t i = 0; i < 3; ++i) peer->send(frame_of(Hang{}, i, body));
  run();
  EXPECT_EQ(held.size(), 2u) << "the one that goes beyond the limit is the last";
  held[0].reply(0, {});
  run();
  EXPECT_EQ(held.size(), 3u);
}

TEST_F(ConnectionTest, ReadsOnWhenItsManyAnswersLeaveInOneWrite) {
  limits.unsent_pause_bytes = 1'000;
  auto peer = connect();  // Whose window takes all of them.
  std::string all;
  for (int32_t i = 0; i < 50; ++i) all += frame_of(Echo{"x"}, i, std::string(900, 'x'));
  peer->send(all);
  run();
  EXPECT_EQ(echoes, 50);
  EXPECT_EQ(peer->answers().size(), 50u);
}

TEST_F(ConnectionTest, ParkedAnswersEndItAsSoonAsTheyAreTooMany) {
  limits.unsent_bytes_max = 20'000;
  net.set_window_bytes(500);
  auto peer = connect();
  for (int32_t i = 0; i < 30; ++i) peer->send(frame_of(Park{}, i));
  peer->stream->pause_reading();
  run();
  ASSERT_EQ(held.size(), 30u);
  const std::string body(1'000, 'x');
  size_t answered = 0;
  while (answered < held.size() && !ours().closed()) held[answered++].reply(0, {}, as_bytes(body));
  EXPECT_GT(answered, 15u);
  EXPECT_LT(answered, 22u) << "no sweep had to come";
}

TEST_F(ConnectionTest, WaitsForTheFirstByteOnlySoLong) {
  limits.first_byte_ms_max = 10'000;
  auto silent = connect();
  auto talker = connect();
  talker->send(std::string_view("\0", 1));
  advance_and_sweep(10'000);
  EXPECT_EQ(watched, 0);
  advance_and_sweep(1);
  EXPECT_TRUE(silent->closed);
  EXPECT_FALSE(talker->closed);
}

TEST_F(ConnectionTest, WaitsForTheRestOfAFrameOnlySoLong) {
  limits.partial_frame_ms_max = 30'000;
  auto peer = connect();
  const std::string frame = frame_of(Echo{.text = "a"}, 1, "0123456789");
  peer->send(frame + frame.substr(0, 5));
  run();
  for (int i = 0; i < 15; ++i) {  // A byte now and then is no excuse.
    advance_and_sweep(2'000);
    peer->send(frame.substr(5 + i, 1));
    run();
  }
  EXPECT_FALSE(peer->closed) << "30 s are allowed";
  advance_and_sweep(1);
  EXPECT_TRUE(peer->closed);
  EXPECT_EQ(echoes, 1);
}

TEST_F(ConnectionTest, EachFrameHasItsOwnTime) {
  limits.partial_frame_ms_max = 30'000;
  auto peer = connect();
  const std::string frame = frame_of(Echo{.text = "a"}, 1);
  peer->send(frame.substr(0, 9));
  run();
  for (int i = 0; i < 5; ++i) {  // The end of one comes with the start of the next.
    advance_and_sweep(20'000);
    peer->send(frame.substr(9) + frame.substr(0, 9));
    run();
  }
  EXPECT_EQ(echoes, 5);
  EXPECT_FALSE(peer->closed);
}

TEST_F(ConnectionTest, WaitingForUsIsNoPartialFrame) {
  limits.partial_frame_ms_max = 30'000;
  limits.in_flight_max = 1;
  auto peer = connect();
  peer->send(frame_of(Hang{}, 1) + frame_of(Echo{.text = "a"}, 2));
  run();
  advance_and_sweep(60'000);
  EXPECT_FALSE(peer->closed) << "it is we who do not read";
  held[0].reply(0, {});
  run();
  EXPECT_EQ(peer->answers().size(), 2u);
}

TEST_F(ConnectionTest, ClosesWhenIdle) {
  limits.idle_ms_max = 120'000;
  auto peer = connect();
  peer->send(frame_of(Echo{.text = "a"}, 1));
  advance_and_sweep(100'000);
  peer->send(frame_of(Echo{.text = "a"}, 2));
  run();
  advance_and_sweep(120'000);
  EXPECT_FALSE(peer->closed);
  advance_and_sweep(1);
  EXPECT_TRUE(peer->closed);
  EXPECT_EQ(echoes, 2);
}

TEST_F(ConnectionTest, APeerThatTakesBytesIsNotIdle) {
  limits.idle_ms_max = 10'000;
  net.set_window_bytes(1'000);
  auto peer = connect();
  peer->stream->pause_reading();
  peer->send(frame_of(Echo{.text = "a", .times = 10}, 1, std::string(1'000, 'x')));
  run();
  for (int i = 0; i < 5; ++i) {
    net.set_window_bytes(2'000 + 1'000 * static_cast<size_t>(i));
    ours().out();  // The socket takes a little more.
    advance_and_sweep(8'000);
    EXPECT_FALSE(ours().closed()) << i;
  }
  advance_and_sweep(10'001);
  EXPECT_TRUE(ours().closed());
}

TEST_F(ConnectionTest, AnAnswerAfterTheEndGoesNowhere) {
  auto peer = connect();
  peer->send(frame_of(Hang{}, 1) + frame_of(Hang{}, 2) + frame_of(Park{}, 3));
  run();
  ASSERT_EQ(held.size(), 3u);
  peer->stream->close();
  run();
  EXPECT_TRUE(ours().closed());
  EXPECT_EQ(watched, 1);
  held[0].reply(0, {});  // The connection still exists,
  run();
  connections.clear();
  held[1].reply(0, {});  // and here it does not.
  held.clear();
  run();
  EXPECT_EQ(peer->received, "");
}

TEST_F(ConnectionTest, OneOfManyCopiesAnswers) {
  auto peer = connect();
  peer->send(frame_of(Hang{}, 9));
  run();
  const Responder one = held[0], other = held[0];
  held.clear();
  far.post([one] { one.reply(5, "from another loop"); });
  run();
  other.reply(6, "too late");
  run();
  auto answers = peer->answers();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].code, 5);
  EXPECT_EQ(answers[0].opaque, 9);
  EXPECT_EQ(ours().in_flight(), 0);
}

TEST_F(ConnectionTest, QuietConnectionsAnswerButTakeNothingMore) {
  auto peer = connect();
  peer->send(frame_of(Hang{}, 1));
  run();
  ours().quiesce();
  peer->send(frame_of(Echo{.text = "a"}, 2));
  run();
  EXPECT_EQ(echoes, 0);
  held[0].reply(0, {});
  ours().close_after_send();
  run();
  EXPECT_EQ(peer->answers().size(), 1u);
  EXPECT_TRUE(peer->closed);
}

// --- Requests of ours ---

struct Outcome {
  std::vector<std::string> all;
  OnResponse record() {
    return [this](Result<Response> got) {
      all.push_back(got ? std::to_string(got->header.code) + std::string(as_text(got->body))
                        : std::string(describe(got.error())));
    };
  }
};

std::string answer_to(const Seen& request, std::string_view body) {
  Buffer out;
  append_answer(out, request.opaque, Serialization::json, 7, {}, NoFields{}, as_bytes(body));
  return std::string(as_text(out.view()));
}

TEST_F(ConnectionTest, MatchesAnswersByOpaque) {
  auto peer = connect();
  Outcome first, second;
  ours().request(Echo{.text = "1"}, {}, 1'000, first.record());
  ours().request(Echo{.text = "2"}, {}, 1'000, second.record());
  run();
  auto asked = peer->answers();
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[0].code, Echo::info.code);
  Seen stranger = asked[0];
  stranger.opaque = 123'456'789;
  peer->send(answer_to(stranger, "x") + answer_to(asked[1], "two") + answer_to(asked[0], "one") +
             answer_to(asked[0], "again"));
  run();
  EXPECT_EQ(first.all, std::vector<std::string>{"7one"});
  EXPECT_EQ(second.all, std::vector<std::string>{"7two"});
  EXPECT_FALSE(peer->closed);
}

TEST_F(ConnectionTest, RequestsWithoutAnAnswerTimeOutOnce) {
  auto peer = connect();
  Outcome outcome;
  ours().request(Echo{.text = "1"}, {}, 1'000, outcome.record());
  advance_and_sweep(999);
  EXPECT_TRUE(outcome.all.empty());
  advance_and_sweep(1);
  ASSERT_EQ(outcome.all.size(), 1u);
  EXPECT_NE(outcome.all[0].find("no answer from"), std::string::npos) << outcome.all[0];
  peer->send(answer_to(peer->answers()[0], "late"));
  run();
  EXPECT_EQ(outcome.all.size(), 1u);
}

TEST_F(ConnectionTest, RequestsFailWithTheirConnection) {
  auto peer = connect();
  Outcome before, after;
  ours().request(Echo{.text = "1"}, {}, 1'000, before.record());
  run();
  peer->stream->close();
  run();
  EXPECT_EQ(before.all.size(), 1u);
  ours().request(Echo{.text = "1"}, {}, 1'000, after.record());
  run();
  EXPECT_EQ(after.all.size(), 1u);
  advance_and_sweep(10'000);
  EXPECT_EQ(before.all.size() + after.all.size(), 2u);
}

}  // namespace
}  // namespace agena::rpc
