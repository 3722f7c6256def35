// Which stored message, of those that some group has not consumed yet, lies first in the log.
//
// Over:    offset_table.h, storage/store.h.  Under: broker.h, for the report of retention.
// Threads: any.  Cost: one look at a queue for each place that a group has committed.
// Known:   groups that have committed an offset. What nobody ever consumed cannot be missed by
//          anybody we know of.
#pragma once
#include <optional>

#include "broker/offset_table.h"
#include "storage/store.h"

namespace agena::broker {

std::optional<storage::Unconsumed> first_unconsumed(const OffsetTable& offsets,
                                                    storage::Store& store);

}  // namespace agena::broker
