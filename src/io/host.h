// What this machine is, as configuration wants to know it.
//
// Over: base/host_facts.h.  Under: cmd/.  Threads: call once at the start.
#pragma once
#include <cstdint>

#include "base/host_facts.h"

namespace agena::io {

HostFacts read_host_facts();

// Lets this process open as many files and connections as it may, and says how many that is.
int64_t raise_open_files_limit();

}  // namespace agena::io
