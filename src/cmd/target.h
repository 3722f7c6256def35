// The option by which client commands find the servers.
//
// Over: CLI11.  Under: pub_sub.cc, bench.cc.  Threads: the command's own.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

namespace agena::cmd {

struct Target {
  std::string name_servers = "127.0.0.1:9876";
};

inline void add_target(CLI::App& app, Target& target) {
  app.add_option("-n,--namesrv", target.name_servers, "Name servers, HOST:PORT[;HOST:PORT]")
      ->envname("NAMESRV_ADDR")
      ->capture_default_str();
}

}  // namespace agena::cmd
