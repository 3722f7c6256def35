// From a request code to the handler that serves it.
//
// Over:    call.h, wire/request.h (rows).  Under: servers, which fill one at start.
// Threads: filled before the first connection; then read by every loop.
// Errors:  a field that is missing or bad, an unserved code (3, with its name) and an admin request
//          from a peer that may not send it (16) are answered here.
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

  // Peers whose address passes may send Access::admin requests. Default: loopback only.
  void set_admin_check(std::function<bool(const io::Address&)> check) {
    is_admin_ = std::move(check);
  }

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

  static constexpr int32_t kDenseCodes = 1024;  // Everything hot has a small code.
  std::vector<Row> dense_ = std::vector<Row>(kDenseCodes);
  std::unordered_map<int32_t, Row> sparse_;
  std::function<bool(const io::Address&)> is_admin_ = [](const io::Address& peer) {
    return peer.is_loopback();
  };
};

}  // namespace agena::rpc
