// Goal: whatever stopped the process, the store that opens next holds every record that was safe,
// gives no offset twice, and says the same when it is opened once more.
// Method: a store on a disk in memory that is killed, loses power, loses files or bits; then
// reading everything and comparing with what was sent.
#include "storage/recovery.h"

#include <gtest/gtest.h>

#include <random>

#include "storage/testing/store_world.h"

namespace agena::storage {
namespace {

using testing::MemoryDisk;
using testing::StoreWorld;

class RecoveryTest : public ::testing::Test {
 protected:
  StoreWorld world;
  Store& store() { return *world.store; }
  std::vector<std::string> sent[3];
  std::vector<Appended> places;

  void send_some(int count, size_t size = 300) {
    for (int i = 0; i < count; ++i) {
      const int q = static_cast<int>(places.size()) % 3;
      sent[q].push_back(std::to_string(places.size()) + std::string(size, 'b'));
      places.push_back(
          world.send("T", q, sent[q].back(), "KEYS\x01k" + std::to_string(places.size()) + "\x02"));
      world.clock.advance_ms(3);
    }
  }
  void expect_all() {
    for (int q = 0; q < 3; ++q) EXPECT_EQ(world.bodies("T", q), sent[q]) << "queue " << q;
    EXPECT_EQ(store().state().written, places.empty() ? PhysicalOffset(0) : places.back().end());
  }
  int64_t keyed(const std::string& key) {
    Buffer out;
    KeyQuery query{.topic = "T", .key = key, .begin = {}, .end = world.clock.wall() + 1000};
    return store().query(query, out).messages;
  }
  void flip(int64_t at) {
    const int64_t file = at / world.options.log_file_bytes * world.options.log_file_bytes;
    auto bytes = world.disk->content(world.log_path(file));
    bytes[static_cast<size_t>(at - file)] ^= std::byte(0x10);
    world.disk->set_content(world.log_path(file), bytes);
  }
};

TEST_F(RecoveryTest, KillLosesNothingWhateverWasWrittenOfTheRest) {
  ASSERT_TRUE(world.open());
  for (int life = 0; life < 6; ++life) {
    send_some(100 + life * 37);
    if (life % 2 == 1) world.pass_time();
    if (life == 4) world.pass_time(61'000);
    send_some(5);
    world.kill();
    ASSERT_TRUE(world.open());
    expect_all();
    EXPECT_EQ(keyed("k3"), 1);
    EXPECT_EQ(keyed("k" + std::to_string(places.size() - 1)), 1);
  }
}

TEST_F(RecoveryTest, SaysInASentenceWhatItDid) {
  ASSERT_TRUE(world.open());
  EXPECT_EQ(store().state().recovery, "") << "a new store has nothing to recover";
  send_some(1'234);
  world.kill();
  ASSERT_TRUE(world.open());
  EXPECT_EQ(store().state().recovery,
            "recovered after an unclean stop: 1,234 messages read again in 0.0 s");
  const PhysicalOffset end = places.back().end();
  world.kill();
  const int64_t file = end.value / world.options.log_file_bytes * world.options.log_file_bytes;
  auto bytes = world.disk->content(world.log_path(file));
  for (int64_t i = 0; i < 37; ++i) bytes[static_cast<size_t>(end.value - file + i)] = std::byte(7);
  world.disk->set_content(world.log_path(file), bytes);
  ASSERT_TRUE(world.open());
  EXPECT_TRUE(store().state().recovery.ends_with(", 37 torn bytes cut at offset " +
                                                 std::to_string(end.value / 1000) + "," +
                                                 std::to_string(1000 + end.value % 1000).substr(1)))
      << store().state().recovery << " " << end.value;
  ASSERT_TRUE(store().close());
  world.loop.run();
  world.store.reset();
  ASSERT_TRUE(world.open());
  EXPECT_EQ(store().state().recovery, "") << "after a clean stop nothing is read";
}

TEST_F(RecoveryTest, RecoveringTwiceIsRecoveringOnce) {
  ASSERT_TRUE(world.open());
  send_some(300);
  world.kill();
  ASSERT_TRUE(world.open());
  world.pass_time(61'000);
  world.kill();
  auto before = world.disk->content("s/consumequeue/T/0/00000000000000000000");
  ASSERT_TRUE(world.open());
  world.kill();
  ASSERT_TRUE(world.open());
  EXPECT_EQ(world.disk->content("s/consumequeue/T/0/00000000000000000000"), before);
  expect_all();
}

TEST_F(RecoveryTest, PowerCutKeepsEveryFlushedRecordAndOnlyAPrefixOfTheRest) {
  for (uint32_t seed = 0; seed < 40; ++seed) {
    StoreWorld w;
    std::mt19937 random(seed);
    ASSERT_TRUE(w.open());
    std::vector<std::string> bodies;
    size_t safe = 0;
    for (int i = 0; i < 400; ++i) {
      bodies.push_back(std::to_string(i) + std::string(random() % 500, 'x'));
      w.send("T", 0, bodies.back());
      if (random() % 40 == 0) {
        w.pass_time(random() % 4 == 0 ? 61'000 : 1'100);
        safe = bodies.size();
      }
    }
    w.cut_power([&](const std::string&, size_t) { return seed % 4 != 0 && random() % 2 == 0; });
    ASSERT_TRUE(w.open()) << seed;
    std::vector<std::string> found = w.bodies("T", 0);
    ASSERT_GE(found.size(), safe) << seed;
    ASSERT_LE(found.size(), bodies.size());
    EXPECT_TRUE(std::equal(found.begin(), found.end(), bodies.begin())) << seed;
    EXPECT_EQ(w.send("T", 0, "more").queue_offset.value, static_cast<int64_t>(found.size()));
    found.push_back("more");
    w.kill();
    ASSERT_TRUE(w.open());
    EXPECT_EQ(w.bodies("T", 0), found) << seed;
  }
}

TEST_F(RecoveryTest, ATailTornAtAnyByteIsCutAndItsPlaceUsedAgain) {
  ASSERT_TRUE(world.open());
  send_some(9, 20);
  const Appended last = places.back();
  // The record's head ends with bytes that are zero in a whole record too; those cuts change
  // nothing up to the first byte that is not.
  auto whole = world.disk->after_kill();
  const auto bytes = whole->content(world.log_path(0));
  for (int64_t cut = 0; cut < last.size_bytes; ++cut) {
    StoreWorld w;
    w.disk = whole->after_kill();
    auto torn = bytes;
    const auto from = torn.begin() + (last.at + cut).value;
    std::fill(from, from + (last.size_bytes - cut), std::byte());
    w.disk->set_content(w.log_path(0), torn);
    ASSERT_TRUE(w.open()) << cut;
    EXPECT_EQ(w.store->state().written, last.at) << cut;
    EXPECT_EQ(w.store->max_offset("T", QueueId(2)).value, 2) << cut;
    Appended again = w.send("T", 2, "again");
    EXPECT_EQ(again.at, last.at);
    EXPECT_EQ(again.queue_offset.value, 2);
    w.kill();
    ASSERT_TRUE(w.open());
    EXPECT_EQ(w.bodies("T", 2), (std::vector<std::string>{sent[2][0], sent[2][1], "again"}));
  }
}

TEST_F(RecoveryTest, MissingDerivedFilesAreMadeAgain) {
  const std::vector<std::string> gone[] = {
      {"s/consumequeue"},
      {"s/consumequeue/T/1"},
      {"s/consumequeue/T/1/00000000000000002000"},
      {"s/index"},
      {"s/checkpoint"},
      {"s/cpp"},
      {"s/checkpoint", "s/cpp", "s/index", "s/consumequeue"},
      {"s/cpp/queues", "s/consumequeue/T"},
  };
  for (const bool clean : {true, false}) {
    for (const auto& paths : gone) {
      SCOPED_TRACE((clean ? "clean without " : "killed without ") + paths.front());
      StoreWorld w;
      std::vector<std::string> bodies[3];
      ASSERT_TRUE(w.open());
      for (int i = 0; i < 600; ++i) {
        bodies[i % 3].push_back(std::to_string(i));
        w.send("T", i % 3, bodies[i % 3].back(), "KEYS\x01k" + std::to_string(i) + "\x02");
        if (i == 500) w.pass_time(61'000);
      }
      if (clean)
        ASSERT_TRUE(w.store->close());
      else
        w.kill();
      for (const std::string& path : paths) w.disk->remove_under(path);
      ASSERT_TRUE(w.open());
      for (int q = 0; q < 3; ++q) EXPECT_EQ(w.bodies("T", q), bodies[q]);
      Buffer out;
      KeyQuery query{.topic = "T", .key = "k7", .begin = {}, .end = w.clock.wall() + 1000};
      EXPECT_EQ(w.store->query(query, out).messages, 1);
      EXPECT_EQ(w.send("T", 1, "x").queue_offset.value, 200);
    }
  }
}

TEST_F(RecoveryTest, AShortLastFileIsExtended) {
  ASSERT_TRUE(world.open());
  send_some(10);
  world.kill();
  auto bytes = world.disk->content(world.log_path(0));
  bytes.resize(static_cast<size_t>(places.back().end().value));
  world.disk->set_content(world.log_path(0), bytes);
  ASSERT_TRUE(world.open());
  expect_all();
  EXPECT_EQ(world.disk->content(world.log_path(0)).size(),
            static_cast<size_t>(world.options.log_file_bytes));
}

TEST_F(RecoveryTest, DamageBelowTheMarkIsAHoleAndNothingBehindItIsLost) {
  ASSERT_TRUE(world.open());
  send_some(300);
  world.pass_time();  // The mark is behind them now, the checkpoint is not.
  send_some(3);
  world.kill();
  const Appended hit = places[100];
  flip(hit.at.value + 95);
  ASSERT_TRUE(world.open());
  EXPECT_EQ(store().state().hole_bytes, hit.size_bytes);
  EXPECT_EQ(store().state().written, places.back().end());
  const int q = 100 % 3;
  auto wanted = sent[q];
  wanted.erase(wanted.begin() + 100 / 3);
  EXPECT_EQ(world.bodies("T", q), wanted);
  Buffer out;
  EXPECT_FALSE(store().read_record(hit.at, out));
  EXPECT_EQ(store().max_offset("T", QueueId(q)).value, static_cast<int64_t>(sent[q].size()));
  world.kill();
  ASSERT_TRUE(world.open());
  EXPECT_EQ(world.bodies("T", q), wanted);
  EXPECT_EQ(world.send("T", q, "next").queue_offset.value, static_cast<int64_t>(sent[q].size()));
}

// A disk that refuses every read that touches one sector of the first log file.
auto refuses_sector(PhysicalOffset inside) {
  const auto from = static_cast<uint64_t>(inside.value) / 4096 * 4096;
  return [from](const std::string& path, uint64_t offset, uint64_t length) -> Status {
    const bool touches = offset < from + 4096 && offset + length > from;
    if (touches && path.ends_with("commitlog/00000000000000000000"))
      return Error{Errc::io_error, "EIO"};
    return ok();
  };
}

TEST_F(RecoveryTest, AnUnreadableSectorIsAHoleAndNothingBehindItIsLost) {
  ASSERT_TRUE(world.open());
  send_some(100);
  world.pass_time();
  send_some(3);
  world.kill();
  const PhysicalOffset bad = places[50].at;
  const auto sector = bad.value / 4096;
  world.disk->read_fault = refuses_sector(bad);
  ASSERT_TRUE(world.open());
  EXPECT_GT(store().state().hole_bytes, 0);
  EXPECT_EQ(store().state().written, places.back().end());
  for (int q = 0; q < 3; ++q) {
    std::vector<std::string> wanted;
    for (size_t i = static_cast<size_t>(q); i < places.size(); i += 3) {
      const bool is_lost =
          places[i].at.value / 4096 <= sector && (places[i].end().value - 1) / 4096 >= sector;
      if (!is_lost) wanted.push_back(sent[q][i / 3]);
    }
    EXPECT_LT(wanted.size(), sent[q].size());
    EXPECT_EQ(world.bodies("T", q), wanted) << "queue " << q;
  }
}

TEST_F(RecoveryTest, ALogWhoseEndCannotBeReadIsNotCut) {
  ASSERT_TRUE(world.open());
  send_some(20);
  world.pass_time();
  world.kill();
  world.disk->read_fault = refuses_sector(places.back().at);
  const Status refused = world.open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::io_error);
  EXPECT_NE(refused.error().text.find("cannot be read"), std::string::npos);
  world.disk->read_fault = {};
  ASSERT_TRUE(world.open()) << "the disk has recovered";
  expect_all();
}

TEST_F(RecoveryTest, DamagedNewestMessagesKeepTheirOffsets) {
  ASSERT_TRUE(world.open());
  send_some(30);
  world.send("U", 0, "kept by nobody");
  world.send("T", 0, "behind");
  world.pass_time();
  world.kill();
  const int64_t at = places.back().end().value;
  flip(at + 95);
  ASSERT_TRUE(world.open());
  EXPECT_GT(store().state().hole_bytes, 0);
  EXPECT_EQ(world.send("U", 0, "new").queue_offset.value, 1) << "offset 0 was given away once";
  EXPECT_EQ(world.bodies("U", 0), std::vector<std::string>{"new"});
  EXPECT_EQ(world.bodies("T", 0).back(), "behind");
}

TEST_F(RecoveryTest, TheNewestMessageThatWasOnTheDiskKeepsItsPlaceWhenItIsDamaged) {
  ASSERT_TRUE(world.open());
  send_some(30);
  world.pass_time();
  world.kill();
  flip(places.back().at.value + 95);
  ASSERT_TRUE(world.open());
  EXPECT_EQ(store().state().hole_bytes, places.back().size_bytes);
  EXPECT_EQ(store().state().written, places.back().end());
  EXPECT_EQ(world.send("T", 2, "next").queue_offset.value, 10) << "9 was acknowledged";
  sent[2].back() = "next";
  for (int life = 0; life < 2; ++life) {
    EXPECT_EQ(world.bodies("T", 2), sent[2]);
    world.kill();
    ASSERT_TRUE(world.open());
  }
}

TEST_F(RecoveryTest, AnOffsetWhoseMessageIsLostIsNeverGivenAgain) {
  ASSERT_TRUE(world.open());
  send_some(30);
  world.pass_time();
  world.kill();
  flip(places.back().at.value + 95);
  for (int life = 0; life < 4; ++life) {
    ASSERT_TRUE(world.open());
    EXPECT_EQ(store().max_offset("T", QueueId(2)).value, 10) << life;
    if (life % 2 == 1) world.send("U", 0, "others go on");
    if (life == 2) world.pass_time(61'000);
    world.kill();
  }
  ASSERT_TRUE(world.open());
  EXPECT_EQ(world.send("T", 2, "next").queue_offset.value, 10);
}

TEST_F(RecoveryTest, DamageAcrossTheEdgeOfTwoFilesIsAHoleToo) {
  ASSERT_TRUE(world.open());
  send_some(300);
  world.pass_time();
  world.kill();
  const int64_t edge = world.options.log_file_bytes;
  size_t first = 0;
  while (places[first].at.value < edge) ++first;
  const auto has_later = [&] { return places.back().at.value < 2 * edge; };
  ASSERT_TRUE(has_later()) << "the second file is the last";
  flip(places[first - 1].at.value + 95);
  flip(places[first].at.value + 95);
  ASSERT_TRUE(world.open());
  EXPECT_EQ(store().state().written, places.back().end());
  size_t found = 0;
  for (int q = 0; q < 3; ++q) found += world.bodies("T", q).size();
  EXPECT_EQ(found, places.size() - 2);
}

TEST_F(RecoveryTest, DamageThatIsFoundLaterIsSkippedWhenRead) {
  ASSERT_TRUE(world.open());
  send_some(30);
  ASSERT_TRUE(store().close());
  flip(places[12].at.value + 29);  // The record's own position.
  ASSERT_TRUE(world.open());
  auto wanted = sent[0];
  wanted.erase(wanted.begin() + 4);
  EXPECT_EQ(world.bodies("T", 0), wanted);
  EXPECT_GT(store().state().damaged_reads, 0u);
  Buffer out;
  ReadResult r = store().read("T", QueueId(0), QueueOffset(4), {1, 1000}, {}, out);
  EXPECT_EQ(r.status, ReadStatus::message_was_removing);
  EXPECT_EQ(r.next.value, 5);
}

TEST_F(RecoveryTest, StaleRecordsBehindACutNeverComeBack) {
  ASSERT_TRUE(world.open());
  send_some(9, 20);
  world.kill();
  // The sixth record is torn, the three behind it are whole: what an unordered write-back leaves.
  const int64_t at = places[6].at.value;
  flip(at + 90);
  ASSERT_TRUE(world.open());
  EXPECT_EQ(store().state().written, places[6].at);
  // A record of the same size takes the place of the torn one: the next stale one would follow it.
  const Appended again = world.send("T", 0, sent[0][2], "KEYS\x01k6\x02");
  ASSERT_EQ(again.at, places[6].at);
  ASSERT_EQ(again.end(), places[6].end());
  world.kill();
  ASSERT_TRUE(world.open());
  EXPECT_EQ(store().state().written, again.end());
  EXPECT_EQ(store().max_offset("T", QueueId(1)).value, 2);
}

TEST_F(RecoveryTest, ATopicMadeAgainIsRebuiltFromItsSecondLife) {
  ASSERT_TRUE(world.open());
  for (int i = 0; i < 10; ++i) world.send("T", 0, "old");
  ASSERT_TRUE(store().delete_topic("T"));
  for (int i = 0; i < 4; ++i) world.send("T", 0, "new");
  world.kill();
  world.disk->remove_under("s/consumequeue");
  ASSERT_TRUE(world.open());
  EXPECT_EQ(world.bodies("T", 0), std::vector<std::string>(4, "new"));
  EXPECT_EQ(world.send("T", 0, "x").queue_offset.value, 4);
}

// Whenever the crash comes, from the answer on the topic stays deleted: with its records behind the
// last checkpoint and before it, with its queue files gone or, as after a power cut, still there.
TEST(DeletedTopic, StaysDeleted) {
  for (bool is_checkpointed : {false, true}) {
    for (bool is_power_cut : {false, true}) {
      StoreWorld world;
      ASSERT_TRUE(world.open());
      for (int i = 0; i < 300; ++i) world.send(i % 2 == 0 ? "T" : "Stays", 0, "old");
      if (is_checkpointed) world.pass_time(61'000);
      world.send("T", 1, "newer");
      world.pass_time();
      const auto file = world.disk->content("s/consumequeue/T/0/00000000000000000000");
      ASSERT_TRUE(world.store->delete_topic("T"));
      if (is_power_cut) {
        world.cut_power();
        world.disk->set_content("s/consumequeue/T/0/00000000000000000000", file);
      } else {
        world.kill();
      }
      ASSERT_TRUE(world.open());
      EXPECT_EQ(world.store->topics(), std::vector<std::string>{"Stays"});
      EXPECT_EQ(world.store->max_offset("T", QueueId(0)).value, 0);
      EXPECT_EQ(world.send("T", 0, "again").queue_offset.value, 0);
      world.kill();
      world.disk->remove_under("s/consumequeue");  // Made again from the whole log.
      ASSERT_TRUE(world.open());
      EXPECT_EQ(world.bodies("T", 0), std::vector<std::string>{"again"});
      EXPECT_EQ(world.store->max_offset("T", QueueId(1)).value, 0);
      EXPECT_EQ(world.bodies("Stays", 0).size(), 150u);
    }
  }
}

TEST_F(RecoveryTest, ATopicMadeAgainWhereAPowerCutTookTheLogBackIsNotDeleted) {
  ASSERT_TRUE(world.open());
  world.send("T", 0, std::string(5'000, 'o'));
  ASSERT_TRUE(store().delete_topic("T"));  // Noted on the disk; the log before it is not there yet.
  world.cut_power();
  ASSERT_TRUE(world.open());
  ASSERT_EQ(store().state().written.value, 0);
  send_some(9, 20);
  world.pass_time();
  for (int life = 0; life < 2; ++life) {
    world.kill();
    ASSERT_TRUE(world.open());
    expect_all();
  }
}

TEST_F(RecoveryTest, ADeletionThatCannotBeNotedIsSaidSo) {
  ASSERT_TRUE(world.open());
  world.send("T", 0, "x");
  world.disk->fault = [](testing::MemoryDisk::Call, const std::string& path) -> Status {
    if (path.find("cpp/deleted") == std::string::npos) return ok();
    return Error{Errc::disk_full, "ENOSPC"};
  };
  EXPECT_EQ(store().delete_topic("T").error().code, Errc::disk_full);
  EXPECT_TRUE(store().topics().empty()) << "in force all the same";
  world.disk->fault = {};
}

TEST_F(RecoveryTest, ACleanStartReadsNeitherTheLogNorTheIndex) {
  ASSERT_TRUE(world.open());
  for (int i = 0; i < 500; ++i)
    world.send("T", i % 4, std::string(1'000, 'x'), "KEYS\x01k" + std::to_string(i) + "\x02");
  ASSERT_TRUE(store().close());
  world.store.reset();
  const uint64_t log_before = world.disk->bytes_read("s/commitlog/");
  const uint64_t index_before = world.disk->bytes_read("s/index/");
  const uint64_t queues_before = world.disk->bytes_read("s/consumequeue/");
  ASSERT_TRUE(world.open());
  // A look for a record at the end, and the headers of the index files.
  EXPECT_LE(world.disk->bytes_read("s/commitlog/") - log_before, 64u << 10);
  EXPECT_LE(world.disk->bytes_read("s/index/") - index_before, 2u * 40);
  EXPECT_EQ(world.disk->bytes_read("s/consumequeue/"), queues_before);
  EXPECT_EQ(store().max_offset("T", QueueId(3)).value, 125);
  world.kill();
  const uint64_t kept = world.disk->bytes_read("s/commitlog/");
  ASSERT_TRUE(world.open());
  EXPECT_EQ(kept, 0u);  // The disk after a kill counts anew,
  EXPECT_GT(world.disk->bytes_read("s/index/"), 100u * 20) << "and the count would show a scan";
}

TEST_F(RecoveryTest, AQueueFileThatWentMissingAfterACleanStopIsNoticed) {
  ASSERT_TRUE(world.open());
  for (int i = 0; i < 250; ++i) world.send("T", i % 2, std::to_string(i));
  ASSERT_TRUE(store().close());
  world.store.reset();
  world.disk->remove_under("s/consumequeue/T/1/00000000000000002000");  // The newest of its two.
  ASSERT_TRUE(world.open());
  EXPECT_EQ(world.bodies("T", 1).size(), 125u);
  ASSERT_TRUE(store().close());
  world.store.reset();
  // Files of another size hold other entries, though their names may be the same.
  world.options.queue_file_bytes = 20'000;
  world.disk->remove_under("s/consumequeue/T/1/00000000000000002000");
  world.disk->remove_under("s/consumequeue/T/0/00000000000000002000");
  ASSERT_TRUE(world.open());
  EXPECT_EQ(world.bodies("T", 0).size(), 125u);
  EXPECT_EQ(world.bodies("T", 1).size(), 125u);
}

TEST_F(RecoveryTest, ACleanStopIsTrustedOnlyWhileNothingChanged) {
  ASSERT_TRUE(world.open());
  send_some(200);
  ASSERT_TRUE(store().close());
  ASSERT_TRUE(world.open());
  expect_all();
  ASSERT_TRUE(store().close());
  // Another broker has used the store: its checkpoint differs.
  auto checkpoint = world.disk->content("s/checkpoint");
  checkpoint[7] ^= std::byte(1);
  world.disk->set_content("s/checkpoint", checkpoint);
  ASSERT_TRUE(world.open());
  expect_all();
  send_some(3);
  expect_all();
}

TEST_F(RecoveryTest, DelayedMessagesCarryTheirDeliveryTimeAlsoWhenRebuilt) {
  ASSERT_TRUE(world.open());
  const UnixMillis now = world.clock.wall();
  world.send("SCHEDULE_TOPIC_XXXX", 2, "later",
             "DELAY\x01"
             "3\x02TAGS\x01"
             "A\x02");
  EXPECT_EQ(world.arrivals.back().tag_code, (now + 10'000).value);
  world.kill();
  world.disk->remove_under("s/consumequeue");
  ASSERT_TRUE(world.open());
  world.pass_time();
  auto bytes = world.disk->content("s/consumequeue/SCHEDULE_TOPIC_XXXX/2/00000000000000000000");
  EXPECT_EQ(load_be<int64_t>(bytes.data() + 12), (now + 10'000).value);
}

TEST_F(RecoveryTest, HalfMessagesTakeNoSlot) {
  ASSERT_TRUE(world.open());
  message::Draft half = world.draft("T", 0, "half");
  half.sys_flag = 0x4;
  auto done = store().append(half);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->queue_offset.value, 0);
  store().commit();
  EXPECT_EQ(store().max_offset("T", QueueId(0)).value, 0);
  EXPECT_EQ(world.send("T", 0, "whole").queue_offset.value, 0);
  world.kill();
  ASSERT_TRUE(world.open());
  EXPECT_EQ(world.bodies("T", 0), std::vector<std::string>{"whole"});
}

}  // namespace
}  // namespace agena::storage
