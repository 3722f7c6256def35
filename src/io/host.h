// What this machine is, as configuration wants to know it.
//
// Over: base/host_facts.h.  Under: cmd/.  Threads: call once at the start.
#pragma once
#include "base/host_facts.h"

namespace agena::io {

HostFacts read_host_facts();

}  // namespace agena::io
