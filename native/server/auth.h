#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "native/server/http_types.h"
#include "shared/base/result.h"

namespace palimpsest {

struct AccessOptions {
  std::vector<std::string> bind_hosts = {"127.0.0.1", "::1"};  ///< addresses the server listens on
  std::uint16_t port = 0;                                      ///< the port it listens on
  std::vector<std::string> allowed_hosts = {};    ///< further names in Host, `name` (any port) or `name:port`
  std::vector<std::string> allowed_origins = {};  ///< `https://page.example`, `https://*.example`
  std::vector<std::string> api_keys = {};         ///< none: nobody needs one but foreign pages
  bool strict_origin = false;                     ///< pages on other loopback origins are foreign too
};

/// Who may call a route.
enum class RouteAccess {
  open,        ///< everybody whose Host and Origin are right: health, models, pairing
  capability,  ///< whoever knows the link
  keyed,       ///< needs a key where keys are configured or the page is foreign
};

/// What the policy says of one request.
struct Access {
  std::optional<Error> refusal;
  std::string cors_origin;  ///< the matched origin, to be echoed; empty: none
  bool is_foreign = false;  ///< the page is neither the server's own nor on this machine
};

/// Who may call: Host against DNS rebinding, Origin and Sec-Fetch-Site against other web pages, keys against everybody
/// else. Safe to use from several threads.
class AccessPolicy {
 public:
  /// Errors: `invalid_value` naming the option: an origin or host that is none, a wildcard for everybody, a key of
  /// fewer than 16 characters, or a bind that others can reach without any key.
  static Result<std::unique_ptr<AccessPolicy>> create(AccessOptions options);

  /// Whether Host and Origin are right: 400 for a missing or repeated field, 421 `host_not_allowed`, 403
  /// `origin_not_allowed`. For every request, before anything else.
  Access check_origin(const HttpRequest& request) const;

  /// Whether the key is right where the route needs one: 401 `missing_api_key` or `invalid_api_key`. Sets
  /// request.client. A wrong key is refused on open routes too, where keys are configured: clients test theirs so.
  std::optional<Error> check_key(HttpRequest& request, const Access& access, RouteAccess route) const;

  /// A token that can be swapped once, within ten minutes, for a session key.
  std::string new_pairing_token();
  /// The session key, valid until the process ends. Errors: 401 `invalid_pairing_token`.
  Result<std::string> redeem(const std::string& token);

 private:
  using Clock = std::chrono::steady_clock;
  struct ListedOrigin {
    std::string scheme;  // "https://"
    std::string host;    // with its port; ".example.org" where it stands for all names below
  };

  explicit AccessPolicy(AccessOptions options) : options_(std::move(options)) {}

  std::optional<Error> read_options();
  bool is_allowed_host(const std::string& host) const;
  bool is_listed_origin(const std::string& scheme, const std::string& authority) const;
  bool is_valid_key(const std::string& digest) const;
  Access check_page(const HttpRequest& request, const std::string& origin) const;

  AccessOptions options_;
  std::vector<ListedOrigin> listed_origins_;
  std::vector<std::string> key_digests_;
  mutable std::mutex mutex_;
  std::map<std::string, Clock::time_point> pairing_;  // digest of a token -> until when
  std::vector<std::string> session_digests_;
};

/// Headers that answers to a page on `access.cors_origin` need; `vary: Origin` always.
Headers cors_headers(const Access& access);
/// The answer to a preflight for the methods that the path has.
HttpResponse preflight_response(const std::string& allowed_methods);

}  // namespace palimpsest
