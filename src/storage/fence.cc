#include "storage/fence.h"

#include <cstdlib>

#include "base/log.h"

namespace agena::storage {

void Fence::raise(std::string_view doing, const Error& error) {
  raised_.store(true, std::memory_order_release);
  AGENA_LOG(error, "storage",
            "cannot {}: {}. Nothing more may be acknowledged: the process ends with status {}",
            doing, describe(error), kExitStatus);
  if (stop_) return stop_(error);
  std::_Exit(kExitStatus);
}

}  // namespace agena::storage
