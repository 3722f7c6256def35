// Locks and thread contracts that clang checks (-Wthread-safety); gcc sees plain code.
//
// Over:    nothing.  Under: every module that shares state between event loops.
// Use:     `Mutex mutex_; int x_ GUARDED_BY(mutex_);` and `MutexLock lock(mutex_);`.
// Threads: a Mutex is held for nanoseconds to microseconds and never across I/O, unless the
//          owning header says so.
#pragma once
#include <mutex>

#if defined(__clang__)
#define AGENA_TSA(x) __attribute__((x))
#else
#define AGENA_TSA(x)
#endif
#define CAPABILITY(x) AGENA_TSA(capability(x))
#define SCOPED_CAPABILITY AGENA_TSA(scoped_lockable)
#define GUARDED_BY(x) AGENA_TSA(guarded_by(x))
#define PT_GUARDED_BY(x) AGENA_TSA(pt_guarded_by(x))
#define REQUIRES(...) AGENA_TSA(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) AGENA_TSA(locks_excluded(__VA_ARGS__))
#define ACQUIRE(...) AGENA_TSA(acquire_capability(__VA_ARGS__))
#define RELEASE(...) AGENA_TSA(release_capability(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS AGENA_TSA(no_thread_safety_analysis)

namespace agena {

class CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  void lock() ACQUIRE() { mutex_.lock(); }
  void unlock() RELEASE() { mutex_.unlock(); }
  std::mutex& native() { return mutex_; }  // For condition variables only.

 private:
  std::mutex mutex_;
};

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace agena
