// native/providers: hosted FLUX.1 Kontext behind the same interface: what is said to each provider, how it is said over
// HTTP, who is chosen, and what it costs. The only home of libcurl. Included by native/server and cli; includes jobs,
// storage, imaging, catalog and api. Start with dialect.h (a request as a provider wants it), then provider_run.h (from
// a call to pictures) and provider_router.h (who is asked).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/api/generation_request.h"
#include "shared/base/result.h"
#include "shared/base/stop_token.h"

namespace palimpsest {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

/// One call to another server.
struct HttpCall {
  std::string method = "GET";
  std::string url;
  HttpFields headers = {};
  std::string body = {};
  std::vector<FormField> form = {};  ///< sent as multipart/form-data where not empty
  /// Sent at most once, on a connection of its own: libcurl sends again what a reused connection did not answer.
  bool once = false;
  std::size_t max_bytes = std::size_t{1} << 20;  ///< of the answer's body
  std::chrono::milliseconds first_byte{10'000};  ///< of silence before the answer begins
  std::chrono::milliseconds total{60'000};
};

struct HttpAnswer {
  int status = 0;
  HttpFields headers;  ///< names in lower case
  std::string body;

  /// The first value of that name; empty where there is none.
  std::string header(std::string_view lower_case_name) const;
};

/// How a call ended.
struct HttpOutcome {
  Result<HttpAnswer> answer;
  bool may_have_arrived = true;  ///< false only where nothing of the call can have reached the other side
};

struct HttpClientOptions {
  /// Origins ("https://127.0.0.1:8443") that the operator wrote down: they may be private, unencrypted or on any port.
  std::vector<std::string> trusted_origins = {};
  std::string ca_file = {};               ///< certificates for trusted origins; empty: the system's
  std::vector<std::string> resolve = {};  ///< "host:port:address" instead of asking for names
  std::chrono::milliseconds connect{5'000};
  std::chrono::milliseconds drip_window{10'000};  ///< an answer that brings less than 1 KiB in this time is given up
};

/// Calls other servers, many at a time, on one thread of its own. Never follows redirects, never uses a proxy or a
/// compressed encoding, and connects to public addresses only, whatever a name resolves to.
class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options = {});
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  /// Gives up what is under way.
  ~HttpClient();

  using Done = std::function<void(HttpOutcome)>;
  using CallId = std::uint64_t;

  /// Starts a call and returns at once; `done` is called exactly once, on the client's thread, must be short and must
  /// not throw. Errors: `url_refused`, 502; `upstream_unreachable`, 502; `upstream_timeout`, 504; `upstream_too_large`,
  /// 502; `cancelled`.
  CallId start(HttpCall call, Done done);
  /// Gives a call up; it ends with `cancelled`. Fine where it has ended.
  void cancel(CallId id);

  /// Waits for a call; gives it up soon after `stop` was requested.
  HttpOutcome perform(HttpCall call, const StopToken& stop);

  const std::vector<std::string>& trusted_origins() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace palimpsest
