#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <charconv>

#include "cmd/commands.h"
#include "wire/codes.h"

namespace agena::cmd {
namespace {

// What the catalogue knows of a response code: there may be several errors behind one.
void print_errors(int32_t code) {
  for (int at = 0; at < errc_count(); ++at) {
    const ErrcInfo& info = errc_info(static_cast<Errc>(at));
    if (info.response_code != code || code == 0) continue;
    if (*info.remark != '\0') fmt::print("  {}: {}\n", info.name, info.remark);
    if (*info.hint != '\0') fmt::print("      check: {}\n", info.hint);
  }
}

Status explain(const std::string& word) {
  int32_t code = 0;
  auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), code);
  bool is_number = error == std::errc() && end == word.data() + word.size();
  bool found = false;
  auto try_code = [&](int32_t number) {
    auto response = wire::response_name(number);
    auto request = wire::request_name(number);
    bool wanted_response = !response.empty() && (is_number || response == word);
    bool wanted_request = !request.empty() && (is_number || request == word);
    if (wanted_response) {
      fmt::print("{} {}  (answer)\n", number, response);
      print_errors(number);
    }
    if (wanted_request) fmt::print("{} {}  (request)\n", number, request);
    found |= wanted_response || wanted_request;
  };
  if (is_number) {
    try_code(code);
  } else {
    for (int32_t number = -1100; number <= 200'200; ++number) try_code(number);
  }
  if (found) return ok();
  return Error{Errc::not_found, fmt::format("RocketMQ has no code '{}'", word)};
}

}  // namespace

std::function<int()> setup_explain(CLI::App& app) {
  auto word = std::make_shared<std::string>();
  app.add_option("CODE", *word, "A number such as 14, or a name such as TOPIC_NOT_EXIST")
      ->required();
  return [word] {
    Status status = explain(*word);
    return status ? 0 : report(status.error());
  };
}

std::function<int()> setup_version(CLI::App&) {
  return [] {
    fmt::print("agena {} (speaks RocketMQ 5.5.0, protocol version {})\n", AGENA_VERSION,
               wire::kWireVersion);
    return 0;
  };
}

}  // namespace agena::cmd
