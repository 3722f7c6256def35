#include "cmd/servers.h"

#include <algorithm>

#include "base/log.h"
#include "io/host.h"

namespace agena::cmd {
namespace {

constexpr int kFastPortDistance = 2;  // RocketMQ's second port: listenPort - 2.

// However many connect, the store must still be able to open its next file.
void leave_files_room(rpc::Limits& limits) {
  constexpr int64_t kFiles = 4'096;
  const int64_t open_max = io::raise_open_files_limit();
  auto room = static_cast<size_t>(std::max({int64_t{1}, open_max / 2, open_max - kFiles}));
  if (limits.connections_max <= room) return;
  AGENA_LOG(info, "rpc", "{} connections at most: only {} files and connections may be open", room,
            open_max);
  limits.connections_max = room;
}

rpc::ServerOptions server_options(const rpc::ListenOptions& listen, bool has_fast_port) {
  rpc::ServerOptions out;
  out.bind_ip = listen.bind_address;
  out.ports.push_back(static_cast<uint16_t>(listen.listen_port));
  if (has_fast_port) {
    out.ports.push_back(static_cast<uint16_t>(listen.listen_port - kFastPortDistance));
  }
  out.limits = listen.limits;
  leave_files_room(out.limits);
  return out;
}

}  // namespace

int loop_count(const rpc::ListenOptions& listen, int cores) {
  return listen.io_loops > 0 ? listen.io_loops : std::max(1, cores - 1);
}

Result<std::unique_ptr<NamesrvProcess>> NamesrvProcess::start(io::Env& env,
                                                              namesrv::Options options) {
  std::unique_ptr<NamesrvProcess> out(new NamesrvProcess(std::move(options)));
  TRY(opened, namesrv::NameServer::open({env.clock(), env.files(), *env.loops().front(),
                                         env.background(), out->options_}));
  out->name_server_ = std::move(opened);
  env.stop_on_signals();
  // While nothing authenticates peers, their addresses say what they may do.
  out->router_.set_admin_check(rpc::range_check(out->options_.listen.admin_allow_cidr));
  out->router_.set_broker_check(rpc::range_check(out->options_.broker_allow_cidr));
  out->name_server_->add_handlers(out->router_);
  TRY(served, rpc::Server::start(env, out->router_, out->name_server_.get(),
                                 server_options(out->options_.listen, false)));
  out->server_ = std::move(served);
  out->name_server_->start();
  return out;
}

NamesrvProcess::~NamesrvProcess() {
  stop();
}

void NamesrvProcess::stop() {
  if (server_) server_->stop();
  server_.reset();
  if (name_server_) name_server_->stop();
  name_server_.reset();
}

Result<std::unique_ptr<BrokerProcess>> BrokerProcess::start(io::Env& env, broker::Options options) {
  std::unique_ptr<BrokerProcess> out(new BrokerProcess(std::move(options)));
  TRY(opened, broker::Broker::open(env, out->options_));
  env.stop_on_signals();  // Not before: whoever stops a long recovery need not wait for its end.
  out->broker_ = std::move(opened);
  out->router_.set_admin_check(rpc::range_check(out->options_.listen.admin_allow_cidr));
  out->broker_->add_handlers(out->router_);
  TRY(served, rpc::Server::start(env, out->router_, out->broker_.get(),
                                 server_options(out->options_.listen, true)));
  out->server_ = std::move(served);
  out->broker_->start();
  return out;
}

BrokerProcess::~BrokerProcess() {
  if (Status stopped = stop(); !stopped) {
    AGENA_LOG(error, "broker", "did not stop cleanly: {}", describe(stopped.error()));
  }
}

Status BrokerProcess::stop() {
  if (server_) {
    broker_->leave();
    server_->stop();
  }
  server_.reset();
  Status status = broker_ ? broker_->stop() : ok();
  broker_.reset();
  return status;
}

}  // namespace agena::cmd
