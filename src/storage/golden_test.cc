// Goal: stores that Java 5.5.0 wrote (stopped cleanly, killed, torn) open, every record is served
// as listed, and nothing that Java wrote changes when we go on.
// Method: the archives of tests/golden/stores are unpacked, opened as real files, compared with
// their lists, written to, and compared with the bytes they came with.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>

#include "base/json.h"
#include "base/testing/format_doc.h"
#include "io/testing/manual_clock.h"
#include "io/testing/memory_loop.h"
#include "message/host.h"
#include "message/properties.h"
#include "message/record_format.h"
#include "message/sys_flag.h"
#include "storage/key_index.h"
#include "storage/queue_entry.h"
#include "storage/store.h"
#include "storage/testing/faulty_files.h"

namespace agena::storage {
namespace {

using agena::testing::text_of_file;
using json::Value;
using Fields = const Value&;

const std::string kStores = std::string(AGENA_SOURCE_DIR) + "/tests/golden/stores/";
constexpr int64_t kLogFileBytes = 1'048'576;
constexpr int64_t kQueueFileBytes = 2'000;
constexpr IndexLayout kIndexLayout{.slots = 500, .entries = 2'000};

int64_t number(Fields record, std::string_view name) {
  const Value* value = record.find(name);
  return value == nullptr ? -1 : value->to_int64().value_or(-1);
}
std::string text(Fields record, std::string_view name) {
  const Value* value = record.find(name);
  return value == nullptr || value->text() == nullptr ? "" : *value->text();
}
bool in_queue(Fields record) {
  const Value* value = record.find("inQueue");
  return value != nullptr && value->to_bool().value_or(false);
}
std::string property(Fields record, std::string_view name) {
  const Value* properties = record.find("properties");
  return properties == nullptr ? "" : text(*properties, name);
}

std::vector<Value> read_list(const std::string& name) {
  std::vector<Value> list;
  std::istringstream lines(text_of_file(kStores + name + ".expected.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    Result<Value> value = json::parse(line);
    EXPECT_TRUE(value) << line;
    if (value) list.push_back(*value);
  }
  return list;
}

using Content = std::map<std::string, std::string>;  // Path below the store: bytes.

class JavaStore : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    name_ = GetParam();
    list_ = read_list(name_);
    ASSERT_GT(list_.size(), 100u);
    const std::string command =
        "tar --exclude=timerwheel -xzf '" + kStores + name_ + ".tar.gz' -C " + dir_.path();
    ASSERT_EQ(std::system(command.c_str()), 0);
    options_.root_dir = dir_ / name_;
    options_.log_file_bytes = kLogFileBytes;
    options_.queue_file_bytes = kQueueFileBytes;
    options_.index_slots_max = kIndexLayout.slots;
    options_.index_entries_max = kIndexLayout.entries;
    options_.file_reserved_hours = 24 * 365 * 100;
    clock_.set_wall(UnixMillis(number(list_.back(), "storeTimestamp") + 60'000));
    java_ = content();
  }
  void TearDown() override { store_.reset(); }

  void open() {
    auto opened = Store::open({.files = files_,
                               .clock = clock_,
                               .background = loop_,
                               .arrivals = nullptr,
                               .first_unconsumed = {},
                               .on_fatal = [](const Error& e) { FAIL() << describe(e); }},
                              options_);
    ASSERT_TRUE(opened) << describe(opened.error());
    store_ = std::move(*opened);
    loop_.run();
  }
  void close() {
    ASSERT_TRUE(store_->close());
    store_.reset();
  }

  Content content() const {
    Content all;
    for (const char* part : {"commitlog", "consumequeue", "index"}) {
      const std::string top = options_.root_dir + "/" + part;
      if (!std::filesystem::exists(top)) continue;
      for (const auto& entry : std::filesystem::recursive_directory_iterator(top)) {
        if (!entry.is_regular_file()) continue;
        const std::string path = entry.path().string();
        all[path.substr(options_.root_dir.size() + 1)] = text_of_file(path);
      }
    }
    return all;
  }
  PhysicalOffset listed_end() const {
    return PhysicalOffset(number(list_.back(), "physicalOffset") + number(list_.back(), "size"));
  }
  Bytes java_record(Fields record) const {
    const int64_t at = number(record, "physicalOffset");
    char path[64];
    std::snprintf(path, sizeof path, "commitlog/%020lld",
                  static_cast<long long>(at / kLogFileBytes * kLogFileBytes));
    auto file = java_.find(path);
    if (file == java_.end()) return {};
    return as_bytes(file->second)
        .subspan(static_cast<size_t>(at % kLogFileBytes),
                 static_cast<size_t>(number(record, "size")));
  }

  void check_all();
  void check_fields(Fields record, const message::RecordView& view);
  void check_in_queue(Fields record);
  void check_keys(Fields record);
  void check_ranges();
  bool finds(Fields record, std::string_view key, char type);

  std::string name_;
  testing::TempDir dir_;
  io::PosixFiles files_;
  io::ManualClock clock_;
  io::testing::MemoryLoop loop_;
  // However full the disk is on which the test runs.
  static StoreOptions kept_whole() {
    StoreOptions out;
    out.disk_used_ratio_max = 95;
    out.clean_forcibly = false;
    out.disk_clean_forcibly_ratio = 0.99;
    out.disk_warning_ratio = 0.99;
    return out;
  }
  StoreOptions options_ = kept_whole();
  std::vector<Value> list_;
  Content java_;
  std::unique_ptr<Store> store_;
};

void JavaStore::check_fields(Fields record, const message::RecordView& view) {
  EXPECT_EQ(view.topic, text(record, "topic"));
  EXPECT_EQ(view.queue_id.value, number(record, "queueId"));
  EXPECT_EQ(view.queue_offset.value, number(record, "queueOffset"));
  EXPECT_EQ(view.physical_offset.value, number(record, "physicalOffset"));
  EXPECT_EQ(view.size, number(record, "size"));
  EXPECT_EQ(view.body_crc, number(record, "bodyCrc32") & 0x7FFFFFFF);
  EXPECT_EQ(static_cast<int64_t>(view.body.size()), number(record, "bodyLength"));
  EXPECT_EQ(view.flag, number(record, "flag"));
  EXPECT_EQ(view.sys_flag, number(record, "sysFlag"));
  EXPECT_EQ(view.born.value, number(record, "bornTimestamp"));
  EXPECT_EQ(view.store_time.value, number(record, "storeTimestamp"));
  EXPECT_EQ(message::host_text(view.born_host), text(record, "bornHost"));
  EXPECT_EQ(message::host_text(view.store_host), text(record, "storeHost"));
  EXPECT_EQ(view.reconsume_times, number(record, "reconsumeTimes"));
  EXPECT_EQ(view.prepared_transaction_offset, number(record, "preparedTransactionOffset"));
  std::map<std::string, std::string> stored, listed;
  for (auto [name, value] : message::each_property(view.properties))
    stored[std::string(name)] = value;
  for (const json::Member& member : record.find("properties")->members()) {
    listed[std::string(member.name())] = member.value.to_text().value_or("?");
  }
  EXPECT_EQ(stored, listed);
}

void JavaStore::check_in_queue(Fields record) {
  const std::string topic = text(record, "topic");
  const QueueId queue(static_cast<int32_t>(number(record, "queueId")));
  const QueueOffset offset(number(record, "queueOffset"));
  // Whether a reader that starts there and wants these tags gets just this record.
  const auto gets_it = [&](const TagCodes& tags) {
    Buffer out;
    ReadResult result = store_->read(topic, queue, offset, {1, 1}, tags, out);
    return result.messages == 1 && result.status == ReadStatus::found &&
           result.next == offset + 1 && std::ranges::equal(out.view(), java_record(record));
  };
  EXPECT_TRUE(gets_it({}));
  const Value* tag = record.find("tagHash");
  if (tag == nullptr || tag->is_null()) return;  // Delayed: the entry holds its time instead.
  EXPECT_TRUE(gets_it({*tag->to_int64()}));
  EXPECT_FALSE(gets_it({*tag->to_int64() + 1}));
}

bool JavaStore::finds(Fields record, std::string_view key, char type) {
  Buffer out;
  // A window of its own second, so that common keys do not push it out of the answer.
  const UnixMillis stored(number(record, "storeTimestamp"));
  KeyQueryResult result =
      store_->query({text(record, "topic"), key, type, 64, stored, stored}, out);
  Bytes rest = out.view();
  for (int i = 0; i < result.messages; ++i) {
    auto view = message::decode(rest, message::Verify::crc);
    if (!view) return false;
    if (view->physical_offset.value == number(record, "physicalOffset")) return true;
    rest = rest.subspan(static_cast<size_t>(view->size));
  }
  return false;
}

void JavaStore::check_keys(Fields record) {
  for (const Value& key : record.find("keys")->items()) {
    EXPECT_TRUE(finds(record, *key.text(), 'K')) << *key.text();
  }
  const std::string unique = property(record, "UNIQ_KEY");
  EXPECT_TRUE(unique.empty() || finds(record, unique, 'U')) << unique;
  const std::string tag = property(record, "TAGS");
  EXPECT_TRUE(tag.empty() || finds(record, tag, 'T')) << tag;
  EXPECT_FALSE(finds(record, unique + "x", 'K'));
}

void JavaStore::check_ranges() {
  std::map<std::pair<std::string, int32_t>, int64_t> counts;
  std::set<std::string> topics;
  for (Fields record : list_) {
    if (!in_queue(record)) continue;
    topics.insert(text(record, "topic"));
    ++counts[{text(record, "topic"), static_cast<int32_t>(number(record, "queueId"))}];
  }
  for (const auto& [queue, count] : counts) {
    EXPECT_EQ(store_->max_offset(queue.first, QueueId(queue.second)).value, count) << queue.first;
    EXPECT_EQ(store_->min_offset(queue.first, QueueId(queue.second)).value, 0) << queue.first;
  }
  const std::vector<std::string> served = store_->topics();
  EXPECT_EQ(std::set<std::string>(served.begin(), served.end()), topics);
}

void JavaStore::check_all() {
  check_ranges();
  for (Fields record : list_) {
    SCOPED_TRACE(name_ + " at " + std::to_string(number(record, "physicalOffset")));
    Buffer out;
    Result<int64_t> size =
        store_->read_record(PhysicalOffset(number(record, "physicalOffset")), out);
    ASSERT_TRUE(size) << describe(size.error());
    ASSERT_TRUE(std::ranges::equal(out.view(), java_record(record)));
    auto view = message::decode(out.view(), message::Verify::crc);
    ASSERT_TRUE(view) << describe(view.error());
    check_fields(record, *view);
    check_keys(record);
    if (in_queue(record)) check_in_queue(record);
    if (HasFailure()) return;
  }
}

TEST_P(JavaStore, ServesEveryRecordAsListed) {
  open();
  ASSERT_FALSE(HasFatalFailure());
  EXPECT_EQ(store_->state().written, listed_end());
  EXPECT_EQ(store_->state().hole_bytes, 0);
  check_all();
  close();
  open();
  ASSERT_FALSE(HasFatalFailure());
  check_all();
}

TEST_P(JavaStore, GoingOnLeavesJavasBytesAsTheyAre) {
  open();
  ASSERT_FALSE(HasFatalFailure());
  message::Draft draft;
  draft.topic = "Sw0";
  draft.queue_id = QueueId(0);
  const std::string body(500, 'b');
  draft.body = as_bytes(body);
  const QueueOffset next = store_->max_offset("Sw0", QueueId(0));
  for (int i = 0; i < 20; ++i) {
    const std::string properties("UNIQ_KEY\1new" + std::to_string(i) + "\2KEYS\1added\2");
    draft.properties = properties;
    auto appended = store_->append(draft);
    ASSERT_TRUE(appended) << describe(appended.error());
    if (i == 0) {
      EXPECT_EQ(appended->at, listed_end());
    }
    EXPECT_EQ(appended->queue_offset, next + i);
    store_->commit();
  }
  clock_.advance_ms(2'000);
  loop_.fire();
  check_keys(list_[0]);
  close();
  const Content after = content();
  for (Fields record : list_) {
    const Bytes before = java_record(record);
    const int64_t at = number(record, "physicalOffset");
    char path[64];
    std::snprintf(path, sizeof path, "commitlog/%020lld",
                  static_cast<long long>(at / kLogFileBytes * kLogFileBytes));
    ASSERT_TRUE(after.contains(path)) << path;
    const Bytes now =
        as_bytes(after.at(path)).subspan(static_cast<size_t>(at % kLogFileBytes), before.size());
    ASSERT_TRUE(std::ranges::equal(before, now)) << at;
  }
  for (const auto& [path, bytes] : java_) {
    ASSERT_TRUE(after.contains(path)) << path << " is gone";
    ASSERT_EQ(after.at(path).size(), bytes.size()) << path;
    if (!path.starts_with("consumequeue/")) continue;
    for (size_t i = 0; i + kQueueEntrySize <= bytes.size(); i += kQueueEntrySize) {
      const QueueEntry entry = load_entry(as_bytes(bytes).data() + i);
      if (!entry.is_written() || entry.end() > listed_end()) continue;
      ASSERT_EQ(load_entry(as_bytes(after.at(path)).data() + i), entry) << path << " " << i;
    }
  }
}

TEST_P(JavaStore, KeysOfTheListMakeJavasIndexByteForByte) {
  auto index =
      KeyIndex::open(files_, {dir_ / "ours", dir_ / "cpp/mark", kIndexLayout},
                     {.clean = true, .log_begin = {}, .log_end = listed_end(), .flushed_time = {}});
  ASSERT_TRUE(index);
  for (Fields record : list_) {
    namespace sys_flag = message::sys_flag;
    const auto flags = static_cast<int32_t>(number(record, "sysFlag"));
    if (sys_flag::transaction_of(flags) == sys_flag::transaction_rollback) continue;
    (*index)->add(text(record, "topic"), property(record, "KEYS"), property(record, "UNIQ_KEY"),
                  property(record, "TAGS"), PhysicalOffset(number(record, "physicalOffset")),
                  UnixMillis(number(record, "storeTimestamp")));
  }
  ASSERT_TRUE((*index)->flush(listed_end()));
  auto names = files_.list(dir_ / "ours");
  ASSERT_TRUE(names);
  std::vector<std::string> theirs;
  for (const auto& [path, bytes] : java_) {
    if (path.starts_with("index/")) theirs.push_back(bytes);
  }
  ASSERT_EQ(names->size(), 1u);
  ASSERT_EQ(theirs.size(), 1u);
  const std::string ours = text_of_file(dir_ / ("ours/" + names->front()));
  // The kill came before Java had indexed its last message, which it had acknowledged.
  const IndexHeader header = load_index_header(as_bytes(theirs[0]).data());
  const bool is_behind = name_ == "killed";
  EXPECT_EQ(load_index_header(as_bytes(ours).data()).count, header.count + (is_behind ? 1 : 0));
  const size_t from = kIndexLayout.entry_at(0);
  const size_t count = kIndexLayout.entry_at(header.count) - from;
  EXPECT_TRUE(ours.substr(from, count) == theirs[0].substr(from, count));
  EXPECT_EQ(ours == theirs[0], !is_behind);
}

INSTANTIATE_TEST_SUITE_P(Stores, JavaStore, ::testing::Values("clean", "killed", "torn"),
                         [](const auto& store) { return store.param; });

}  // namespace
}  // namespace agena::storage
