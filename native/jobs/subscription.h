#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "native/storage/job_events.h"
#include "shared/image/image.h"

namespace palimpsest {

/// An event on its way to a listener.
struct LiveEvent {
  JobEvent event;
  std::shared_ptr<const Image> preview = {};  ///< of a progress event, where the worker drew one
};

/// Called on the queue's own thread, in the order of sequence numbers; must be short and must not throw.
using EventCallback = std::function<void(const LiveEvent&)>;

/// Who listens to one job.
class Listener {
 public:
  explicit Listener(EventCallback callback) : callback_(std::move(callback)) {}

  void deliver(const LiveEvent& event) {
    const std::lock_guard lock(mutex_);
    if (listening_) callback_(event);
  }

  void silence() {
    const std::lock_guard lock(mutex_);
    listening_ = false;
  }

 private:
  // Recursive, so that a callback may end its own subscription.
  std::recursive_mutex mutex_;
  EventCallback callback_;
  bool listening_ = true;
};

/// Holds a subscription; after its end the callback is not running and is not called again. Ends before the queue does.
class Subscription {
 public:
  Subscription() = default;
  Subscription(std::shared_ptr<Listener> listener, std::function<void()> on_end)
      : listener_(std::move(listener)), on_end_(std::move(on_end)) {}
  Subscription(Subscription&& other) noexcept
      : listener_(std::move(other.listener_)), on_end_(std::exchange(other.on_end_, nullptr)) {}
  Subscription& operator=(Subscription&& other) noexcept {
    end();
    listener_ = std::move(other.listener_);
    on_end_ = std::exchange(other.on_end_, nullptr);
    return *this;
  }
  ~Subscription() { end(); }

 private:
  void end() {
    if (listener_) listener_->silence();
    if (on_end_) std::exchange(on_end_, nullptr)();
    listener_.reset();
  }

  std::shared_ptr<Listener> listener_;
  std::function<void()> on_end_;
};

}  // namespace palimpsest
