// The name server: brokers tell it what they serve, clients ask it where to go.
//
// Over:     route_table.h, kv_config.h, handlers/.  Under: cmd/, which gives it ports.
// Threads:  open(), start() and stop() from the thread that owns it; requests come on any loop.
// Lifetime: outlives the rpc::Server that uses its router and watches through it. Call stop() while
//           the loops still run.
// Durability: key-value settings are on the disk before they are answered; routes live in memory,
//           brokers bring them again.
// Errors:   open() fails when kvConfig.json cannot be read.
#pragma once
#include <memory>

#include "io/clock.h"
#include "io/files.h"
#include "io/loop.h"
#include "namesrv/options.h"
#include "rpc/connection.h"
#include "rpc/router.h"

namespace agena::namesrv {

struct NameServerDeps {
  const io::Clock& clock;
  io::Files& files;
  io::Loop& loop;        // Scans for silent brokers, tells brokers of changes.
  io::Loop& background;  // Writes files.
  Options& options;      // Live ones change by request 318.
};

class NameServer final : public rpc::ConnectionWatcher {
 public:
  static Result<std::unique_ptr<NameServer>> open(const NameServerDeps& deps);
  ~NameServer() override;  // Calls stop(), if nobody did.

  void add_handlers(rpc::Router& router);  // All 23 request codes.
  void start();
  void stop();
  void on_connection_closed(rpc::Connection& connection) override;

 private:
  struct State;
  explicit NameServer(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
  bool is_stopped_ = false;
};

}  // namespace agena::namesrv
