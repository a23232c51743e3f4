#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace palimpsest {

/// A thread that runs what it is given, one after the other: callbacks keep their order and nobody calls them while
/// holding a lock.
class SerialThread {
 public:
  SerialThread() : thread_([this] { loop(); }) {}
  SerialThread(const SerialThread&) = delete;
  SerialThread& operator=(const SerialThread&) = delete;
  /// Runs what was given, and what that gives in turn.
  ~SerialThread();

  /// `task` must not throw.
  void post(std::function<void()> task);

 private:
  void loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::function<void()>> tasks_;  // guarded by mutex_
  bool closing_ = false;                      // guarded by mutex_
  std::thread thread_;                        // last: it uses all of the above
};

}  // namespace palimpsest
