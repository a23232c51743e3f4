#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "native/server/exchange.h"
#include "native/server/http_limits.h"
#include "native/server/request_body.h"

namespace palimpsest {

/// What a connection does for an exchange. Every function returns at once and is called with the link locked.
class ExchangeOwner {
 public:
  virtual ~ExchangeOwner() = default;
  virtual void post_response(HttpResponse response) = 0;
  virtual bool reserve_stream() = 0;
  virtual void post_stream(Headers headers) = 0;
  virtual void post_events() = 0;  ///< there are events to write, or the stream is closing
  virtual void post_drop() = 0;    ///< the client reads too slowly
};

/// What a connection and the exchange in a handler's hands share: either may end first.
struct ExchangeLink {
  ExchangeLink(HttpRequest request_in, BodyShare share_in, const HttpLimits& limits_in)
      : request(std::move(request_in)), share(std::move(share_in)), limits(limits_in) {}

  const HttpRequest request;
  const BodyShare share;
  const HttpLimits limits;

  std::mutex mutex;
  // Guarded by mutex:
  ExchangeOwner* owner = nullptr;  // nullptr once the answer is complete or the connection has ended
  bool is_answered = false;
  bool has_left = false;  // the client, before its answer was complete
  std::vector<std::function<void()>> on_disconnect;

  bool is_open = false;      // a stream that takes events
  bool is_writing = false;   // the connection is busy with an event
  bool is_flushing = false;  // post_events was called and has not been followed yet
  std::deque<std::string> events;
  std::size_t waiting_event_bytes = 0, waiting_picture_bytes = 0;
  AtShutdown at_shutdown = AtShutdown::finish;

  /// Queues an event's bytes; false where that breaks a limit. With mutex locked.
  bool push(std::string event);
  /// The next events to write, together; empty where there are none. With mutex locked.
  std::string pop();
};

/// Tells the handler that the client left, once. Without the lock.
void client_left(ExchangeLink& link);
/// Cuts the link: the answer is complete or the connection has ended. Without the lock.
void detach(ExchangeLink& link);

/// The exchange for a handler.
ExchangePtr make_exchange(std::shared_ptr<ExchangeLink> link);

}  // namespace palimpsest
