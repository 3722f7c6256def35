// For tests only: a store on a MemoryDisk with a clock and a background loop that the test moves.
//
// Over:    memory_disk.h, io/testing.  Under: tests of storage/.
// Threads: one.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "io/testing/manual_clock.h"
#include "io/testing/memory_loop.h"
#include "message/batch.h"
#include "message/record_format.h"
#include "storage/store.h"
#include "storage/testing/memory_disk.h"

namespace agena::storage::testing {

class StoreWorld : public ArrivalListener {
 public:
  StoreWorld() {
    options.root_dir = "s";
    options.log_file_bytes = 64 << 10;
    options.queue_file_bytes = 2'000;  // 100 entries.
    options.index_slots_max = 100;
    options.index_entries_max = 400;
    options.file_reserved_hours = 24 * 365 * 100;
  }
  ~StoreWorld() override { store.reset(); }

  void on_arrivals(const std::vector<Arrival>& news) override {
    for (const Arrival& a : news)
      arrivals.push_back({std::string(a.topic), a.queue_id, a.next_offset, a.tag_code});
  }
  struct Seen {
    std::string topic;
    QueueId queue_id;
    QueueOffset next_offset;
    int64_t tag_code;
  };

  Status open() {
    TRY(opened, Store::open({.files = *disk,
                             .clock = clock,
                             .background = loop,
                             .arrivals = this,
                             .first_unconsumed = first_unconsumed,
                             .on_fatal = [this](const Error& e) { fatal = e; }},
                            options));
    store = std::move(opened);
    loop.run();
    return ok();
  }
  // The process ends without a word; the disk is as `next` says.
  void become(std::unique_ptr<MemoryDisk> next) {
    dead_disks.push_back(std::move(disk));
    dead_stores.push_back(std::move(store));
    dead_disks.back()->fault = [](MemoryDisk::Call, const std::string&) -> Status {
      return Error{Errc::io_error, "the machine is off"};
    };
    disk = std::move(next);
  }
  void kill() { become(disk->after_kill()); }
  void cut_power(const MemoryDisk::Keep& keep = {}) { become(disk->after_power_cut(keep)); }
  // All that is due: flush, queue files, mark; enough time passes for everything.
  void pass_time(int64_t ms = 1'100) {
    clock.advance_ms(ms);
    loop.fire();
  }

  message::Draft draft(std::string_view topic, int32_t queue, std::string_view body,
                       std::string_view properties = {}) {
    message::Draft d;
    d.topic = topic;
    d.queue_id = QueueId(queue);
    d.born = clock.wall();
    d.body = as_bytes(body);
    d.properties = properties;
    d.born_host = d.store_host = {{127, 0, 0, 1}, 4, 10911};
    return d;
  }
  Appended send(std::string_view topic, int32_t queue, std::string_view body,
                std::string_view properties = {}) {
    auto done = store->append(draft(topic, queue, body, properties));
    EXPECT_TRUE(done) << (done ? "" : describe(done.error()));
    store->commit();
    return done ? *done : Appended{};
  }
  // The bodies from `from` on, one read after the other until nothing more comes.
  std::vector<std::string> bodies(std::string_view topic, int32_t queue, int64_t from = 0) {
    std::vector<std::string> all;
    QueueOffset next(from);
    while (true) {
      Buffer out;
      ReadResult r = store->read(topic, QueueId(queue), next, {32, 1 << 20}, {}, out);
      Bytes rest = out.view();
      for (int32_t i = 0; i < r.messages; ++i) {
        auto record = message::decode(rest, message::Verify::crc);
        EXPECT_TRUE(record);
        if (!record) return all;
        all.emplace_back(as_text(record->body));
        rest = rest.subspan(static_cast<size_t>(record->size));
      }
      EXPECT_EQ(rest.size(), 0u);
      if (r.next <= next || r.next >= r.max) return all;
      next = r.next;
    }
  }
  std::string log_path(int64_t start) {
    char name[32];
    std::snprintf(name, sizeof name, "%020lld", static_cast<long long>(start));
    return "s/commitlog/" + std::string(name);
  }

  io::ManualClock clock;
  io::testing::MemoryLoop loop;
  std::unique_ptr<MemoryDisk> disk = std::make_unique<MemoryDisk>();
  StoreOptions options;
  std::function<std::optional<Unconsumed>(Store&)> first_unconsumed;
  std::vector<Seen> arrivals;
  std::optional<Error> fatal;
  std::vector<std::unique_ptr<MemoryDisk>> dead_disks;
  std::vector<std::unique_ptr<Store>> dead_stores;
  std::unique_ptr<Store> store;
};

}  // namespace agena::storage::testing
