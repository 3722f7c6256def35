// Goal: queries by key find every message that carries it, newest first, and nothing else, also
// after crashes, full disks and failed flushes.
// Method: small files; a list of messages plays the log, and recovery adds from safe_end() on.
#include "storage/key_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "storage/testing/faulty_files.h"

namespace agena::storage {
namespace {

using testing::TempDir;

struct Message {
  std::string topic, keys, uniq_key, tags;
  PhysicalOffset at;
  UnixMillis stored;
};

class KeyIndexTest : public ::testing::Test {
 protected:
  KeyIndexTest() {
    options_ = {dir_ / "index", dir_ / "cpp/index_mark", {.slots = 7, .entries = 50}};
  }

  static Message message(int i) {
    return {.topic = i % 3 == 0 ? "TopicB" : "TopicA",
            .keys = i % 2 == 0 ? "even k" + std::to_string(i % 10) : "",
            .uniq_key = "U" + std::to_string(i),
            .tags = i % 5 == 0 ? "five" : "",
            .at = PhysicalOffset(1'000 + 100 * i),
            .stored = UnixMillis(1'700'000'000'000 + 700 * i)};
  }
  PhysicalOffset log_end() const { return log_.empty() ? PhysicalOffset(0) : log_.back().at + 100; }

  void open(bool clean, PhysicalOffset log_begin = {}, UnixMillis flushed_time = {}) {
    index_.reset();
    auto index = KeyIndex::open(files_, options_,
                                {.clean = clean,
                                 .log_begin = log_begin,
                                 .log_end = std::max(log_begin, log_end()),
                                 .flushed_time = flushed_time});
    ASSERT_TRUE(index) << describe(index.error());
    index_ = std::move(*index);
  }
  // As recovery does it; the answer is how many messages it had to read.
  int redo() {
    int read = 0;
    for (const Message& m : log_) {
      if (m.at < index_->safe_end()) continue;
      add_to_index(m);
      ++read;
    }
    return read;
  }
  void add_to_index(const Message& m) {
    index_->add(m.topic, m.keys, m.uniq_key, m.tags, m.at, m.stored);
  }
  void append(int count) {
    for (int i = 0; i < count; ++i) {
      log_.push_back(message(next_++));
      add_to_index(log_.back());
    }
  }

  static bool carries(const Message& m, const IndexQuery& q) {
    if (m.topic != q.topic || m.stored < q.begin || m.stored > q.end) return false;
    if (q.type == 'T') return m.tags == q.key;
    const std::string keys = " " + m.keys + " ";
    return m.uniq_key == q.key || keys.find(" " + std::string(q.key) + " ") != std::string::npos;
  }
  std::vector<PhysicalOffset> expected(const IndexQuery& q) const {
    std::vector<PhysicalOffset> out;
    for (auto m = log_.rbegin(); m != log_.rend(); ++m) {
      if (carries(*m, q) && out.size() < static_cast<size_t>(q.messages_max)) out.push_back(m->at);
    }
    return out;
  }
  IndexAnswer ask(const IndexQuery& q) {
    return index_->query(q, [&](PhysicalOffset at) {
      auto m =
          std::lower_bound(log_.begin(), log_.end(), at,
                           [](const Message& each, PhysicalOffset want) { return each.at < want; });
      return m != log_.end() && m->at == at && carries(*m, q);
    });
  }
  static IndexQuery query(std::string_view topic, std::string_view key, char type = 'K') {
    return {.topic = topic,
            .key = key,
            .type = type,
            .messages_max = 32,
            .begin = UnixMillis(0),
            .end = UnixMillis(std::numeric_limits<int64_t>::max())};
  }
  // True when every message is found by everything it carries.
  bool is_complete() {
    for (const Message& m : log_) {
      if (ask(query(m.topic, m.uniq_key)).found != std::vector{m.at}) return false;
    }
    for (const char* topic : {"TopicA", "TopicB"}) {
      for (const char* key : {"even", "k0", "k4", "five", "none"}) {
        for (char type : {'K', 'T'}) {
          const IndexQuery q = query(topic, key, type);
          if (ask(q).found != expected(q)) return false;
        }
      }
    }
    return true;
  }
  std::vector<std::string> names() {
    auto list = files_.list(options_.dir);
    return list ? *list : std::vector<std::string>{};
  }

  TempDir dir_;
  testing::Faults faults_;
  testing::FaultyFiles files_{faults_};
  KeyIndexOptions options_;
  std::unique_ptr<KeyIndex> index_;
  std::vector<Message> log_;
  int next_ = 0;
};

TEST_F(KeyIndexTest, MakesNothingBeforeTheFirstKey) {
  open(true);
  index_->add("T", "", "", "", PhysicalOffset(0), UnixMillis(1));
  EXPECT_TRUE(names().empty());
  EXPECT_TRUE(ask(query("T", "x")).found.empty());
  append(1);
  EXPECT_EQ(index_->stats().files, 1u);
  EXPECT_EQ(names().size(), 1u);
}

TEST_F(KeyIndexTest, FindsNewestFirstAcrossFiles) {
  open(true);
  append(100);
  EXPECT_GT(names().size(), 3u);
  EXPECT_TRUE(is_complete());
  const IndexAnswer answer = ask(query("TopicA", "even"));
  EXPECT_EQ(answer.last_update, log_.back().stored);
  EXPECT_EQ(answer.last_update_offset, log_.back().at);
}

TEST_F(KeyIndexTest, TimesAreExactToTheMillisecond) {
  open(true);
  append(60);
  for (int from = 0; from < 60; from += 7) {
    for (int to = from; to < 60; to += 5) {
      for (int shift : {-1, 0, 1}) {
        IndexQuery q = query("TopicA", "even");
        q.begin = log_[static_cast<size_t>(from)].stored + shift;
        q.end = log_[static_cast<size_t>(to)].stored + shift;
        ASSERT_EQ(ask(q).found, expected(q)) << from << " " << to << " " << shift;
      }
    }
  }
}

TEST_F(KeyIndexTest, AnswersNoMoreThanAskedAndAtMost64) {
  open(true);
  for (int i = 0; i < 200; ++i) {
    log_.push_back({"T", "same", "", "", PhysicalOffset(i), UnixMillis(1'000 + i)});
    add_to_index(log_.back());
  }
  IndexQuery q = query("T", "same");
  for (auto [asked, got] : {std::pair{5, 5u}, {64, 64u}, {1'000, 64u}, {0, 0u}, {-1, 0u}}) {
    q.messages_max = asked;
    EXPECT_EQ(ask(q).found.size(), got);
  }
}

TEST_F(KeyIndexTest, EqualHashesDoNotMix) {
  open(true);
  log_.push_back({"T", "Aa", "", "Aa", PhysicalOffset(0), UnixMillis(1'000)});
  log_.push_back({"T", "BB", "", "BB", PhysicalOffset(50), UnixMillis(1'000)});
  for (const Message& m : log_) add_to_index(m);
  EXPECT_EQ(ask(query("T", "Aa")).found, std::vector{PhysicalOffset(0)});
  EXPECT_EQ(ask(query("T", "BB")).found, std::vector{PhysicalOffset(50)});
  EXPECT_EQ(ask(query("T", "BB", 'T')).found, std::vector{PhysicalOffset(50)});
}

TEST_F(KeyIndexTest, KeysOutsideAsciiAreFound) {
  open(true);
  log_.push_back({"T", "ключ 鍵 😀", "ü", "étiquette", PhysicalOffset(3), UnixMillis(1'000)});
  add_to_index(log_[0]);
  for (const char* key : {"ключ", "鍵", "😀", "ü"}) {
    EXPECT_EQ(ask(query("T", key)).found.size(), 1u) << key;
  }
  EXPECT_EQ(ask(query("T", "étiquette", 'T')).found.size(), 1u);
}

TEST_F(KeyIndexTest, HasKeyComparesTextAndTime) {
  message::RecordView record;
  record.topic = "T";
  const std::string properties("KEYS\1one two\2UNIQ_KEY\1id\2TAGS\1tag\2");
  record.properties = properties;
  record.store_time = UnixMillis(100);
  IndexQuery q = query("T", "two");
  EXPECT_TRUE(has_key(record, q));
  for (const char* key : {"on", "one two", "tag", "", "ID"}) {
    EXPECT_FALSE(has_key(record, query("T", key))) << key;
  }
  EXPECT_TRUE(has_key(record, query("T", "id", 'U')));
  EXPECT_TRUE(has_key(record, query("T", "tag", 'T')));
  EXPECT_FALSE(has_key(record, query("T", "one", 'T')));
  EXPECT_FALSE(has_key(record, query("t", "two")));
  q.begin = UnixMillis(101);
  EXPECT_FALSE(has_key(record, q));
  q.begin = q.end = UnixMillis(100);
  EXPECT_TRUE(has_key(record, q));
}

TEST_F(KeyIndexTest, ACleanStartReadsNothingAgain) {
  open(true);
  append(100);
  const auto time = index_->flush(log_end());
  ASSERT_TRUE(time);
  EXPECT_GT(time->value, 0);
  open(true);
  EXPECT_EQ(index_->safe_end(), log_end());
  EXPECT_EQ(redo(), 0);
  append(20);
  EXPECT_TRUE(is_complete());
}

TEST_F(KeyIndexTest, WithoutAMarkACleanStartReadsTheNewestMessageAgain) {
  open(true);
  append(30);
  open(true);
  EXPECT_EQ(redo(), 1);
  EXPECT_TRUE(is_complete());
}

TEST_F(KeyIndexTest, MessagesWithoutKeysAreNotReadAgain) {
  open(true);
  append(3);
  ASSERT_TRUE(index_->flush(log_end() + 1'000'000));
  log_.push_back({"T", "", "", "", log_end() + 1'000'000, UnixMillis(1)});
  open(false);
  EXPECT_EQ(redo(), 1);
  EXPECT_TRUE(ask(query("TopicA", "U1")).found.size() == 1);
}

TEST_F(KeyIndexTest, AMissingIndexIsMadeAgain) {
  open(true);
  append(100);
  ASSERT_TRUE(index_->flush(log_end()));
  index_.reset();
  std::filesystem::remove_all(options_.dir);
  for (bool clean : {true, false}) {
    open(clean);
    EXPECT_EQ(redo(), clean ? 100 : 0);
    EXPECT_TRUE(is_complete());
  }
}

TEST_F(KeyIndexTest, FilesOfAnotherBrokerBehindAGapAreMadeAgain) {
  open(true);
  append(60);
  ASSERT_TRUE(index_->flush(log_end()));
  const std::string ours = names().back();
  append(30);  // What Java would index in the file that follows.
  index_.reset();
  ASSERT_TRUE(files_.remove(options_.dir + "/" + ours));
  open(true);
  EXPECT_GT(redo(), 30);
  EXPECT_TRUE(is_complete());
}

TEST_F(KeyIndexTest, ExpiredFilesGoButNeverTheNewest) {
  open(true);
  append(100);
  const size_t before = names().size();
  ASSERT_TRUE(index_->remove_below(log_[50].at));
  const size_t after = names().size();
  EXPECT_LT(after, before);
  log_.erase(log_.begin(), log_.begin() + 50);
  EXPECT_TRUE(is_complete());
  ASSERT_TRUE(index_->remove_below(log_end()));
  EXPECT_EQ(names().size(), 1u);
  ASSERT_TRUE(index_->flush(log_end()));
  open(true, log_end());
  EXPECT_EQ(redo(), 0);
}

TEST_F(KeyIndexTest, AnExpiredFileThatCannotBeRemovedIsTriedAgain) {
  open(true);
  append(100);
  const std::string oldest = dir_ / ("index/" + names().front());
  std::filesystem::rename(oldest, oldest + ".away");
  std::filesystem::create_directories(oldest + "/not-empty");
  EXPECT_FALSE(index_->remove_below(log_[50].at));
  EXPECT_FALSE(index_->remove_below(log_[50].at)) << "not forgotten";
  std::filesystem::remove_all(oldest);
  std::filesystem::rename(oldest + ".away", oldest);
  ASSERT_TRUE(index_->remove_below(log_[50].at));
  EXPECT_FALSE(std::filesystem::exists(oldest));
}

TEST_F(KeyIndexTest, ShorterLogTakesKeysBack) {
  open(true);
  append(100);
  ASSERT_TRUE(index_->flush(log_end()));
  log_.resize(70);
  open(false);
  redo();
  next_ = 500;
  append(30);
  EXPECT_TRUE(is_complete());
}

TEST_F(KeyIndexTest, AFullDiskSwitchesItOffUntilTheNextStart) {
  open(true);
  append(10);
  faults_.blocks_left = 0;
  append(60);
  EXPECT_TRUE(index_->stats().switched_off);
  EXPECT_GT(index_->stats().keys_missed, 0u);
  ASSERT_TRUE(index_->flush(log_end()));
  faults_.blocks_left = std::numeric_limits<int64_t>::max();
  open(true);
  EXPECT_GT(redo(), 0);
  EXPECT_TRUE(is_complete());
}

TEST_F(KeyIndexTest, AFailedFlushIsNotBelieved) {
  open(true);
  append(40);
  ASSERT_TRUE(index_->flush(log_end()));
  append(40);
  faults_.fail_sync = true;
  EXPECT_FALSE(index_->flush(log_end()));
  faults_.fail_sync = false;
  EXPECT_TRUE(index_->stats().switched_off);
  append(5);
  ASSERT_TRUE(index_->flush(log_end()));
  open(true);
  EXPECT_GE(redo(), 45);
  EXPECT_TRUE(is_complete());
}

TEST_F(KeyIndexTest, OtherLayoutsAreRefusedWithAWord) {
  open(true);
  append(10);
  index_.reset();
  options_.layout.entries = 40;
  auto refused = KeyIndex::open(files_, options_, {.clean = true, .log_end = log_end()});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::bad_config);
  EXPECT_NE(refused.error().text.find("maxIndexNum"), std::string::npos);
}

TEST_F(KeyIndexTest, AFileThatWasNeverFinishedIsMadeAgain) {
  open(true);
  append(30);
  index_.reset();
  { ASSERT_TRUE(files_.open(index_path(options_.dir, 29990101000000000), io::Open::create)); }
  { ASSERT_TRUE(files_.open(options_.dir + "/notes", io::Open::create)); }
  open(false);
  redo();
  EXPECT_TRUE(is_complete());
}

TEST_F(KeyIndexTest, LetsGoOfMemoryAndTakesItAgain) {
  open(true);
  append(5);
  index_->cool_down();
  index_->cool_down();
  append(5);
  EXPECT_TRUE(is_complete());
}

TEST_F(KeyIndexTest, MarkSurvivesOnlyWhole) {
  const IndexMark mark{PhysicalOffset(77), 20240102030405006, PhysicalOffset(70)};
  std::string raw = encode_index_mark(mark);
  EXPECT_EQ(decode_index_mark(as_bytes(raw)), mark);
  for (size_t i = 0; i < raw.size(); ++i) {
    std::string bad = raw;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    EXPECT_EQ(decode_index_mark(as_bytes(bad)), std::nullopt) << i;
    EXPECT_EQ(decode_index_mark(as_bytes(raw).first(i)), std::nullopt) << i;
  }
}

// A power cut: sectors of files that were not flushed read as zeros. Whatever is lost, recovery
// ends with every message found by everything it carries, and reads no more of the log than what
// came after the last flush, unless flushed bytes are hurt too (they are not here).
TEST_F(KeyIndexTest, PowerCutsLoseNothing) {
  std::mt19937 random(7);
  for (int round = 0; round < 30; ++round) {
    open(round % 2 == 0 && round > 0);
    redo();
    append(static_cast<int>(random() % 40));
    auto flushed_time = index_->flush(log_end());
    ASSERT_TRUE(flushed_time);
    const auto messages_flushed = log_.size();
    const auto flushed_count = names().empty() ? 0u : names().size();
    int64_t entries_flushed = 0;
    if (flushed_count > 0) {
      auto raw = io::read_text(files_, options_.dir + "/" + names().back());
      entries_flushed = load_index_header(as_bytes(*raw).data()).count;
    }
    append(static_cast<int>(random() % 40));
    index_.reset();
    const auto all = names();
    for (size_t f = flushed_count == 0 ? 0 : flushed_count - 1; f < all.size(); ++f) {
      auto file = files_.open(options_.dir + "/" + all[f], io::Open::write);
      ASSERT_TRUE(file);
      const bool was_there = f + 1 == flushed_count;
      const uint64_t safe =
          was_there ? options_.layout.entry_at(static_cast<int32_t>(entries_flushed)) : 0;
      for (uint64_t at = 0; at < options_.layout.file_bytes(); at += 64) {
        const bool is_slots = at + 64 <= options_.layout.entry_at(0);
        if (random() % 4 != 0 || (at < safe && !(is_slots && at > 0))) continue;
        const auto count = std::min<uint64_t>(64, options_.layout.file_bytes() - at);
        ASSERT_TRUE((*file)->write_at(std::vector<std::byte>(count), at));
      }
    }
    open(false, {}, *flushed_time);
    EXPECT_LE(redo(), static_cast<int>(log_.size() - messages_flushed)) << round;
    ASSERT_TRUE(is_complete()) << round;
  }
}

}  // namespace
}  // namespace agena::storage
