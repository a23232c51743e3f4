#pragma once

#include <cstdint>
#include <functional>

namespace palimpsest {

/// How a backend spreads independent pieces of one op over threads; passed in, never global.
/// Ops choose their pieces from shapes alone, so that results do not depend on the number of threads.
class Parallel {
 public:
  virtual ~Parallel() = default;

  virtual int thread_count() const = 0;

  /// Calls task(i) once for each i in [0, task_count), in any order; returns when all are done.
  /// An exception thrown by a task is rethrown here. Not reentrant.
  virtual void run(std::int64_t task_count, const std::function<void(std::int64_t)>& task) = 0;
};

/// Everything in the calling thread; the page's choice, and the reference of the thread-count tests.
class SerialParallel final : public Parallel {
 public:
  int thread_count() const override { return 1; }
  void run(std::int64_t task_count, const std::function<void(std::int64_t)>& task) override {
    for (std::int64_t i = 0; i < task_count; ++i) task(i);
  }
};

}  // namespace palimpsest
