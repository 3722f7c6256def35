// For tests only: the operating system's files with a disk that fills up or fails when the test
// says so, and a directory that goes away with the test.
//
// Over:    io/posix/.  Under: tests of storage/.
// Threads: any for the files; the switches are atomic.
#pragma once
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "io/posix/posix_files.h"

namespace agena::storage::testing {

class TempDir {
 public:
  TempDir() {
    std::string pattern = std::filesystem::temp_directory_path() / "agena-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

struct Faults {
  std::atomic<int64_t> blocks_left = std::numeric_limits<int64_t>::max();  // Bytes to allocate.
  std::atomic<bool> fail_sync = false;
  std::atomic<bool> fail_write = false;
  std::atomic<int> syncs = 0;
};

class FaultyFile final : public io::File {
 public:
  FaultyFile(std::unique_ptr<io::File> file, Faults& faults)
      : file_(std::move(file)), faults_(faults) {}

  Result<size_t> read_at(MutableBytes into, uint64_t offset) const override {
    return file_->read_at(into, offset);
  }
  Status write_at(Bytes bytes, uint64_t offset) override {
    if (faults_.fail_write) return Error{Errc::io_error, "the test fails writes"};
    return file_->write_at(bytes, offset);
  }
  Status sync() override {
    ++faults_.syncs;
    if (faults_.fail_sync) return Error{Errc::io_error, "the test fails flushes"};
    return file_->sync();
  }
  Status allocate(uint64_t offset, uint64_t length) override {
    if ((faults_.blocks_left -= static_cast<int64_t>(length)) < 0) {
      return Error{Errc::disk_full, "the test's disk is full"};
    }
    return file_->allocate(offset, length);
  }
  Status resize(uint64_t size) override { return file_->resize(size); }
  Result<uint64_t> size() const override { return file_->size(); }
  Result<uint64_t> data_from(uint64_t offset) const override { return file_->data_from(offset); }
  Result<std::unique_ptr<io::Mapping>> map(uint64_t offset, uint64_t length) override {
    return file_->map(offset, length);
  }
  void write_back(uint64_t offset, uint64_t length) override { file_->write_back(offset, length); }

 private:
  std::unique_ptr<io::File> file_;
  Faults& faults_;
};

class FaultyFiles final : public io::Files {
 public:
  explicit FaultyFiles(Faults& faults) : faults_(faults) {}

  Result<std::unique_ptr<io::File>> open(const std::string& path, io::Open mode) override {
    TRY(file, files_.open(path, mode));
    return std::unique_ptr<io::File>(new FaultyFile(std::move(file), faults_));
  }
  Status make_dirs(const std::string& path) override { return files_.make_dirs(path); }
  Result<std::vector<std::string>> list(const std::string& dir) override {
    return files_.list(dir);
  }
  bool exists(const std::string& path) override { return files_.exists(path); }
  bool is_dir(const std::string& path) override { return files_.is_dir(path); }
  Status rename(const std::string& from, const std::string& to) override {
    return files_.rename(from, to);
  }
  Status remove(const std::string& path) override { return files_.remove(path); }
  Status sync_dir(const std::string& path) override { return files_.sync_dir(path); }
  Result<io::Space> space(const std::string& path) override { return files_.space(path); }
  Result<std::unique_ptr<io::FileLock>> lock(const std::string& path) override {
    return files_.lock(path);
  }

 private:
  io::PosixFiles files_;
  Faults& faults_;
};

}  // namespace agena::storage::testing
