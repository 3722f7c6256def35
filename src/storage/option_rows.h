// The keys of broker.conf that concern the store, as rows over StoreOptions.
//
// Over: options.h, base/options.h.  Under: the broker's option table, which adds them to its own.
// Threads: any; every call makes a fresh list.
#pragma once
#include <vector>

#include "base/options.h"

namespace agena::storage {

std::vector<OptionRow> store_rows();

}  // namespace agena::storage
