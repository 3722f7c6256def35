// Removes a directory with everything in it.
//
// Over: io/files.h.  Under: the store, for topics that were deleted.  Threads: any.
// Errors: the first one ends it; calling it again goes on.
#pragma once
#include <string>

#include "base/result.h"
#include "io/files.h"

namespace agena::storage {

Status remove_tree(io::Files& files, const std::string& path);

}  // namespace agena::storage
