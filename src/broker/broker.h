// A broker put together: tables, store, handlers and the timers that drive them.
//
// Over:     everything in broker/.  Under: cmd/, which gives it an environment and a router.
// Threads:  open(), start() and stop() from the owner's thread.
// Lifetime: env, options and router outlive it. Order: open, add_handlers, serve (rpc::Server),
//           start, ..., leave, stop the server, stop, destroy.
// Nothing else sees a Broker: handlers are given the few parts they touch.
#pragma once
#include <memory>
#include <string>

#include "broker/options.h"
#include "io/env.h"
#include "rpc/connection.h"
#include "rpc/router.h"
#include "storage/store.h"

namespace agena::broker {

class Broker final : public rpc::ConnectionWatcher {
 public:
  // Reads the configuration files and recovers the store.
  static Result<std::unique_ptr<Broker>> open(io::Env& env, Options& options);
  ~Broker() override;

  void add_handlers(rpc::Router& router);
  // Registers at the name servers and starts the timers; returns after the first round of
  // registrations (each name server has answered, or has failed).
  void start();
  // Before the server stops: the name servers send nobody here any more, and long polls are
  // answered as if their time were over, so that their clients ask elsewhere at once.
  void leave();
  // Leaves, if that was not done, saves everything, closes the store.
  Status stop();

  storage::StoreState store_state() const;
  void on_connection_closed(rpc::Connection& connection) override;

 private:
  struct Parts;
  explicit Broker(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace agena::broker
