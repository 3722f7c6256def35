// Goal: the documents of the store's formats are true.
// Method: their hexdumps are decoded by the code that reads such files, and compared with the
// values they state.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/testing/format_doc.h"
#include "message/record_format.h"
#include "storage/checkpoint.h"
#include "storage/deleted_topics.h"
#include "storage/durable_mark.h"
#include "storage/key_index.h"
#include "storage/queue_entry.h"
#include "storage/queue_snapshot.h"
#include "storage/store_marks.h"
#include "storage/testing/faulty_files.h"

namespace agena::storage {
namespace {

using agena::testing::FormatDoc;
using Values = std::map<std::string, std::string>;

std::string doc_path(const char* name) {
  return std::string(AGENA_SOURCE_DIR) + "/docs/formats/" + name;
}
FormatDoc read_doc(const char* name, size_t examples) {
  FormatDoc doc = agena::testing::read_format_doc(doc_path(name));
  EXPECT_EQ(doc.fault, "");
  EXPECT_EQ(doc.dumps.size(), examples) << name;
  EXPECT_EQ(doc.values.size(), examples) << name;
  doc.dumps.resize(examples);
  doc.values.resize(examples);
  return doc;
}
const std::byte* data_of(const std::string& bytes) {
  return as_bytes(bytes).data();
}

TEST(StoreFormatDocs, CommitLog) {
  FormatDoc doc = read_doc("commit_log.md", 1);
  const Bytes file = as_bytes(doc.dumps[0]);
  auto record = message::decode(file, message::Verify::crc);
  ASSERT_TRUE(record) << describe(record.error());
  const auto size = static_cast<size_t>(record->size);
  // Only the front of a blank record is ever written, and peek() looks at a whole head.
  std::string rest(as_text(file.subspan(size)));
  rest.resize(message::kRecordHeadSize);
  auto blank = message::peek(as_bytes(rest));
  ASSERT_TRUE(blank);
  EXPECT_EQ(blank->kind, message::RecordKind::blank);
  EXPECT_EQ(size + static_cast<size_t>(blank->size), 256u);
  EXPECT_EQ((Values{{"record.size", std::to_string(size)},
                    {"record.physical_offset", std::to_string(record->physical_offset.value)},
                    {"record.queue_id", std::to_string(record->queue_id.value)},
                    {"record.body", std::string(as_text(record->body))},
                    {"blank.at", std::to_string(size)},
                    {"blank.bytes_left", std::to_string(blank->size)}}),
            doc.values[0]);
}

TEST(StoreFormatDocs, ConsumeQueue) {
  FormatDoc doc = read_doc("consume_queue.md", 1);
  const std::string& raw = doc.dumps[0];
  Values seen;
  for (size_t i = 0; (i + 1) * kQueueEntrySize <= raw.size(); ++i) {
    const QueueEntry entry = load_entry(data_of(raw) + i * kQueueEntrySize);
    const std::string name = "entry." + std::to_string(i);
    if (entry == QueueEntry::blank()) {
      seen[name] = "blank";
    } else if (!entry.is_written()) {
      seen[name] = "unwritten";
    } else {
      seen[name + ".at"] = std::to_string(entry.at.value);
      seen[name + ".size"] = std::to_string(entry.size);
      seen[name + ".tag_code"] = std::to_string(entry.tag_code);
    }
  }
  EXPECT_EQ(seen, doc.values[0]);
}

TEST(StoreFormatDocs, Index) {
  FormatDoc doc = read_doc("index.md", 2);
  constexpr IndexLayout layout{.slots = 2, .entries = 5};
  const std::string& raw = doc.dumps[0];
  ASSERT_EQ(raw.size(), layout.file_bytes());
  const IndexHeader header = load_index_header(data_of(raw));
  Values seen = {{"begin_time", std::to_string(header.begin_time.value)},
                 {"end_time", std::to_string(header.end_time.value)},
                 {"begin_at", std::to_string(header.begin_at.value)},
                 {"end_at", std::to_string(header.end_at.value)},
                 {"used_slots", std::to_string(header.used_slots)},
                 {"count", std::to_string(header.count)}};
  for (int slot = 0; slot < layout.slots; ++slot) {
    seen[fmt::format("slot.{}", slot)] =
        std::to_string(load_be<int32_t>(data_of(raw) + layout.slot_at(slot)));
  }
  for (int i = 1; i < header.count; ++i) {
    const IndexEntry entry = load_index_entry(data_of(raw) + layout.entry_at(i));
    const std::string name = fmt::format("entry.{}", i);
    const std::string key = doc.values[0][name].substr(0, doc.values[0][name].find(" at "));
    EXPECT_EQ(entry.hash, index_hash(java_string_hash(key)));
    seen[name] = fmt::format("{} at {} after {} s, before it {}", key, entry.at.value,
                             entry.seconds, entry.previous);
  }
  EXPECT_EQ(seen, doc.values[0]);

  auto mark = decode_index_mark(as_bytes(doc.dumps[1]));
  ASSERT_TRUE(mark);
  EXPECT_EQ(encode_index_mark(*mark), doc.dumps[1]);
  EXPECT_EQ((Values{{"complete_to", std::to_string(mark->complete_to.value)},
                    {"newest_file", std::to_string(mark->newest_file)},
                    {"newest_at", std::to_string(mark->newest_at.value)}}),
            doc.values[1]);
}

TEST(StoreFormatDocs, IndexIsWhatAddWrites) {
  FormatDoc doc = read_doc("index.md", 2);
  testing::TempDir dir;
  io::PosixFiles files;
  auto index = KeyIndex::open(files, {dir / "index", dir / "cpp/mark", {.slots = 2, .entries = 5}},
                              {.clean = true, .log_begin = {}, .log_end = {}, .flushed_time = {}});
  ASSERT_TRUE(index);
  (*index)->add("Demo", "order-7", "U1", "TagA", PhysicalOffset(1000),
                UnixMillis(1'700'000'000'000));
  (*index)->add("Demo", "", "U2", "", PhysicalOffset(1500), UnixMillis(1'700'000'002'500));
  ASSERT_TRUE((*index)->flush(PhysicalOffset(1700)));
  auto names = files.list(dir / "index");
  ASSERT_TRUE(names);
  ASSERT_EQ(names->size(), 1u);
  EXPECT_TRUE(agena::testing::text_of_file(dir / ("index/" + names->front())) == doc.dumps[0]);
}

TEST(StoreFormatDocs, Checkpoint) {
  FormatDoc doc = read_doc("checkpoint.md", 1);
  auto [found, state] = decode_checkpoint(as_bytes(doc.dumps[0]));
  EXPECT_EQ(state, CheckpointFile::State::whole);
  EXPECT_EQ(doc.dumps[0].size(), kCheckpointUsedSize);
  EXPECT_EQ((Values{{"log_time", std::to_string(found.log_time.value)},
                    {"queue_time", std::to_string(found.queue_time.value)},
                    {"index_time", std::to_string(found.index_time.value)},
                    {"master_flushed", std::to_string(found.master_flushed.value)},
                    {"confirmed", std::to_string(found.confirmed.value)},
                    {"queues_flushed", std::to_string(found.queues_flushed.value)}}),
            doc.values[0]);
}

TEST(StoreFormatDocs, DurableMark) {
  FormatDoc doc = read_doc("durable_mark.md", 1);
  testing::TempDir dir;
  io::PosixFiles files;
  {
    auto file = files.open(dir / "mark", io::Open::create);
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->resize(8192));
    ASSERT_TRUE((*file)->write_at(as_bytes(doc.dumps[0]), 4096));
  }
  auto opened = DurableMark::open(files, dir.path());
  ASSERT_TRUE(opened);
  const std::optional<Mark>& mark = (*opened)->last();
  ASSERT_TRUE(mark);
  EXPECT_EQ((Values{{"flushed", std::to_string(mark->flushed.value)},
                    {"dispatched", std::to_string(mark->dispatched.value)},
                    {"newest", std::to_string(mark->newest.value)},
                    {"is_clean", mark->is_clean ? "1" : "0"},
                    {"checkpoint_crc", std::to_string(mark->checkpoint_crc)}}),
            doc.values[0]);
}

TEST(StoreFormatDocs, QueueSnapshot) {
  FormatDoc doc = read_doc("queue_snapshot.md", 1);
  auto snapshot = decode_queue_snapshot(as_bytes(doc.dumps[0]));
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(encode_queue_snapshot(*snapshot), doc.dumps[0]);
  Values seen = {{"file bytes", std::to_string(snapshot->file_bytes)},
                 {"queues", std::to_string(snapshot->queues.size())}};
  for (size_t i = 0; i < snapshot->queues.size(); ++i) {
    const QueueClaim& claim = snapshot->queues[i];
    seen[fmt::format("queue.{}", i)] = fmt::format(
        "{}/{} from {} below {}", claim.topic, claim.id.value, claim.floor.value, claim.max.value);
  }
  EXPECT_EQ(seen, doc.values[0]);
}

TEST(StoreFormatDocs, DeletedTopics) {
  FormatDoc doc = read_doc("deleted_topics.md", 1);
  auto deleted = decode_deleted_topics(as_bytes(doc.dumps[0]));
  ASSERT_TRUE(deleted);
  EXPECT_EQ(encode_deleted_topics(*deleted), doc.dumps[0]);
  Values seen = {{"topics", std::to_string(deleted->size())}};
  size_t i = 0;
  for (const auto& [topic, before] : *deleted)
    seen[fmt::format("topic.{}", i++)] = fmt::format("{} before {}", topic, before.value);
  EXPECT_EQ(seen, doc.values[0]);
}

TEST(StoreFormatDocs, StoreMarks) {
  FormatDoc doc = read_doc("store_marks.md", 2);
  testing::TempDir dir;
  io::PosixFiles files;
  auto lock = lock_store(files, dir.path());
  ASSERT_TRUE(lock);
  EXPECT_EQ(agena::testing::text_of_file(dir / "lock"), doc.dumps[0]);
  EXPECT_EQ((Values{{"text", doc.dumps[0]}}), doc.values[0]);

  const int64_t process_id = std::stoll(doc.values[1]["process_id"]);
  ASSERT_TRUE(files.make_dirs(dir / "commitlog"));
  ASSERT_TRUE(mark_running(files, dir.path(), process_id));
  EXPECT_EQ(agena::testing::text_of_file(dir / "abort"), doc.dumps[1]);
  auto stop = last_stop(files, dir.path(), dir / "commitlog");
  ASSERT_TRUE(stop);
  EXPECT_EQ(*stop, LastStop::unclean) << "while it is there";
  ASSERT_TRUE(mark_stopped(files, dir.path()));
  EXPECT_FALSE(files.exists(dir / "abort"));
  EXPECT_TRUE(files.exists(dir / "lock")) << "as Java leaves it";
}

}  // namespace
}  // namespace agena::storage
