// Starts and stops a name server and a broker in this process; the only code that wires them.
//
// Over:    namesrv/namesrv.h, broker/broker.h, rpc/server.h, io/env.h.
// Under:   dev.cc, namesrv.cc, broker.cc.
// Threads: the main thread.
#pragma once
#include <memory>

#include "broker/broker.h"
#include "broker/options.h"
#include "io/env.h"
#include "namesrv/namesrv.h"
#include "namesrv/options.h"
#include "rpc/server.h"

namespace agena::cmd {

// As many loops as the options say, or one less than the machine has cores.
int loop_count(const rpc::ListenOptions& listen, int cores);

class NamesrvProcess {
 public:
  static Result<std::unique_ptr<NamesrvProcess>> start(io::Env& env, namesrv::Options options);
  ~NamesrvProcess();
  void stop();

 private:
  explicit NamesrvProcess(namesrv::Options options) : options_(std::move(options)) {}
  namesrv::Options options_;
  rpc::Router router_;
  std::unique_ptr<namesrv::NameServer> name_server_;
  std::unique_ptr<rpc::Server> server_;
};

class BrokerProcess {
 public:
  static Result<std::unique_ptr<BrokerProcess>> start(io::Env& env, broker::Options options);
  ~BrokerProcess();
  Status stop();
  // What recovery did, in a sentence; empty when the last stop was clean.
  std::string recovery() const { return broker_->store_state().recovery; }
  const broker::Options& options() const { return options_; }

 private:
  explicit BrokerProcess(broker::Options options) : options_(std::move(options)) {}
  broker::Options options_;
  rpc::Router router_;
  std::unique_ptr<broker::Broker> broker_;
  std::unique_ptr<rpc::Server> server_;
};

}  // namespace agena::cmd
