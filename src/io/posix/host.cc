#include "io/host.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace agena::io {
namespace {

std::string environment(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

// The first IPv4 address that is not loopback; that is what Java takes too.
std::string first_address() {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return "127.0.0.1";
  std::string out = "127.0.0.1";
  for (ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
    bool usable = one->ifa_addr != nullptr && one->ifa_addr->sa_family == AF_INET &&
                  (one->ifa_flags & IFF_LOOPBACK) == 0 && (one->ifa_flags & IFF_UP) != 0;
    if (!usable) continue;
    char text[INET_ADDRSTRLEN] = {};
    auto* address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
    if (::inet_ntop(AF_INET, &address->sin_addr, text, sizeof text) != nullptr) {
      out = text;
      break;
    }
  }
  ::freeifaddrs(all);
  return out;
}

}  // namespace

HostFacts read_host_facts() {
  HostFacts out;
  out.home_dir = environment("HOME", ".");
  out.namesrv_addr = environment("NAMESRV_ADDR", "");
  out.rocketmq_home = environment("ROCKETMQ_HOME", "");
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0') out.host_name = name;
  out.ip = first_address();
  long cores = ::sysconf(_SC_NPROCESSORS_ONLN);
  out.cores = cores > 0 ? static_cast<int32_t>(cores) : 1;
  long pages = ::sysconf(_SC_PHYS_PAGES);
  if (pages > 0) out.memory_bytes = int64_t{pages} * ::sysconf(_SC_PAGESIZE);
  return out;
}

int64_t raise_open_files_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;  // What every system gives.
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit wanted = limit;
    wanted.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &wanted) == 0) limit = wanted;
  }
  constexpr rlim_t kPlenty = 1 << 30;  // "Infinity" is one more value to count with.
  return static_cast<int64_t>(std::min(limit.rlim_cur, kPlenty));
}

}  // namespace agena::io
