#include "broker/registration.h"

#include <algorithm>

#include "base/assert.h"
#include "base/log.h"
#include "wire/bodies/kv_table.h"
#include "wire/bodies/registration.h"
#include "wire/requests/namesrv.h"

namespace agena::broker {
namespace {

constexpr int64_t kChangeDelayMs = 10;  // Many topics made at once are told in one message.
constexpr int64_t kGoodbyeMs = 1'000;
constexpr int64_t kTellMsMax = 1'000;
constexpr int64_t kPeriodMsMin = 10'000;
constexpr int64_t kPeriodMsMax = 60'000;

// Whether a name server that knows this version of the topics is told them again.
enum class Round { forced, if_changed };

// Those who wait for one round of registrations; they are told once, by whoever comes first.
struct Waiting {
  std::vector<std::function<void()>> told;
  std::unique_ptr<io::Timer> limit;
  void tell() {
    for (auto& one : std::exchange(told, {})) one();
  }
};

}  // namespace

// All on the loop.
struct Registration::State : std::enable_shared_from_this<Registration::State> {
  State(RegistrationDeps d, std::vector<std::string> servers)
      : deps(std::move(d)), name_servers(std::move(servers)), client(deps.loop, deps.clock) {}

  RegistrationDeps deps;
  const std::vector<std::string> name_servers;
  rpc::Client client;
  std::unique_ptr<io::Timer> period;
  std::unique_ptr<io::Timer> change;
  bool change_due = false;
  std::unique_ptr<io::Timer> goodbye;
  std::shared_ptr<Waiting> waiting;  // For the round that `change` will start.
  std::vector<std::string> silent;   // Name servers that did not answer last time.
  bool started = false;              // Else the broker of our name that they know is another one.
  bool stopped = false;

  // The period may be changed while the broker runs.
  void arm() {
    const int64_t period_ms = std::clamp<int64_t>(deps.options.register_name_server_period_ms.get(),
                                                  kPeriodMsMin, kPeriodMsMax);
    period = deps.loop.after(period_ms, [weak = weak_from_this()] {
      auto self = weak.lock();
      if (!self || self->stopped) return;
      self->register_all(self->deps.options.force_register ? Round::forced : Round::if_changed,
                         nullptr);
      self->arm();
    });
  }

  void register_all(Round round, std::function<void()> done) {
    ASSERT(deps.loop.on_this_thread());
    if (name_servers.empty()) {
      if (done) done();
      return;
    }
    wire::Registration body;
    auto table = deps.topics.snapshot();
    body.topics.data_version = table.data_version;
    // As Java: a broker that is not open for both takes the inherit bit from its topics too.
    const int32_t permission = deps.options.broker_permission;
    constexpr int32_t kBoth = wire::kPermRead | wire::kPermWrite;
    if ((permission & kBoth) != kBoth) {
      for (auto& [name, topic] : table.topics) topic.perm &= permission;
    }
    body.topics.topics = std::move(table.topics);
    Buffer bytes;
    if (Status encoded = wire::encode_registration(body, false, bytes); !encoded) {
      AGENA_LOG(error, "broker", "no registration: {}", describe(encoded.error()));
      if (done) done();
      return;
    }
    auto left = std::make_shared<size_t>(name_servers.size());
    auto body_kept = std::make_shared<Buffer>(std::move(bytes));
    for (const auto& server : name_servers) {
      auto one_done = [left, done] {
        ASSERT(*left > 0, "each name server answers once");
        if (--*left == 0 && done) done();
      };
      if (round == Round::forced) {
        register_at(server, body_kept->view(), one_done);
      } else {
        ask_first(server, body.topics.data_version, body_kept, one_done);
      }
    }
  }

  // With forceRegister=false: what knows our version already only hears that we live.
  void ask_first(const std::string& server, const wire::DataVersion& version,
                 const std::shared_ptr<Buffer>& body, std::function<void()> done) {
    wire::QueryDataVersion request;
    request.broker_name = deps.options.broker_name;
    request.broker_addr = deps.broker_address;
    request.cluster_name = deps.options.broker_cluster_name;
    request.broker_id = BrokerId(deps.options.broker_id);
    client.request(server, request, as_bytes(json::to_json(version)),
                   deps.options.register_broker_timeout_ms,
                   [self = shared_from_this(), server, version, body,
                    done = std::move(done)](Result<rpc::Response> response) {
                     if (self->stopped || knows(response, version)) {
                       done();
                     } else {
                       self->register_at(server, body->view(), done);
                     }
                   });
  }

  // Whatever is no clear yes is a no: an old name server, an error, a version of another broker.
  static bool knows(Result<rpc::Response>& response, const wire::DataVersion& version) {
    if (!response || !response->ok()) return false;
    auto reply = wire::decode_fields<wire::QueryDataVersionReply>(response->header);
    auto theirs = json::parse_json<wire::DataVersion>(as_text(response->body));
    return reply && !reply->changed && theirs && *theirs == version;
  }

  void register_at(const std::string& server, Bytes body, std::function<void()> done) {
    wire::RegisterBroker request;
    request.broker_name = deps.options.broker_name;
    request.broker_addr = deps.broker_address;
    request.cluster_name = deps.options.broker_cluster_name;
    request.ha_server_addr = deps.ha_address;
    request.broker_id = BrokerId(deps.options.broker_id);
    request.enable_acting_master = false;
    request.body_crc32 = wire::registration_checksum(body);
    client.request(server, request, body, deps.options.register_broker_timeout_ms,
                   [self = shared_from_this(), server, done](Result<rpc::Response> response) {
                     self->answered(server, response);
                     done();
                   });
  }

  // Says once that a name server went silent or came back, not every 30 s.
  void answered(const std::string& server, Result<rpc::Response>& response) {
    auto at = std::find(silent.begin(), silent.end(), server);
    if (!response || !response->ok()) {
      if (at != silent.end() || stopped) return;
      silent.push_back(server);
      AGENA_LOG(warn, "broker", "name server {} does not take the registration: {}", server,
                describe(response ? response->error() : response.error()));
      return;
    }
    if (at != silent.end()) silent.erase(at);
    AGENA_LOG(debug, "broker", "registered at {}", server);
    if (response->body.empty()) return;
    auto orders = json::parse_json<wire::KvTable>(as_text(response->body));
    if (!orders) return;
    for (const auto& topic : deps.topics.all()) {
      bool is_order = orders->table.contains(topic->name);
      if (!is_order || topic->is_order) continue;
      wire::TopicConfig wanted = *topic;
      wanted.is_order = true;
      if (auto changed = deps.topics.ensure(wanted); !changed) {
        AGENA_LOG(warn, "broker", "{} cannot be ordered: {}", topic->name,
                  describe(changed.error()));
      }
    }
  }

  void topics_changed() {
    ASSERT(deps.loop.on_this_thread());
    if (stopped || std::exchange(change_due, true)) return;
    change = deps.loop.after(kChangeDelayMs, [weak = weak_from_this()] {
      auto self = weak.lock();
      if (!self || self->stopped) return;
      self->change_due =
          false;  // The timer itself stays until the next change: it may not end here.
      self->register_all(Round::forced, self->take_waiting());
    });
  }

  // Called when a round starts; what it returns is called when the round has ended.
  std::function<void()> take_waiting() {
    auto round = std::exchange(waiting, nullptr);
    if (!round) return nullptr;
    auto tell = [self = shared_from_this(), round] {
      round->tell();
      self->deps.loop.post([round] { round->limit.reset(); });
    };
    round->limit = deps.loop.after(kTellMsMax, tell);
    return tell;
  }

  void when_told(std::function<void()> told) {
    ASSERT(deps.loop.on_this_thread());
    if (stopped) {
      told();
      return;
    }
    if (!waiting) waiting = std::make_shared<Waiting>();
    waiting->told.push_back(std::move(told));
    topics_changed();
  }

  void say_goodbye(std::function<void()> done) {
    ASSERT(deps.loop.on_this_thread() && !stopped, "a broker leaves once");
    stopped = true;
    period.reset();
    if (auto tell = take_waiting()) tell();
    auto once = std::make_shared<std::function<void()>>(std::move(done));
    auto finish = [self = shared_from_this(), once] {
      auto call = std::exchange(*once, nullptr);
      if (!call) return;
      self->client.close();
      self->deps.loop.post([self] { self->goodbye.reset(); });
      call();
    };
    goodbye = deps.loop.after(kGoodbyeMs, finish);
    wire::UnregisterBroker request;
    request.broker_name = deps.options.broker_name;
    request.broker_addr = deps.broker_address;
    request.cluster_name = deps.options.broker_cluster_name;
    request.broker_id = BrokerId(deps.options.broker_id);
    auto left = std::make_shared<size_t>(name_servers.size());
    if (*left == 0 || !started) {
      finish();
      return;
    }
    for (const auto& server : name_servers) {
      client.request(server, request, {}, kGoodbyeMs, [left, finish](Result<rpc::Response>) {
        ASSERT(*left > 0);
        if (--*left == 0) finish();
      });
    }
  }
};

Registration::Registration(RegistrationDeps deps, std::vector<std::string> name_servers)
    : state_(std::make_shared<State>(std::move(deps), std::move(name_servers))) {}

Registration::~Registration() {
  state_->deps.loop.post([state = state_] {
    state->stopped = true;
    state->period.reset();
    state->change.reset();
    state->goodbye.reset();
    state->client.close();
  });
}

void Registration::start(std::function<void()> first_round) {
  state_->deps.loop.post([state = state_, first_round = std::move(first_round)] {
    state->started = true;
    state->register_all(Round::forced, first_round);
    state->arm();
  });
}

void Registration::topics_changed() {
  state_->deps.loop.post([state = state_] { state->topics_changed(); });
}

void Registration::when_told(std::function<void()> told) {
  state_->deps.loop.post([state = state_, told = std::move(told)] { state->when_told(told); });
}

void Registration::stop(std::function<void()> done) {
  state_->deps.loop.post([state = state_, done = std::move(done)] { state->say_goodbye(done); });
}

}  // namespace agena::broker
