#pragma once

#include <functional>
#include <memory>

#include "native/server/http_types.h"
#include "shared/api/sse.h"

namespace palimpsest {

/// A stream of server-sent events to one client. Every function may be called from any thread. The server sends a
/// comment every 15 s, so that a client that left is noticed and proxies keep the connection. Letting go of the last
/// pointer closes it.
class SseStream {
 public:
  virtual ~SseStream() = default;

  /// Queues an event; false where the client has left, was dropped because it reads too slowly, or the stream is
  /// closed.
  virtual bool send(const SseEvent& event) = 0;
  /// Whether earlier events still wait for the client to read them: what may be left out (previews) then should be.
  virtual bool is_congested() const = 0;
  /// Ends the stream after what was sent. Later calls do nothing.
  virtual void close() = 0;
};

/// What a stream does when the server is told to shut down.
enum class AtShutdown {
  finish,  ///< goes on until its time to drain is over: it carries a job's only answer
  close,   ///< ends at once: the client can come back and go on with Last-Event-ID
};

/// One request and the one answer it gets, given to the handler of its route. Every function may be called from any
/// thread. An exchange that is let go of without an answer is answered with 500.
class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual const HttpRequest& request() const = 0;

  /// Answers. False, and nothing is sent, where there was an answer already.
  virtual bool respond(HttpResponse response) = 0;

  /// Answers with a stream of events; nullptr where there was an answer already or, answered with 503, there are too
  /// many streams.
  virtual std::shared_ptr<SseStream> start_events(AtShutdown at_shutdown, Headers headers = {}) = 0;

  /// Has `callback` called once, on a thread of the server, when the client leaves before its answer is complete, or
  /// at once where it has left; dropped when the answer is complete. It must be short and must not throw.
  virtual void on_disconnect(std::function<void()> callback) = 0;
};

using ExchangePtr = std::shared_ptr<Exchange>;

/// Answers now or keeps the exchange and answers later. What it throws becomes an answer: PalimpsestError its error,
/// anything else a 500 that says nothing but the request's id.
using Handler = std::function<void(const ExchangePtr&)>;

}  // namespace palimpsest
