#include "native/server/exchange_link.h"

#include <utility>

namespace palimpsest {
namespace {

constexpr std::size_t kPictureEventBytes = std::size_t{64} << 10;

class LinkedStream : public SseStream {
 public:
  explicit LinkedStream(std::shared_ptr<ExchangeLink> link) : link_(std::move(link)) {}
  ~LinkedStream() override { LinkedStream::close(); }

  bool send(const SseEvent& event) override {
    std::string bytes = encode_sse(event);
    const std::lock_guard lock(link_->mutex);
    if (!link_->is_open || link_->owner == nullptr) return false;
    if (!link_->push(std::move(bytes))) {
      link_->is_open = false;
      link_->owner->post_drop();
      return false;
    }
    flush();
    return true;
  }

  bool is_congested() const override {
    const std::lock_guard lock(link_->mutex);
    return link_->is_writing || !link_->events.empty();
  }

  void close() override {
    const std::lock_guard lock(link_->mutex);
    const bool was_open = std::exchange(link_->is_open, false);
    if (was_open && link_->owner != nullptr) flush();
  }

 private:
  void flush() {
    if (!std::exchange(link_->is_flushing, true)) link_->owner->post_events();
  }

  std::shared_ptr<ExchangeLink> link_;
};

class LinkedExchange : public Exchange {
 public:
  explicit LinkedExchange(std::shared_ptr<ExchangeLink> link) : link_(std::move(link)) {}
  ~LinkedExchange() override {
    HttpResponse response =
        error_response({std::string(codes::kInternal), "The request was given up inside the server", "", 500});
    response.log_note = "the route let go of the request without an answer";
    LinkedExchange::respond(std::move(response));
  }

  const HttpRequest& request() const override { return link_->request; }

  bool respond(HttpResponse response) override {
    const std::lock_guard lock(link_->mutex);
    if (std::exchange(link_->is_answered, true)) return false;
    if (link_->owner != nullptr) link_->owner->post_response(std::move(response));
    return true;
  }

  std::shared_ptr<SseStream> start_events(AtShutdown at_shutdown, Headers headers) override {
    const std::lock_guard lock(link_->mutex);
    if (std::exchange(link_->is_answered, true)) return nullptr;
    if (link_->owner != nullptr && !link_->owner->reserve_stream()) {
      link_->owner->post_response(error_response(
          {"too_many_streams", "The server has too many open event streams; try again soon", "", 503}, 5));
      return nullptr;
    }
    link_->at_shutdown = at_shutdown;
    link_->is_open = link_->owner != nullptr && !link_->has_left;
    if (link_->owner != nullptr) link_->owner->post_stream(std::move(headers));
    return std::make_shared<LinkedStream>(link_);
  }

  void on_disconnect(std::function<void()> callback) override {
    {
      const std::lock_guard lock(link_->mutex);
      if (!link_->has_left) {
        if (link_->owner != nullptr) link_->on_disconnect.push_back(std::move(callback));
        return;
      }
    }
    callback();
  }

 private:
  std::shared_ptr<ExchangeLink> link_;
};

}  // namespace

bool ExchangeLink::push(std::string event) {
  const bool is_picture = event.size() > kPictureEventBytes;
  std::size_t& waiting = is_picture ? waiting_picture_bytes : waiting_event_bytes;
  const std::size_t limit = is_picture ? limits.max_waiting_picture_bytes : limits.max_waiting_event_bytes;
  if (waiting + event.size() > limit) return false;
  waiting += event.size();
  events.push_back(std::move(event));
  return true;
}

std::string ExchangeLink::pop() {
  std::string together;
  while (!events.empty() && (together.empty() || together.size() + events.front().size() <= kPictureEventBytes)) {
    const std::size_t size = events.front().size();
    (size > kPictureEventBytes ? waiting_picture_bytes : waiting_event_bytes) -= size;
    together = together.empty() ? std::move(events.front()) : together + events.front();
    events.pop_front();
  }
  return together;
}

void client_left(ExchangeLink& link) {
  std::vector<std::function<void()>> callbacks;
  {
    const std::lock_guard lock(link.mutex);
    link.has_left = true;
    link.is_open = false;
    callbacks.swap(link.on_disconnect);
  }
  for (const auto& callback : callbacks) callback();
}

void detach(ExchangeLink& link) {
  std::vector<std::function<void()>> dropped;  // destroyed without the lock: they may hold the exchange
  const std::lock_guard lock(link.mutex);
  link.owner = nullptr;
  link.is_open = false;
  link.events.clear();
  dropped.swap(link.on_disconnect);
}

ExchangePtr make_exchange(std::shared_ptr<ExchangeLink> link) {
  return std::make_shared<LinkedExchange>(std::move(link));
}

}  // namespace palimpsest
