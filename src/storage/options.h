// Everything about the store that broker.conf can set, with its defaults.
//
// Over:    base/.  Under: every part of storage/; broker configuration fills it.
// Threads: read-only once the store is open; what may change later is an argument of the call.
// Names are Java's in our spelling, unit last; the Java key is given where it differs.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace agena::storage {

enum class FlushMode : uint8_t { async, sync };  // flushDiskType

struct StoreOptions {
  std::string root_dir = "store";  // storePathRootDir
  std::string log_dir;             // storePathCommitLog; empty: root_dir/commitlog.

  int64_t log_file_bytes = int64_t{1} << 30;  // mappedFileSizeCommitLog
  int64_t queue_file_bytes = 6'000'000;       // mappedFileSizeConsumeQueue, a multiple of 20.
  int32_t message_bytes_max = 4 << 20;        // maxMessageSize, of the body.

  FlushMode flush_mode = FlushMode::async;
  int64_t log_flush_interval_ms = 500;                // flushIntervalCommitLog
  int64_t queue_flush_interval_ms = 1'000;            // flushIntervalConsumeQueue
  int64_t queue_thorough_flush_interval_ms = 60'000;  // flushConsumeQueueThoroughInterval

  int32_t transfer_count_in_memory_max = 32;          // maxTransferCountOnMessageInMemory
  int64_t transfer_bytes_in_memory_max = 256 * 1024;  // maxTransferBytesOnMessageInMemory
  int32_t transfer_count_on_disk_max = 8;             // maxTransferCountOnMessageInDisk
  int64_t transfer_bytes_on_disk_max = 64 * 1024;     // maxTransferBytesOnMessageInDisk
  int32_t filter_scan_bytes_max = 16'000;             // maxFilterMessageSize
  int32_t memory_ratio_max = 40;                      // accessMessageInMemoryMaxRatio, percent.
  int64_t physical_memory_bytes = int64_t{8} << 30;   // What the ratio is of.

  bool index_enable = true;                // messageIndexEnable
  int32_t index_slots_max = 5'000'000;     // maxHashSlotNum
  int32_t index_entries_max = 20'000'000;  // maxIndexNum
  int32_t query_messages_max = 32;         // defaultQueryMaxNum

  int64_t file_reserved_hours = 72;         // fileReservedTime
  std::string delete_when = "04";           // deleteWhen
  int32_t disk_used_ratio_max = 75;         // diskMaxUsedSpaceRatio, percent.
  double disk_warning_ratio = 0.90;         // diskSpaceWarningLevelRatio
  double disk_clean_forcibly_ratio = 0.85;  // diskSpaceCleanForciblyRatio
  int64_t clean_interval_ms = 10'000;       // cleanResourceInterval
  int64_t log_delete_interval_ms = 100;     // deleteCommitLogFilesInterval
  int32_t delete_files_max = 10;            // deleteFileBatchMax, a round.
  bool clean_forcibly = true;               // cleanFileForciblyEnable

  // messageDelayLevel: what each level of SCHEDULE_TOPIC_XXXX waits, first level first.
  std::vector<int64_t> delay_levels_ms = {
      1'000,   5'000,   10'000,  30'000,  60'000,  120'000,   180'000,   240'000,   300'000,
      360'000, 420'000, 480'000, 540'000, 600'000, 1'200'000, 1'800'000, 3'600'000, 7'200'000};

  // Ours: not in Java.
  int64_t tail_bytes_min = int64_t{4} << 20;   // Newest part of the log kept in memory when idle,
  int64_t tail_bytes_max = int64_t{16} << 20;  // and under load.
  int32_t queue_files_open_max = 1'024;
};

}  // namespace agena::storage
