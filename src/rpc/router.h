// From a request code to the handler that serves it.
//
// Over:    call.h, wire/request.h (rows).  Under: servers, which fill one at start.
// Threads: filled before the first connection; then read by every loop.
// Errors:  a field that is missing or bad, an unserved code (3, with its name) and a request from a
//          peer that may not send it (16) are answered here.
#pragma once
#include <functional>
#include <unordered_map>
#include <vector>

#include "rpc/call.h"

namespace agena::rpc {

class Router {
 public:
  using Handler = std::function<void(Call&)>;
  template <wire::Request R>
  using Serve = std::function<Status(Call&, const R&)>;

  // The handler answers by itself and returns ok, or returns the error to answer with.
  template <wire::Request R>
  void on(Serve<R> serve) {
    add(R::info, [serve = std::move(serve)](Call& call) {
      auto request = wire::decode_fields<R>(call.header());
      Status served = request ? serve(call, *request) : Status(request.error());
      finish(call, served);
    });
  }

  // Peers whose address passes may send requests of that access. Default: loopback only.
  using PeerCheck = std::function<bool(const io::Address&)>;
  void set_admin_check(PeerCheck check) { is_admin_ = std::move(check); }
  void set_broker_check(PeerCheck check) { is_broker_ = std::move(check); }

  void dispatch(Call& call) const;
  bool serves(int32_t code) const { return find(code) != nullptr; }
  std::vector<int32_t> codes() const;

 private:
  struct Row {
    wire::RequestInfo info{};
    Handler handler;
  };
  void add(const wire::RequestInfo& info, Handler handler);
  const Row* find(int32_t code) const;
  static void finish(Call& call, const Status& served);
  Status check_peer(const wire::RequestInfo& info, const io::Address& peer) const;

  static constexpr int32_t kDenseCodes = 1024;  // Everything hot has a small code.
  std::vector<Row> dense_ = std::vector<Row>(kDenseCodes);
  std::unordered_map<int32_t, Row> sparse_;
  PeerCheck is_admin_ = &io::Address::is_loopback;
  PeerCheck is_broker_ = &io::Address::is_loopback;
};

}  // namespace agena::rpc
