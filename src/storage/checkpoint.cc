#include "storage/checkpoint.h"

#include <algorithm>

#include "base/assert.h"

namespace agena::storage {
namespace {

using State = CheckpointFile::State;

// 2^53 ms is the year 287,396, and as a position 8 PiB: what is above is damage.
bool is_plausible(int64_t value) {
  return value >= 0 && value < (int64_t{1} << 53);
}

}  // namespace

DecodedCheckpoint decode_checkpoint(Bytes page) {
  if (page.empty()) return {{}, State::missing};
  if (page.size() < kCheckpointUsedSize) return {{}, State::damaged};
  ByteReader in(page.first(kCheckpointUsedSize));
  Checkpoint c;
  c.log_time = UnixMillis(in.take<int64_t>());
  c.queue_time = UnixMillis(in.take<int64_t>());
  c.index_time = UnixMillis(in.take<int64_t>());
  c.master_flushed = PhysicalOffset(in.take<int64_t>());
  c.confirmed = PhysicalOffset(in.take<int64_t>());
  c.queues_flushed = PhysicalOffset(in.take<int64_t>());
  ASSERT(in.ok() && in.left() == 0, "the used size and the fields agree");
  for (int64_t value : {c.log_time.value, c.queue_time.value, c.index_time.value,
                        c.master_flushed.value, c.confirmed.value, c.queues_flushed.value}) {
    if (!is_plausible(value)) return {{}, State::damaged};
  }
  return {c, State::whole};
}

void encode_checkpoint(const Checkpoint& checkpoint, std::span<std::byte, kCheckpointSize> page) {
  const int64_t values[] = {checkpoint.log_time.value,   checkpoint.queue_time.value,
                            checkpoint.index_time.value, checkpoint.master_flushed.value,
                            checkpoint.confirmed.value,  checkpoint.queues_flushed.value};
  static_assert(sizeof values == kCheckpointUsedSize);
  std::byte* at = page.data();
  for (int64_t value : values) {
    ASSERT(is_plausible(value), "a time or a position of the log");
    store_be<int64_t>(at, value);
    at += sizeof value;
  }
}

Result<CheckpointFile::Opened> CheckpointFile::open(io::Files& files, const std::string& path) {
  TRY(handle, files.open(path, io::Open::create));
  Opened opened;
  opened.file = std::make_unique<CheckpointFile>(std::move(handle));
  CheckpointFile& file = *opened.file;
  TRY(got, file.file_->read_at(file.page_, 0));
  auto [found, state] = decode_checkpoint(Bytes(file.page_).first(got));
  if (state == State::damaged) std::fill(file.page_.begin(), file.page_.end(), std::byte{});
  opened.found = found;
  opened.state = state;
  return opened;
}

Status CheckpointFile::write(const Checkpoint& checkpoint) {
  encode_checkpoint(checkpoint, page_);
  TRY_OK(file_->write_at(page_, 0));
  return file_->sync();
}

}  // namespace agena::storage
