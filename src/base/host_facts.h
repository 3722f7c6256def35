// What configuration needs to know about the machine and the process's environment. Whoever starts
// a component asks the operating system and passes the answers, so that loading stays a function.
//
// Over: nothing.  Under: the options of every component; cmd/ fills it.
#pragma once
#include <cstdint>
#include <string>

namespace agena {

struct HostFacts {
  std::string home_dir = ".";  // $HOME, which Java calls user.home.
  std::string host_name = "localhost";
  std::string ip = "127.0.0.1";    // Of the interface that others reach.
  std::string namesrv_addr = {};   // $NAMESRV_ADDR
  std::string rocketmq_home = {};  // $ROCKETMQ_HOME
  int32_t cores = 1;
  int64_t memory_bytes = int64_t{8} << 30;
};

}  // namespace agena
