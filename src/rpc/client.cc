#include "rpc/client.h"

#include <fmt/core.h>

#include <charconv>
#include <unordered_map>

#include "base/log.h"

namespace agena::rpc {

// Touched on the loop only, but for `loop` and `closed`.
struct Client::State : ConnectionWatcher, std::enable_shared_from_this<Client::State> {
  State(io::Loop& l, const io::Clock& c, ClientOptions o)
      : loop(l), clock(c), options(std::move(o)) {}

  struct Peer {
    std::shared_ptr<Connection> connection;
    bool connecting = false;
    std::vector<Outgoing> waiting;
  };

  io::Loop& loop;
  const io::Clock& clock;
  ClientOptions options;
  bool closed = false;
  std::unordered_map<std::string, Peer> peers;
  std::unique_ptr<io::Timer> sweep_timer;

  void send(const std::string& address, Outgoing outgoing) {
    if (closed) {
      if (outgoing.done) outgoing.done(Error{Errc::not_open, "the client is closed"});
      return;
    }
    Peer& peer = peers[address];
    if (peer.connection != nullptr && !peer.connection->closed()) {
      put(*peer.connection, std::move(outgoing));
      return;
    }
    peer.waiting.push_back(std::move(outgoing));
    if (!peer.connecting) connect(address, peer);
  }

  static void put(Connection& connection, Outgoing outgoing) {
    if (outgoing.done) {
      connection.send_request(outgoing.opaque, std::move(*outgoing.frame), outgoing.timeout_ms,
                              std::move(outgoing.done));
    } else {
      connection.send(std::move(*outgoing.frame));
    }
  }

  void connect(const std::string& address, Peer& peer) {
    peer.connecting = true;
    auto target = parse_host_port(address);
    if (!target) {
      connected(address, target.error());
      return;
    }
    loop.connect(target->host, target->port, options.connect_timeout_ms,
                 [self = shared_from_this(), address](Result<std::shared_ptr<io::Stream>> made) {
                   self->connected(address, std::move(made));
                 });
  }

  void connected(const std::string& address, Result<std::shared_ptr<io::Stream>> made) {
    Peer& peer = peers[address];
    peer.connecting = false;
    auto waiting = std::exchange(peer.waiting, {});
    if (closed || !made) {
      Error why = made ? Error{Errc::not_open, "the client is closed"}
                       : Error{Errc::unreachable,
                               fmt::format("connect to {}: {}", address, describe(made.error()))};
      if (made) (*made)->close();
      for (auto& one : waiting) {
        if (one.done) one.done(why);
      }
      return;
    }
    ConnectionDeps deps{loop, clock, options.router, this, options.limits};
    peer.connection = std::make_shared<Connection>(std::move(deps), std::move(*made));
    peer.connection->start();
    auto connection = peer.connection;
    for (auto& one : waiting) put(*connection, std::move(one));
    if (sweep_timer == nullptr) {
      sweep_timer = loop.every(100, [weak = weak_from_this()] {
        if (auto self = weak.lock()) self->sweep();
      });
    }
  }

  void on_connection_closed(Connection& connection) override {
    // Called from inside the connection: it must live until that call returns.
    loop.post([self = shared_from_this(), id = connection.id()] {
      for (auto& [address, peer] : self->peers) {
        if (peer.connection != nullptr && peer.connection->id() == id) peer.connection.reset();
      }
    });
  }

  void sweep() {
    std::vector<std::shared_ptr<Connection>> all;
    for (auto& [address, peer] : peers) {
      if (peer.connection != nullptr) all.push_back(peer.connection);
    }
    for (auto& connection : all) connection->sweep(clock.mono());
  }

  void close() {
    if (std::exchange(closed, true)) return;
    sweep_timer.reset();
    const Error why{Errc::not_open, "the client is closed"};
    // Callbacks may come back to us; a connection may end after we are gone.
    for (auto& [address, peer] : std::exchange(peers, {})) {
      if (peer.connection != nullptr) peer.connection->leave(why);
      for (auto& one : peer.waiting) {
        if (one.done) one.done(why);
      }
    }
  }
};

namespace {
ClientOptions without_first_byte_rule(ClientOptions options) {
  // We speak first on these connections; a silent server is met by the request's time-out.
  options.limits.first_byte_ms_max = INT64_MAX;
  return options;
}
}  // namespace

Client::Client(io::Loop& loop, const io::Clock& clock, ClientOptions options)
    : state_(std::make_shared<State>(loop, clock, without_first_byte_rule(std::move(options)))) {}

Client::~Client() {
  close();
}

io::Loop& Client::loop() const {
  return state_->loop;
}

void Client::send(const std::string& address, Outgoing outgoing) {
  if (state_->loop.on_this_thread()) {
    state_->send(address, std::move(outgoing));
    return;
  }
  state_->loop.post([state = state_, address, outgoing = std::move(outgoing)] {
    state->send(address, outgoing);
  });
}

void Client::close() {
  if (state_->loop.on_this_thread()) {
    state_->close();
  } else {
    state_->loop.post([state = state_] { state->close(); });
  }
}

Result<HostPort> parse_host_port(std::string_view text) {
  size_t colon = text.rfind(':');
  std::string_view host = text.substr(0, colon == std::string_view::npos ? 0 : colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  uint16_t port = 0;
  if (colon != std::string_view::npos) {
    auto digits = text.substr(colon + 1);
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size()) port = 0;
  }
  if (host.empty() || port == 0) {
    return Error{Errc::bad_config, fmt::format("'{}' is not HOST:PORT", text)};
  }
  return HostPort{std::string(host), port};
}

}  // namespace agena::rpc
