// For tests only: a broker's tables and store in memory behind a router, and operators and clients
// that talk to it in frames.
//
// Over:    broker/handlers (operators'), storage/testing, io/testing.  Under: tests of broker/.
// Threads: one, the test's: call() runs every loop until nothing is left to do.
#pragma once
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "broker/handlers/config.h"
#include "broker/handlers/connections.h"
#include "broker/handlers/groups.h"
#include "broker/handlers/query.h"
#include "broker/handlers/relay.h"
#include "broker/handlers/reset.h"
#include "broker/handlers/runtime.h"
#include "broker/handlers/topics.h"
#include "broker/handlers/views.h"
#include "io/testing/manual_clock.h"
#include "io/testing/memory_loop.h"
#include "message/properties.h"
#include "storage/testing/memory_disk.h"
#include "wire/requests/topics.h"

namespace agena::broker::testing {

struct Answer {
  int32_t code = -1;
  std::string remark;
  std::map<std::string, std::string> ext;
  std::string body;
  bool is_response = false;
  int32_t opaque = 0;
};

inline Options small_options() {
  Options options;
  options.broker_name = "broker-a";
  options.broker_ip1 = options.broker_ip2 = "127.0.0.1";
  options.broker_config_path = "s/config/broker.properties";
  options.store.root_dir = "s";
  options.store.log_dir = "s/commitlog";
  options.store.log_file_bytes = 256 << 10;
  options.store.queue_file_bytes = 2'000;
  options.store.index_slots_max = 100;
  options.store.index_entries_max = 400;
  return options;
}

class OperatorWorld : public ::testing::Test {
 protected:
  void SetUp() override {
    set_log_level(LogLevel::error);
    ASSERT_TRUE(disk.make_dirs("s/config"));
    auto opened = storage::Store::open({.files = disk,
                                        .clock = clock,
                                        .background = background,
                                        .arrivals = arrivals(),
                                        .first_unconsumed = {},
                                        .on_fatal = {}},
                                       options.store);
    ASSERT_TRUE(opened) << describe(opened.error());
    store = std::move(*opened);
    ASSERT_TRUE(topics.load());
    ASSERT_TRUE(groups.load());
    ASSERT_TRUE(offsets.load());
    add_topic_handlers(router, {*store, topics, offsets, stats, registration, options, background});
    add_group_handlers(router, {groups, offsets, stats});
    add_view_handlers(router, {*store, topics, groups, offsets, clients, stats, options});
    add_connection_handlers(router, clients);
    add_query_handlers(router, {*store, clients, options, background});
    add_reset_handlers(router, {*store, topics, groups, offsets, clients, options});
    add_relay_handlers(router, {*store, topics, groups, clients, options});
    add_config_handlers(router, {options, topics, disk, background, clock});
    add_runtime_handlers(router, {*store, topics, stats, options, disk, clock, background});
    run();
  }
  void TearDown() override {
    for (const auto& stream : streams) stream->end();
    run();
    EXPECT_TRUE(store->close());
    run();
    store.reset();
  }

  // Whom the store tells of new messages.
  virtual storage::ArrivalListener* arrivals() { return nullptr; }

  void run() {
    for (int i = 0; i < 6; ++i) {
      loop.run();
      background.run();
      loop.fire();
    }
    loop.run();
  }

  struct Peer {
    std::shared_ptr<io::testing::MemoryStream> stream;
    std::shared_ptr<rpc::Connection> connection;
  };
  Peer connect(uint16_t port) {
    auto stream = std::make_shared<io::testing::MemoryStream>(io::Address{"127.0.0.1", port});
    auto connection = std::make_shared<rpc::Connection>(
        rpc::ConnectionDeps{loop, clock, &router, nullptr, {}}, stream);
    connection->start();
    streams.push_back(stream);
    return {stream, connection};
  }

  // Sends without running any loop.
  template <wire::Request R>
  void send(const R& request, std::string_view body = {},
            wire::Language language = wire::Language::java) {
    if (admin.stream == nullptr) admin = connect(40000);
    wire::Header header{
        .code = R::info.code, .language = language, .opaque = ++opaque, .remark = {}, .ext = {}};
    Buffer frame;
    auto start = wire::start_frame(
        frame, header, [&](wire::ExtWriter& ext) { wire::encode_fields(ext, request); });
    frame.append(body);
    wire::finish_frame(frame, start);
    admin.stream->receive(frame.view());
  }
  template <wire::Request R>
  Answer call(const R& request, std::string_view body = {},
              wire::Language language = wire::Language::java) {
    send(request, body, language);
    run();
    auto got = take(admin);
    EXPECT_EQ(got.size(), 1u) << R::info.name;
    if (got.empty()) return {};
    EXPECT_EQ(got[0].opaque, opaque);
    return got[0];
  }

  // Everything that was sent to a peer since the last time.
  static std::vector<Answer> take(Peer& peer) {
    std::vector<Answer> out;
    Bytes rest = peer.stream->out().view();
    while (!rest.empty()) {
      auto frame = wire::next_frame(rest);
      if (!frame || !*frame) {
        ADD_FAILURE() << "half a frame";
        break;
      }
      wire::HeaderReader reader;
      wire::Header header;
      EXPECT_TRUE(reader.read((*frame)->header, (*frame)->serialization, header));
      Answer answer{.code = header.code,
                    .remark = std::string(header.remark),
                    .ext = {},
                    .body = std::string(as_text((*frame)->body)),
                    .is_response = header.is_response(),
                    .opaque = header.opaque};
      for (const auto& [name, value] : header.ext) answer.ext[std::string(name)] = value;
      out.push_back(std::move(answer));
      rest = rest.subspan((*frame)->wire_bytes);
    }
    peer.stream->out().clear();
    return out;
  }
  void answer(Peer& peer, int32_t to, int32_t code, std::string_view body,
              std::string_view remark = {}) {
    Buffer frame;
    rpc::append_answer(frame, to, wire::Serialization::json, code, remark, rpc::NoFields{},
                       as_bytes(body));
    peer.stream->receive(frame.view());
    run();
  }

  static wire::UpdateAndCreateTopic topic_request(std::string_view name, int32_t queues = 4) {
    return {.topic = name,
            .default_topic = "TBW102",
            .read_queue_nums = queues,
            .write_queue_nums = queues,
            .perm = 6,
            .topic_filter_type = "SINGLE_TAG",
            .topic_sys_flag = 0,
            .is_order = false,
            .attributes = {},
            .force = {}};
  }
  void make_topic(std::string_view name, int32_t queues = 4) {
    EXPECT_EQ(call(topic_request(name, queues)).code, 0);
  }
  storage::Appended store_message(std::string_view topic, int32_t queue, std::string_view body,
                                  std::string_view tag = "", std::string_view keys = "") {
    std::string properties;
    if (!tag.empty()) message::append_property(properties, "TAGS", tag);
    if (!keys.empty()) message::append_property(properties, "KEYS", keys);
    return store_with(properties, body, topic, queue);
  }
  storage::Appended store_with(std::string_view properties, std::string_view body,
                               std::string_view topic = "t", int32_t queue = 0) {
    message::Draft draft;
    draft.topic = topic;
    draft.queue_id = QueueId(queue);
    draft.born = clock.wall();
    draft.body = as_bytes(body);
    draft.properties = properties;
    draft.born_host = draft.store_host = {{127, 0, 0, 1}, 4, 10911};
    auto done = store->append(draft);
    EXPECT_TRUE(done);
    store->commit();
    stats.on_put(topic, 1, static_cast<int64_t>(body.size()));
    return done ? *done : storage::Appended{};
  }
  Peer join(std::string_view group, std::string_view topic, std::string_view client_id,
            uint16_t port) {
    Peer peer = connect(port);
    wire::ConsumerData data;
    data.group_name = group;
    data.consume_from_where = wire::ConsumeFromWhere::first_offset;
    wire::SubscriptionData& subscription = data.subscriptions.emplace_back();
    subscription.sub_string = "*";
    subscription.sub_version = 7;
    subscription.topic = topic;
    ClientInfo info{.client_id = std::string(client_id),
                    .connection = peer.connection,
                    .connection_id = peer.connection->id(),
                    .address = peer.connection->peer().text(),
                    .language = wire::Language::java,
                    .version = wire::kWireVersion,
                    .last_heard = clock.wall(),
                    .heard_at = clock.mono()};
    clients.register_consumer(data, info, false);
    clients.register_producer("producers", info);
    EXPECT_NE(groups.find_or_create(group), nullptr);
    return peer;
  }
  std::string file_text(const std::string& path) {
    auto bytes = disk.content(path);
    return std::string(as_text(bytes));
  }

  io::ManualClock clock;
  storage::testing::MemoryDisk disk;
  io::testing::MemoryLoop loop;
  io::testing::MemoryLoop background;
  Options options = small_options();
  ConfigFileDeps files{disk, background};
  TopicTable topics{{clock, options, files, "s/config"}};
  GroupTable groups{{clock, options, files, "s/config"}};
  OffsetTable offsets{{clock, files, "s/config", options}};
  ClientTable clients;
  Stats stats;
  Registration registration{{loop, clock, topics, options, "127.0.0.1:10911", "127.0.0.1:10912"},
                            {}};
  std::unique_ptr<storage::Store> store;
  rpc::Router router;
  std::vector<std::shared_ptr<io::testing::MemoryStream>> streams;
  Peer admin;
  int32_t opaque = 0;
};

}  // namespace agena::broker::testing
