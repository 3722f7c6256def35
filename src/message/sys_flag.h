// The bits of a message's sysFlag: what a broker and a consumer must know about the record.
//
// Over:   nothing.  Under: record_format.h, compression.h, broker/ (transactions), client/.
// Source: inventory of the protocol, section 3.3; the meanings are those of RocketMQ 5.5.0.
// Bits we do not know are kept as they came.
#pragma once
#include <cstdint>

namespace agena::message::sys_flag {

inline constexpr int32_t compressed = 0x1;
inline constexpr int32_t multi_tags = 0x2;
inline constexpr int32_t transaction_mask = 0xC;
inline constexpr int32_t transaction_none = 0x0;
inline constexpr int32_t transaction_prepared = 0x4;
inline constexpr int32_t transaction_commit = 0x8;
inline constexpr int32_t transaction_rollback = 0xC;
inline constexpr int32_t born_host_v6 = 0x10;
inline constexpr int32_t store_host_v6 = 0x20;
inline constexpr int32_t need_unwrap = 0x40;
inline constexpr int32_t inner_batch = 0x80;
inline constexpr int32_t compression_mask = 0x700;
inline constexpr int32_t compression_lz4 = 0x100;
inline constexpr int32_t compression_zstd = 0x200;
inline constexpr int32_t compression_zlib = 0x300;  // 0 means zlib too: older clients write it.

constexpr bool has(int32_t flag, int32_t bits) {
  return (flag & bits) != 0;
}
constexpr int32_t transaction_of(int32_t flag) {
  return flag & transaction_mask;
}
constexpr int32_t with_transaction(int32_t flag, int32_t type) {
  return (flag & ~transaction_mask) | type;
}
// Half messages and rollbacks are stored but never consumed from their own queue.
constexpr bool takes_queue_slot(int32_t flag) {
  return transaction_of(flag) != transaction_prepared &&
         transaction_of(flag) != transaction_rollback;
}

}  // namespace agena::message::sys_flag
