#include "storage/option_rows.h"

#include <charconv>

#include "base/text.h"
#include "storage/options.h"

namespace agena::storage {
namespace {

constexpr std::string_view kFlushModes[] = {"ASYNC_FLUSH", "SYNC_FLUSH"};  // As FlushMode.

Status check_log_dir(std::string_view value) {
  if (value.find(',') == value.npos) return ok();
  return Error{Errc::bad_config, "several directories are not served yet"};
}

Status check_hours(std::string_view value) {
  for (std::string_view part : text::split(value, ';')) {
    int hour = -1;
    auto [end, failed] = std::from_chars(part.data(), part.data() + part.size(), hour);
    bool is_hour = failed == std::errc() && end == part.data() + part.size() && hour >= 0 &&
                   hour <= 23 && part.size() <= 2;
    if (!is_hour) return Error{Errc::bad_config, "it must be hours such as 04 or 04;16"};
  }
  return ok();
}

using O = StoreOptions;

void add_layout(std::vector<OptionRow>& rows) {
  rows.insert(
      rows.end(),
      {option<&O::root_dir>({.key = "storePathRootDir",
                             .default_text = "~/store",
                             .why = "The store belongs on a disk of its own."}),
       option<&O::log_dir>(
           {.key = "storePathCommitLog",
            .check = check_log_dir,
            .default_text = "the store's directory `commitlog`",
            .why = "The commit log belongs on a faster or larger disk than the rest."}),
       option<&O::log_file_bytes>(
           {.key = "mappedFileSizeCommitLog",
            .min = 4'096,
            .max = std::numeric_limits<int32_t>::max(),
            .unit = "bytes",
            .why = "Small disks want space back in smaller pieces. Never change it for a store "
                   "that exists."}),
       option<&O::queue_file_bytes>(
           {.key = "mappedFileSizeConsumeQueue",
            .min = 20,
            .max = std::numeric_limits<int32_t>::max(),
            .unit = "bytes",
            .why = "Many quiet queues take less room with smaller files; 20 bytes hold one "
                   "message. Never change it for a store that exists."}),
       option<&O::index_enable>(
           {.key = "messageIndexEnable",
            .why = "Nobody looks messages up by key, and the disk is better spent otherwise."}),
       option<&O::index_slots_max>(
           {.key = "maxHashSlotNum",
            .min = 1,
            .max = 500'000'000,
            .why = "Smaller index files for small stores. Never change it for a store that "
                   "exists."}),
       option<&O::index_entries_max>({.key = "maxIndexNum",
                                      .min = 2,
                                      .max = 100'000'000,
                                      .why = "As maxHashSlotNum; about four times its value."}),
       option<&O::delay_levels_ms>(
           {.key = "messageDelayLevel",
            .why = "Consumers' retries or delayed messages need other waiting times."})});
}

void add_flush(std::vector<OptionRow>& rows) {
  rows.insert(
      rows.end(),
      {option<&O::flush_mode>(
           {.key = "flushDiskType",
            .names = kFlushModes,
            .why = "SYNC_FLUSH answers a send only when its message would survive a power "
                   "failure; it costs a flush for each group of messages."}),
       option<&O::log_flush_interval_ms>(
           {.key = "flushIntervalCommitLog",
            .min = 1,
            .max = 3'600'000,
            .unit = "milliseconds",
            .why = "How much of the log a power failure may take in ASYNC_FLUSH."}),
       option<&O::queue_flush_interval_ms>(
           {.key = "flushIntervalConsumeQueue",
            .min = 1,
            .max = 3'600'000,
            .unit = "milliseconds",
            .why = "Recovery rebuilds what was not flushed: rarer flushes, longer recovery."}),
       option<&O::queue_thorough_flush_interval_ms>(
           {.key = "flushConsumeQueueThoroughInterval",
            .min = 1,
            .max = 3'600'000,
            .unit = "milliseconds",
            .why = "How far back recovery starts after a crash."})});
}

void add_reads(std::vector<OptionRow>& rows) {
  constexpr int64_t kBytesMax = int64_t{16} << 20;
  rows.insert(
      rows.end(),
      {option<&O::message_bytes_max>(
           {.key = "maxMessageSize",
            .min = 1,
            .max = 16 << 20,
            .unit = "bytes",
            .why = "Producers send larger bodies; they must be told as well."}),
       option<&O::transfer_count_in_memory_max>(
           {.key = "maxTransferCountOnMessageInMemory",
            .min = 1,
            .max = 100'000,
            .unit = "messages",
            .why = "Consumers of small messages want more in one answer."}),
       option<&O::transfer_bytes_in_memory_max>(
           {.key = "maxTransferBytesOnMessageInMemory",
            .min = 1,
            .max = kBytesMax,
            .unit = "bytes",
            .why = "Consumers want more in one answer and have the memory for it."}),
       option<&O::transfer_count_on_disk_max>(
           {.key = "maxTransferCountOnMessageInDisk",
            .min = 1,
            .max = 100'000,
            .unit = "messages",
            .why = "Readers that lag far behind are to catch up faster, at the cost of others."}),
       option<&O::transfer_bytes_on_disk_max>({.key = "maxTransferBytesOnMessageInDisk",
                                               .min = 1,
                                               .max = kBytesMax,
                                               .unit = "bytes",
                                               .why = "As maxTransferCountOnMessageInDisk."}),
       option<&O::filter_scan_bytes_max>(
           {.key = "maxFilterMessageSize",
            .min = 20,
            .max = 16 << 20,
            .unit = "bytes of queue entries",
            .why = "Consumers whose tag is rare are to find it in fewer round trips."}),
       option<&O::memory_ratio_max>(
           {.key = "accessMessageInMemoryMaxRatio",
            .min = 0,
            .max = 100,
            .unit = "percent of memory",
            .why = "When a reader's lag counts as read from disk, which allows it less."}),
       option<&O::query_messages_max>({.key = "defaultQueryMaxNum",
                                       .min = 1,
                                       .max = 10'000,
                                       .unit = "messages",
                                       .why = "Queries by unique key are to return more."})});
}

void add_retention(std::vector<OptionRow>& rows) {
  rows.insert(
      rows.end(),
      {option<&O::file_reserved_hours>(
           {.key = "fileReservedTime",
            .min = 1,
            .max = 10'000'000,
            .unit = "hours",
            .why = "How long messages can be read again, if the disk allows."}),
       option<&O::delete_when>({.key = "deleteWhen",
                                .check = check_hours,
                                .why = "Old files are to go at a quiet hour of the day."}),
       option<&O::disk_used_ratio_max>(
           {.key = "diskMaxUsedSpaceRatio",
            .min = 10,
            .max = 95,
            .unit = "percent",
            .why = "How full the disk may get before old files go at any hour."}),
       option<&O::disk_clean_forcibly_ratio>(
           {.key = "diskSpaceCleanForciblyRatio",
            .min = 10,
            .max = 99,
            .is_percent = true,
            .why = "How full the disk may get before files go whose time has not come."}),
       option<&O::disk_warning_ratio>(
           {.key = "diskSpaceWarningLevelRatio",
            .min = 10,
            .max = 99,
            .is_percent = true,
            .why = "How full the disk may get before writes are refused."}),
       option<&O::clean_interval_ms>({.key = "cleanResourceInterval",
                                      .min = 100,
                                      .max = 3'600'000,
                                      .unit = "milliseconds",
                                      .why = "How often retention looks at the disk."}),
       option<&O::log_delete_interval_ms>(
           {.key = "deleteCommitLogFilesInterval",
            .min = 0,
            .max = 3'600'000,
            .unit = "milliseconds",
            .why = "Deleting large files in a row stalls the disk."}),
       option<&O::delete_files_max>(
           {.key = "deleteFileBatchMax",
            .min = 1,
            .max = 10'000,
            .unit = "files",
            .why = "How many log files one round may delete, cleanResourceInterval apart."}),
       option<&O::clean_forcibly>(
           {.key = "cleanFileForciblyEnable",
            .why = "A full disk shall refuse messages rather than delete files before "
                   "their time."})});
}

void add_ours(std::vector<OptionRow>& rows) {
  rows.insert(
      rows.end(),
      {option<&O::tail_bytes_min>({.key = "logTailBytesMin",
                                   .min = 1 << 16,
                                   .max = int64_t{16} << 30,
                                   .unit = "bytes",
                                   .origin = Origin::agena,
                                   .why = "How much of the newest log stays in our memory at "
                                          "rest."}),
       option<&O::tail_bytes_max>({.key = "logTailBytesMax",
                                   .min = 1 << 16,
                                   .max = int64_t{64} << 30,
                                   .unit = "bytes",
                                   .origin = Origin::agena,
                                   .why = "How much of it may be in memory under load."}),
       option<&O::queue_files_open_max>(
           {.key = "queueFilesOpenMax",
            .min = 16,
            .max = 1'000'000,
            .origin = Origin::agena,
            .why = "Many busy queues and a high limit of open files."})});
}

}  // namespace

std::vector<OptionRow> store_rows() {
  std::vector<OptionRow> rows;
  add_layout(rows);
  add_flush(rows);
  add_reads(rows);
  add_retention(rows);
  add_ours(rows);
  return rows;
}

}  // namespace agena::storage
