// How client commands find the servers, and what they say about themselves.
//
// Over: CLI11, client/, io/host.h.  Under: pub_sub.cc, bench.cc.  Threads: the command's own.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "client/producer.h"
#include "io/env.h"
#include "io/host.h"

namespace agena::cmd {

struct Target {
  std::string name_servers = "127.0.0.1:9876";
};

inline void add_target(CLI::App& app, Target& target) {
  app.add_option("-n,--namesrv", target.name_servers, "Name servers, HOST:PORT[;HOST:PORT]")
      ->envname("NAMESRV_ADDR")
      ->capture_default_str();
}

inline client::Identity own_identity(io::Env& env) {
  auto host = message::parse_ip(io::read_host_facts().ip, 0);
  return {host ? *host : message::Host{}, env.random()};
}

}  // namespace agena::cmd
