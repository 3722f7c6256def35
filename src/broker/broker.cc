#include "broker/broker.h"

#include <fmt/core.h>

#include <future>

#include "base/assert.h"
#include "base/log.h"
#include "broker/client_table.h"
#include "broker/group_notices.h"
#include "broker/group_table.h"
#include "broker/handlers/clients.h"
#include "broker/handlers/config.h"
#include "broker/handlers/connections.h"
#include "broker/handlers/groups.h"
#include "broker/handlers/offsets.h"
#include "broker/handlers/pull.h"
#include "broker/handlers/query.h"
#include "broker/handlers/relay.h"
#include "broker/handlers/reset.h"
#include "broker/handlers/runtime.h"
#include "broker/handlers/send.h"
#include "broker/handlers/topics.h"
#include "broker/handlers/views.h"
#include "broker/offset_table.h"
#include "broker/pull_parking.h"
#include "broker/queue_locks.h"
#include "broker/registration.h"
#include "broker/stats.h"
#include "broker/topic_table.h"
#include "broker/unconsumed.h"
#include "io/run_on.h"
#include "message/host.h"

namespace agena::broker {
namespace {

constexpr size_t kParkedPullsMax = 200'000;
constexpr int64_t kParkingSweepMs = 200;
constexpr int64_t kClientSweepMs = 10'000;
constexpr int64_t kStatsSampleMs = 10'000;

// The loops keep their hooks for life; the store behind them goes earlier.
struct CommitGate {
  Mutex mutex;
  storage::Store* store GUARDED_BY(mutex) = nullptr;
  void commit() {
    MutexLock lock(mutex);
    if (store != nullptr) store->commit();
  }
  void set(storage::Store* to) {
    MutexLock lock(mutex);
    store = to;
  }
};

}  // namespace

struct Broker::Parts {
  Parts(io::Env& e, Options& o)
      : env(e),
        options(o),
        files{e.files(), e.background()},
        config_dir(o.store.root_dir + "/config"),
        topics({e.clock(), o, files, config_dir}),
        groups({e.clock(), o, files, config_dir}),
        offsets({e.clock(), files, config_dir, o}),
        parking(kParkedPullsMax),
        notices({clients, groups, o, *e.loops().front()}) {}

  std::string address() const {
    return fmt::format("{}:{}", options.broker_ip1, options.listen.listen_port);
  }
  std::string ha_address() const {
    return fmt::format("{}:{}", options.broker_ip2, options.ha_listen_port);
  }
  Status open();
  Status load_tables();
  void start_timers();
  void add_operator_handlers(rpc::Router& router);

  io::Env& env;
  Options& options;
  ConfigFileDeps files;
  std::string config_dir;
  message::Host store_host;

  TopicTable topics;
  GroupTable groups;
  OffsetTable offsets;
  ClientTable clients;
  QueueLocks locks;
  Stats stats;
  PullParking parking;
  GroupNotices notices;
  std::unique_ptr<storage::Store> store;
  std::shared_ptr<CommitGate> commit_gate = std::make_shared<CommitGate>();
  std::unique_ptr<Registration> registration;
  std::vector<std::unique_ptr<io::Timer>> timers;  // On the first loop.
  bool left = false;                               // The name servers.
  bool stopped = false;
};

Status Broker::Parts::load_tables() {
  TRY_OK(env.files().make_dirs(config_dir));
  TRY_OK(topics.load());
  TRY_OK(groups.load());
  return offsets.load();
}

Status Broker::Parts::open() {
  ASSERT(store == nullptr, "a broker is opened once");
  auto host = message::parse_ip(options.broker_ip1, options.listen.listen_port);
  if (!host) {
    return Error{Errc::bad_config, fmt::format("brokerIP1 '{}' is not an IP address: records and "
                                               "message ids hold one",
                                               options.broker_ip1)};
  }
  store_host = *host;
  storage::StoreDeps deps{
      .files = env.files(),
      .clock = env.clock(),
      .background = env.background(),
      .arrivals = &parking,
      .first_unconsumed = [this](storage::Store& of) { return first_unconsumed(offsets, of); },
      .on_fatal = {}};
  TRY(opened, storage::Store::open(std::move(deps), options.store));
  store = std::move(opened);
  TRY_OK(load_tables());
  registration = std::make_unique<Registration>(
      RegistrationDeps{*env.loops().front(), env.clock(), topics, options, address(), ha_address()},
      options.namesrv_addr);
  topics.on_change([this] { registration->topics_changed(); });
  commit_gate->set(store.get());
  for (io::Loop* loop : env.loops()) {
    io::run_on(*loop, [&] { loop->at_turn_end([gate = commit_gate] { gate->commit(); }); });
  }
  return ok();
}

void Broker::Parts::start_timers() {
  ASSERT(timers.empty() && store != nullptr, "started once, after it was opened");
  io::Loop& loop = *env.loops().front();
  const io::Clock& clock = env.clock();
  io::run_on(loop, [&] {
    timers.push_back(loop.every(kParkingSweepMs, [this, &clock] { parking.sweep(clock.mono()); }));
    timers.push_back(loop.every(kClientSweepMs, [this, &clock] {
      for (auto& group : clients.expire(clock.mono(), options.channel_expired_timeout_ms)) {
        notices.group_changed(group);
      }
    }));
    timers.push_back(loop.every(kStatsSampleMs, [this, &clock] { stats.sample(clock.wall()); }));
    timers.push_back(loop.every(options.flush_consumer_offset_interval_ms,
                                [this] { offsets.save_if_changed(); }));
    stats.sample(clock.wall());
  });
}

void Broker::Parts::add_operator_handlers(rpc::Router& router) {
  io::Loop& background = env.background();
  const io::Clock& clock = env.clock();
  add_topic_handlers(router, {*store, topics, offsets, stats, *registration, options, background});
  add_group_handlers(router, {groups, offsets, stats});
  add_view_handlers(router, {*store, topics, groups, offsets, clients, stats, options});
  add_connection_handlers(router, clients);
  add_query_handlers(router, {*store, clients, options, background});
  add_reset_handlers(router, {*store, topics, groups, offsets, clients, options});
  add_relay_handlers(router, {*store, topics, groups, clients, options});
  add_config_handlers(router, {options, topics, env.files(), background, clock});
  add_runtime_handlers(router, {*store, topics, stats, options, env.files(), clock, background});
}

Result<std::unique_ptr<Broker>> Broker::open(io::Env& env, Options& options) {
  auto parts = std::make_unique<Parts>(env, options);
  TRY_OK(parts->open());
  return std::unique_ptr<Broker>(new Broker(std::move(parts)));
}

Broker::Broker(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Broker::~Broker() {
  if (Status stopped = stop(); !stopped) {
    AGENA_LOG(error, "broker", "did not stop cleanly: {}", describe(stopped.error()));
  }
}

void Broker::add_handlers(rpc::Router& router) {
  Parts& p = *parts_;
  ASSERT(p.store != nullptr && !p.stopped);
  add_send_handlers(router, {*p.store, p.topics, p.groups, p.locks, p.stats, p.options,
                             p.store_host, [&env = p.env] { return env.random(); }});
  add_pull_handlers(
      router, {*p.store, p.topics, p.groups, p.clients, p.offsets, p.parking, p.stats, p.options});
  add_offset_handlers(router, {*p.store, p.topics, p.groups, p.offsets});
  add_client_handlers(router, {p.clients, p.topics, p.groups, p.locks, p.notices, p.options});
  parts_->add_operator_handlers(router);
}

void Broker::start() {
  parts_->start_timers();
  std::promise<void> registered;
  parts_->registration->start([&] { registered.set_value(); });
  registered.get_future().wait();
}

void Broker::leave() {
  Parts& p = *parts_;
  if (std::exchange(p.left, true)) return;
  std::promise<void> gone;
  p.registration->stop([&] { gone.set_value(); });
  gone.get_future().wait();
  p.parking.close();
}

Status Broker::stop() {
  Parts& p = *parts_;
  if (std::exchange(p.stopped, true)) return ok();
  io::run_on(*p.env.loops().front(), [&] {
    p.timers.clear();
    p.notices.stop();
  });
  io::run_on(p.env.background(), [] {});  // What requests have left there still works on the parts.
  leave();
  Status first = ok();
  auto keep = [&](Status status) {
    if (first && !status) first = status;
  };
  keep(p.topics.file().save_now());
  keep(p.groups.file().save_now());
  keep(p.offsets.file().save_now());
  p.commit_gate->set(nullptr);
  keep(p.store->close());
  return first;
}

storage::StoreState Broker::store_state() const {
  return parts_->store->state();
}

void Broker::on_connection_closed(rpc::Connection& connection) {
  for (auto& group : parts_->clients.on_connection_closed(connection.id())) {
    parts_->notices.group_changed(group);
  }
}

}  // namespace agena::broker
