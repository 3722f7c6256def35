// Waits for answers: for command-line tools and tests, whose own thread has nothing else to do.
//
// Over:    rpc/client.h.  Under: producer.h, puller.h, cmd/.
// Threads: never call these on an event loop: they block the calling thread for the time-out at
//          most.
// Errors:  Errc::unreachable, timed_out; a refusal by the server is an Answer, not an error.
#pragma once
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rpc/client.h"

namespace agena::client {

// An answer that owns its bytes.
struct Answer {
  int32_t code = 0;
  std::string remark;
  std::vector<std::pair<std::string, std::string>> ext;
  std::string body;

  bool ok() const { return code == 0; }
  Error error() const;  // "TOPIC_NOT_EXIST (17): remark".
  template <HasFields T>
  Result<T> fields() const {
    wire::Header header;
    for (const auto& [name, value] : ext) {
      if (!header.ext.add(name, value)) return Error{Errc::bad_frame, "too many ext fields"};
    }
    return wire::decode_fields<T>(header);
  }
  static Answer copy_of(const rpc::Response& response);
};

template <wire::Request R>
Result<Answer> call(rpc::Client& client, const std::string& address, const R& request, Bytes body,
                    int64_t timeout_ms) {
  auto promise = std::make_shared<std::promise<Result<Answer>>>();
  auto future = promise->get_future();
  client.request(address, request, body, timeout_ms, [promise](Result<rpc::Response> response) {
    if (response) {
      promise->set_value(Answer::copy_of(*response));
    } else {
      promise->set_value(response.error());
    }
  });
  return future.get();
}

}  // namespace agena::client
