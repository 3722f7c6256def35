// For tests only: a clock, a loop, a connection and files that live in memory and move when the
// test says so.
//
// Over:    io/.  Under: tests of rpc/, namesrv/ and broker/.
// Threads: one, the test's. A MemoryLoop counts every thread as its own.
// Use:     MemoryStream shows what was sent in out(); run() runs what was posted; fire() runs each
//          timer once, whatever its period.
#pragma once
#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/clock.h"
#include "io/files.h"
#include "io/loop.h"

namespace agena::io::testing {

class MemoryClock final : public Clock {
 public:
  MonoNanos mono() const override { return mono_now; }
  UnixMillis wall() const override { return wall_now; }
  void advance_ms(int64_t ms) {
    mono_now += ms * kNanosPerMilli;
    wall_now += ms;
  }
  MonoNanos mono_now{kNanosPerSecond};
  UnixMillis wall_now{1'700'000'000'000};
};

class MemoryStream final : public Stream {
 public:
  explicit MemoryStream(Address peer = {"127.0.0.1", 50000}) : peer_(std::move(peer)) {}

  void start(std::shared_ptr<StreamEvents> events) override { events_ = std::move(events); }
  Buffer& out() override { return out_; }
  size_t unsent() const override { return unsent_bytes; }
  void pause_reading() override {}
  void resume_reading() override {}
  void close_after_send() override { is_closed = true; }
  void close() override { is_closed = true; }
  const Address& peer() const override { return peer_; }
  const Address& local() const override { return local_; }

  // What a socket would do.
  void receive(Bytes bytes) { events_->on_data(bytes); }
  void end() {
    const auto events = std::move(events_);
    events->on_closed({Errc::unreachable, "the test ended the connection"});
  }

  bool is_closed = false;
  size_t unsent_bytes = 0;  // A socket takes everything, unless a test says otherwise.

 private:
  Address peer_;
  Address local_{"127.0.0.1", 9876};
  Buffer out_;
  std::shared_ptr<StreamEvents> events_;
};

class MemoryLoop final : public Loop {
 public:
  void post(Task task) override { tasks_.push_back(std::move(task)); }
  bool on_this_thread() const override { return true; }
  std::unique_ptr<Timer> after(int64_t, Task task) override { return add_timer(std::move(task)); }
  std::unique_ptr<Timer> every(int64_t, Task task) override { return add_timer(std::move(task)); }
  void at_turn_end(Task hook) override { hooks_.push_back(std::move(hook)); }
  Result<std::unique_ptr<Listener>> listen(const std::string&, uint16_t, std::vector<Loop*>,
                                           OnAccept) override {
    return Error{Errc::io_error, "memory has no ports"};
  }
  // Succeeds; the stream is kept in `made`, by address.
  void connect(const std::string& host, uint16_t port, int64_t, OnConnect on_connect) override {
    Address address{host, port};
    auto stream = std::make_shared<MemoryStream>(address);
    made[address.text()] = stream;
    post([stream, on_connect = std::move(on_connect)] {
      on_connect(std::shared_ptr<Stream>(stream));
    });
  }

  void run() {
    while (!tasks_.empty()) {
      const Task task = std::move(tasks_.front());
      tasks_.pop_front();
      task();
      for (const Task& hook : hooks_) hook();
    }
  }
  void fire() {
    const auto timers = timers_;
    for (const auto& timer : timers) {
      if (const auto task = timer.lock()) (*task)();
    }
    run();
  }

  std::map<std::string, std::shared_ptr<MemoryStream>> made;

 private:
  struct MemoryTimer final : Timer {
    explicit MemoryTimer(std::shared_ptr<Task> t) : task(std::move(t)) {}
    std::shared_ptr<Task> task;
  };
  std::unique_ptr<Timer> add_timer(Task task) {
    auto shared = std::make_shared<Task>(std::move(task));
    timers_.push_back(shared);
    return std::make_unique<MemoryTimer>(std::move(shared));
  }

  std::deque<Task> tasks_;
  std::vector<Task> hooks_;
  std::vector<std::weak_ptr<Task>> timers_;
};

// Files without directories: any path can be made. With `refuse_writes` set, every write and every
// rename fails.
class MemoryFiles final : public Files {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, Open mode) override {
    auto found = texts.find(path);
    if (found == texts.end()) {
      if (mode != Open::create) return Error{Errc::not_found, path};
      found = texts.emplace(path, std::string()).first;
    }
    return std::unique_ptr<File>(new MemoryFile(found->second, *this));
  }
  Status make_dirs(const std::string&) override { return ok(); }
  Result<std::vector<std::string>> list(const std::string& dir) override {
    std::vector<std::string> names;
    for (const auto& [path, text] : texts) {
      if (path.starts_with(dir + "/")) names.push_back(path.substr(dir.size() + 1));
    }
    return names;
  }
  bool exists(const std::string& path) override { return texts.count(path) > 0; }
  bool is_dir(const std::string&) override { return false; }
  Status rename(const std::string& from, const std::string& to) override {
    if (refuse_writes) return Error{Errc::io_error, "refused by the test"};
    auto moved = texts.extract(from);
    if (moved.empty()) return Error{Errc::not_found, from};
    texts[to] = std::move(moved.mapped());
    return ok();
  }
  Status remove(const std::string& path) override {
    return texts.erase(path) > 0 ? ok() : Status(Error{Errc::not_found, path});
  }
  Status sync_dir(const std::string&) override { return ok(); }
  Result<Space> space(const std::string&) override { return Space{1 << 30, 1 << 30, 0}; }
  Result<std::unique_ptr<FileLock>> lock(const std::string&) override {
    return std::make_unique<FileLock>();
  }

  std::map<std::string, std::string> texts;
  bool refuse_writes = false;

 private:
  class MemoryFile final : public File {
   public:
    MemoryFile(std::string& text, const MemoryFiles& files) : text_(text), files_(files) {}
    Result<size_t> read_at(MutableBytes into, uint64_t offset) const override {
      if (offset >= text_.size()) return size_t{0};
      const size_t count = std::min(into.size(), text_.size() - offset);
      std::copy_n(text_.data() + offset, count, reinterpret_cast<char*>(into.data()));
      return count;
    }
    Status write_at(Bytes bytes, uint64_t offset) override {
      if (files_.refuse_writes) return Error{Errc::io_error, "refused by the test"};
      if (text_.size() < offset + bytes.size()) text_.resize(offset + bytes.size());
      text_.replace(offset, bytes.size(), as_text(bytes));
      return ok();
    }
    Status sync() override { return ok(); }
    Status allocate(uint64_t, uint64_t) override { return ok(); }
    Status resize(uint64_t size) override {
      text_.resize(size);
      return ok();
    }
    Result<uint64_t> size() const override { return uint64_t{text_.size()}; }
    Result<std::unique_ptr<Mapping>> map(uint64_t, uint64_t) override {
      return Error{Errc::io_error, "memory files are not mapped"};
    }
    void write_back(uint64_t, uint64_t) override {}

   private:
    std::string& text_;
    const MemoryFiles& files_;
  };
};

}  // namespace agena::io::testing
