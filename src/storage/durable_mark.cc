#include "storage/durable_mark.h"

#include <cstring>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/hash.h"

namespace agena::storage {
namespace {

constexpr uint32_t kMagic = 0x41474D4B;  // "AGMK"
constexpr uint32_t kVersion = 1;
constexpr uint64_t kSlotStride = 4096;  // Slots share no disk block.
constexpr size_t kSlotSize = 4 + 4 + 8 + 8 + 8 + 8 + 4 + 4 + 4;
static_assert(kSlotSize == 52);

}  // namespace

Result<std::unique_ptr<DurableMark>> DurableMark::open(io::Files& files, const std::string& dir) {
  TRY_OK(files.make_dirs(dir));
  const std::string path = dir + "/mark";
  const bool is_new = !files.exists(path);
  TRY(file, files.open(path, io::Open::create));
  if (is_new) {
    TRY_OK(file->resize(2 * kSlotStride));
    TRY_OK(file->sync());
    TRY_OK(files.sync_dir(dir));
  }
  std::unique_ptr<DurableMark> mark(new DurableMark(std::move(file)));
  mark->load(0);
  mark->load(kSlotStride);
  return mark;
}

void DurableMark::load(uint64_t slot_offset) {
  std::byte raw[kSlotSize];
  auto count = file_->read_at(raw, slot_offset);
  if (!count || *count != kSlotSize) return;
  const uint32_t crc = load_be<uint32_t>(raw + kSlotSize - 4);
  if (crc != crc32(Bytes(raw, kSlotSize - 4))) return;
  ByteReader in(Bytes(raw, kSlotSize - 4));
  if (in.take<uint32_t>() != kMagic || in.take<uint32_t>() != kVersion) return;
  const auto generation = in.take<uint64_t>();
  if (last_ && generation <= generation_) return;
  Mark mark;
  mark.flushed = PhysicalOffset(in.take<int64_t>());
  mark.dispatched = PhysicalOffset(in.take<int64_t>());
  mark.newest = UnixMillis(in.take<int64_t>());
  mark.is_clean = in.take<uint32_t>() != 0;
  mark.checkpoint_crc = in.take<uint32_t>();
  ASSERT(in.ok() && in.left() == 0, "the slot's size and its fields agree");
  generation_ = generation;
  last_ = mark;
}

Status DurableMark::write(const Mark& mark) {
  ASSERT(mark.flushed.value >= 0 && mark.dispatched.value >= 0);
  std::byte raw[kSlotSize];
  const uint64_t generation = generation_ + 1;
  store_be<uint32_t>(raw, kMagic);
  store_be<uint32_t>(raw + 4, kVersion);
  store_be<uint64_t>(raw + 8, generation);
  store_be<int64_t>(raw + 16, mark.flushed.value);
  store_be<int64_t>(raw + 24, mark.dispatched.value);
  store_be<int64_t>(raw + 32, mark.newest.value);
  store_be<uint32_t>(raw + 40, mark.is_clean ? 1 : 0);
  store_be<uint32_t>(raw + 44, mark.checkpoint_crc);
  store_be<uint32_t>(raw + 48, crc32(Bytes(raw, kSlotSize - 4)));
  TRY_OK(file_->write_at(raw, generation % 2 * kSlotStride));
  TRY_OK(file_->sync());
  generation_ = generation;
  last_ = mark;
  return ok();
}

}  // namespace agena::storage
