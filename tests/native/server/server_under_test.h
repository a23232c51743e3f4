#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "native/server/auth.h"
#include "native/server/http_server.h"
#include "native/server/router.h"
#include "tests/native/checkpoint/temporary_folder.h"
#include "tests/support/http_connection.h"

namespace palimpsest::testing {

/// Waits, ten seconds at most, until something has been counted.
class Counter {
 public:
  void add();
  bool reaches(int count);
  int value();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

/// Short enough for tests, long enough for a busy machine where a test does not wait for them.
HttpLimits patient_limits();

/// A server with one route of each kind:
///   GET /health (open, quick)      GET /v1/models/{id*} (open)       GET /v1/images/{id} (capability)
///   POST /v1/echo (JSON)           POST /v1/form (form or JSON)      POST /v1/touch (no body)
///   GET /v1/wait (answered by release)   GET /v1/events (a stream)   GET /v1/throws   GET /v1/forgets   GET /v1/big
///   GET /v1/bad-header             POST /v1/hold (as wait, with JSON)
class ServerUnderTest {
 public:
  explicit ServerUnderTest(HttpLimits limits = patient_limits(), AccessOptions access = {});
  ~ServerUnderTest();

  std::uint16_t port() const { return server.port(); }
  /// "GET /path HTTP/1.1", Host and further headers, each "name: value\r\n", and a body of the right length.
  std::string request(const std::string& line, const std::string& headers = "", const std::string& body = "") const;
  RawResponse get(const std::string& path, const std::string& headers = "") const;

  /// The exchanges that /v1/wait and /v1/hold keep, and the streams of /v1/events.
  ExchangePtr take_waiting();
  std::shared_ptr<SseStream> take_stream();
  /// Waits until there are `count`: a line is written after its answer.
  std::vector<RequestLog> logs(std::size_t count);

  TemporaryFolder spool;
  Counter arrived, left, streams_left, handled;  // requests to wait and events; their clients that left; bodies
  HttpServer server;
  std::unique_ptr<AccessPolicy> policy;
  Router router;

 private:
  HttpServerOptions options(const HttpLimits& limits);
  void add_routes();
  void add_slow_routes();

  Counter logged_;
  std::mutex mutex_;
  std::vector<ExchangePtr> waiting_;
  std::vector<std::shared_ptr<SseStream>> streams_;
  std::vector<RequestLog> logs_;
};

}  // namespace palimpsest::testing
