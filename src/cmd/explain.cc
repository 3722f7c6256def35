#include <fmt/core.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <charconv>

#include "base/nearest.h"
#include "base/text.h"
#include "cmd/commands.h"
#include "cmd/print.h"
#include "wire/codes.h"

namespace agena::cmd {
namespace {

constexpr int32_t kCodeMin = -1'100, kCodeMax = 200'200;  // Of RocketMQ's names.
constexpr size_t kSuggestions = 3;

void print_error(const ErrcInfo& info) {
  if (*info.remark != '\0') print("  {}: {}\n", info.name, info.remark);
  if (*info.hint != '\0') print("      check: {}\n", info.hint);
}

// What the catalogue knows of a response code: there may be several errors behind one.
void print_errors(int32_t code) {
  for (int at = 0; at < errc_count(); ++at) {
    const ErrcInfo& info = errc_info(static_cast<Errc>(at));
    if (info.response_code == code && code != 0) print_error(info);
  }
}

bool print_code(int32_t code) {
  const auto response = wire::response_name(code);
  const auto request = wire::request_name(code);
  if (!response.empty()) {
    print("{} {}  (answer)\n", code, response);
    print_errors(code);
  }
  if (!request.empty()) print("{} {}  (request)\n", code, request);
  return !response.empty() || !request.empty();
}

bool print_named(std::string_view word) {
  bool is_found = false;
  for (int32_t code = kCodeMin; code <= kCodeMax; ++code) {
    if (text::equal_ignoring_case(wire::response_name(code), word)) {
      print("{} {}  (answer)\n", code, wire::response_name(code));
      print_errors(code);
      is_found = true;
    }
    if (text::equal_ignoring_case(wire::request_name(code), word)) {
      print("{} {}  (request)\n", code, wire::request_name(code));
      is_found = true;
    }
  }
  if (is_found) return true;
  // The names that agena's own messages begin with.
  for (int at = 1; at < errc_count(); ++at) {
    const ErrcInfo& info = errc_info(static_cast<Errc>(at));
    if (!text::equal_ignoring_case(info.name, word)) continue;
    print("{}  (error of agena; clients get it as code {} {})\n", info.name, info.response_code,
          wire::response_name(info.response_code));
    print_error(info);
    return true;
  }
  return false;
}

std::string suggestion(std::string_view word) {
  std::vector<std::string_view> names;
  for (int32_t code = kCodeMin; code <= kCodeMax; ++code) {
    for (auto name : {wire::response_name(code), wire::request_name(code)}) {
      if (!name.empty()) names.push_back(name);
    }
  }
  for (int at = 1; at < errc_count(); ++at) {
    const ErrcInfo& info = errc_info(static_cast<Errc>(at));
    const bool is_named =
        text::equal_ignoring_case(wire::response_name(info.response_code), info.name);
    if (!is_named) names.push_back(info.name);
  }
  const auto near = nearest_words(word, names, kSuggestions);
  return near.empty() ? std::string() : fmt::format("; did you mean {}?", fmt::join(near, ", "));
}

Status explain(const std::string& word) {
  if (word.empty()) return Error{Errc::usage, "a code or its name is wanted"};
  int32_t code = 0;
  auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), code);
  const bool is_number = error == std::errc() && end == word.data() + word.size();
  if (is_number ? print_code(code) : print_named(word)) return ok();
  return Error{Errc::not_found, fmt::format("RocketMQ has no code '{}'{}", word,
                                            is_number ? std::string() : suggestion(word))};
}

}  // namespace

std::function<int()> setup_explain(CLI::App& app) {
  auto word = std::make_shared<std::string>();
  app.add_option("CODE", *word,
                 "A number such as 14, or a name such as TOPIC_NOT_EXIST, in any case")
      ->required();
  return [word] {
    Status status = explain(*word);
    return status ? 0 : report(status.error());
  };
}

std::function<int()> setup_version(CLI::App&) {
  return [] {
    print("agena {} (speaks RocketMQ 5.5.0, protocol version {})\n", AGENA_VERSION,
          wire::kWireVersion);
    return 0;
  };
}

}  // namespace agena::cmd
