// The subcommands of `agena`: each file describes its own and says what it runs.
//
// Over:  everything.  Under: main.cc.
// Exit codes: 0 ok, 1 failed, 2 usage or configuration, 3 not found, 4 unreachable, 5 denied, 7
// timed out.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace CLI {
class App;
}

namespace agena::cmd {

// Adds the subcommand to `app` and returns what runs when it was chosen; the result is the exit
// code.
using Setup = std::function<int()> (*)(CLI::App& app);

struct Command {
  const char* name;
  const char* help;
  Setup setup;
};
const std::vector<Command>& commands();

std::function<int()> setup_dev(CLI::App& app);
std::function<int()> setup_namesrv(CLI::App& app);
std::function<int()> setup_broker(CLI::App& app);
std::function<int()> setup_pub(CLI::App& app);
std::function<int()> setup_sub(CLI::App& app);
std::function<int()> setup_bench(CLI::App& app);
std::function<int()> setup_explain(CLI::App& app);
std::function<int()> setup_version(CLI::App& app);

// One line what failed, one what to try; returns the exit code for it.
int report(const Error& error);

}  // namespace agena::cmd
