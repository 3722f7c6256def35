#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "cmd/commands.h"
#include "cmd/print.h"

namespace agena::cmd {

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {
      {"dev", "Name server and broker in one process, on this machine only: the first thing to run",
       setup_dev},
      {"namesrv", "Run a name server", setup_namesrv},
      {"broker", "Run a broker", setup_broker},
      {"pub", "Send a message", setup_pub},
      {"sub", "Print the messages of a topic", setup_sub},
      {"bench", "Load a broker, agena or Java, and print figures", setup_bench},
      {"explain", "What a RocketMQ code means and what to check", setup_explain},
      {"version", "Which agena this is and which RocketMQ it speaks", setup_version},
  };
  return all;
}

int report(const Error& error) {
  std::fprintf(stderr, "agena: %s\n", describe(error).c_str());
  if (const char* hint = errc_info(error.code).hint; *hint != '\0') {
    std::fprintf(stderr, "       %s\n", hint);
  }
  switch (error.code) {
    case Errc::usage:
    case Errc::bad_config:
      return 2;
    case Errc::not_found:
    case Errc::topic_not_exist:
      return 3;
    case Errc::unreachable:
      return 4;
    case Errc::no_permission:
      return 5;
    case Errc::timed_out:
      return 7;
    default:
      return 1;
  }
}

namespace {

constexpr int kRuns = -1;
constexpr int kUsage = 2;

// kRuns, or the exit code when the words were wrong or asked for help. CLI11 has a code of its own
// for every kind of mistake; scripts need one.
int parse(CLI::App& app, const std::vector<std::string>& words) {
  std::vector<const char*> arguments;
  arguments.reserve(words.size());
  for (const std::string& word : words) arguments.push_back(word.c_str());
  auto parse_or_say = [&] {
    CLI11_PARSE(app, static_cast<int>(arguments.size()), arguments.data());
    return kRuns;
  };
  const int code = parse_or_say();
  return code > 0 ? kUsage : code;
}

int run(int argc, char** argv) {
  CLI::App app{"agena: a messaging server that speaks RocketMQ"};
  app.require_subcommand(1);
  app.fallthrough(false);
  app.footer(
      "Exit codes: 0 ok, 1 failed, 2 usage or configuration, 3 not found, 4 unreachable, 5 denied, "
      "7 timed out");
  std::function<int()> chosen;
  for (const Command& command : commands()) {
    CLI::App* sub = app.add_subcommand(command.name, command.help);
    auto runs = command.setup(*sub);
    sub->callback([&chosen, runs] { chosen = runs; });
  }
  // The names of RocketMQ's start scripts stand for the subcommands that do the same.
  std::string name = std::filesystem::path(argv[0]).filename();
  std::vector<std::string> words(argv + 1, argv + argc);
  if (name == "mqnamesrv") words.insert(words.begin(), "namesrv");
  if (name == "mqbroker") words.insert(words.begin(), "broker");
  words.insert(words.begin(), "agena");
  const int code = parse(app, words);
  if (code != kRuns) return code;
  const int status = chosen();
  const Status printed = flush_output();
  if (printed || status != 0) return status;
  // As `agena sub hello | head -1`: whoever took the first line wanted no more.
  return printed.error().code == Errc::not_open ? 0 : report(printed.error());
}

}  // namespace
}  // namespace agena::cmd

int main(int argc, char** argv) {
  return agena::cmd::run(argc, argv);
}
