#include "native/server/auth.h"

#include <algorithm>

#include "native/storage/random_id.h"
#include "shared/base/sha256.h"

namespace palimpsest {
namespace {

constexpr std::chrono::minutes kPairingTime{10};
constexpr std::size_t kMinKeyCharacters = 16;

// `host:port` in lower case, taken apart.
struct Authority {
  std::string host;  // IPv6 in its brackets
  std::string port;  // empty: not written
};

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<Authority> parse_authority(const std::string& text) {
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.find(':', bracket == std::string::npos ? 0 : bracket);
  Authority result{lower_case(text.substr(0, colon)), ""};
  if (colon != std::string::npos) {
    result.port = text.substr(colon + 1);
    if (!is_port(result.port)) return std::nullopt;
  }
  const bool is_ipv6 = bracket != std::string::npos;
  const std::string_view name = is_ipv6 ? std::string_view(result.host).substr(1) : std::string_view(result.host);
  const std::string_view allowed = is_ipv6 ? "0123456789abcdef:.]" : "abcdefghijklmnopqrstuvwxyz0123456789-._";
  if (name.empty() || name.find_first_not_of(allowed) != std::string_view::npos) return std::nullopt;
  if (is_ipv6 && (result.host.front() != '[' || result.host.find(']') != result.host.size() - 1)) return std::nullopt;
  return result;
}

bool is_ipv4(const std::string& host) {
  return host.find_first_not_of("0123456789.") == std::string::npos && std::count(host.begin(), host.end(), '.') == 3;
}

// An address as it stands in Host.
std::string in_brackets(const std::string& address) {
  return address.find(':') != std::string::npos && address.front() != '[' ? "[" + address + "]" : address;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "[::1]" || (is_ipv4(host) && host.rfind("127.", 0) == 0);
}

bool is_wildcard(const std::string& host) {
  return host == "0.0.0.0" || host == "[::]";
}

// An origin's scheme with "://" and its authority without the scheme's own port; other schemes, paths and users: none.
std::optional<std::pair<std::string, std::string>> parse_origin(const std::string& text) {
  for (const auto& [scheme, port] : {std::pair<std::string, std::string>("http://", "80"), {"https://", "443"}}) {
    if (text.rfind(scheme, 0) != 0) continue;
    const std::optional<Authority> authority = parse_authority(text.substr(scheme.size()));
    if (!authority) return std::nullopt;
    const bool is_default = authority->port.empty() || authority->port == port;
    return std::pair(scheme, is_default ? authority->host : authority->host + ":" + authority->port);
  }
  return std::nullopt;
}

Error bad_option(const char* option, std::string message) {
  return {std::string(codes::kInvalidValue), std::move(message), option};
}

// Takes the same time wherever two digests differ.
bool same_digest(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  }
  return difference == 0;
}

// What stands behind "Bearer "; absent for other schemes.
std::optional<std::string> bearer(const HttpRequest& request) {
  constexpr std::string_view kScheme = "bearer ";
  const std::string* field = request.headers.find("authorization");
  if (field == nullptr || !equal_ignoring_case(field->substr(0, kScheme.size()), kScheme)) return std::nullopt;
  const std::size_t begin = field->find_first_not_of(' ', kScheme.size());
  return begin == std::string::npos ? std::nullopt : std::optional(field->substr(begin));
}

bool header_is(const HttpRequest& request, std::string_view name, std::string_view value) {
  const std::string* field = request.headers.find(name);
  return field != nullptr && equal_ignoring_case(*field, value);
}

Access refused(Error error) {
  Access access;
  access.refusal = std::move(error);
  return access;
}

Error foreign_origin(const std::string& who) {
  return {"origin_not_allowed", who + " may not use this server; its operator can allow a page with --allow-origin", "",
          403};
}

}  // namespace

Result<std::unique_ptr<AccessPolicy>> AccessPolicy::create(AccessOptions options) {
  std::unique_ptr<AccessPolicy> policy(new AccessPolicy(std::move(options)));
  if (auto error = policy->read_options()) return *error;
  return policy;
}

std::optional<Error> AccessPolicy::read_options() {
  for (const std::string& key : options_.api_keys) {
    if (key.size() < kMinKeyCharacters || !is_header_value(key) || key.find(' ') != std::string::npos) {
      return bad_option("--api-key", "A key must have at least 16 characters and no spaces");
    }
    key_digests_.push_back(sha256_hex(key));
  }
  options_.api_keys.clear();
  for (std::string& host : options_.bind_hosts) {
    host = lower_case(in_brackets(host));
    if (key_digests_.empty() && !is_loopback(host)) {
      return bad_option("--host", "Others can reach " + host + ": this needs --api-key");
    }
  }
  for (std::string& host : options_.allowed_hosts) {
    host = lower_case(host);
    if (!parse_authority(host)) return bad_option("--allow-host", host + " is not a host name");
  }
  for (const std::string& text : options_.allowed_origins) {
    const std::size_t star = text.find("://*.");
    const bool is_pattern = star != std::string::npos;
    const auto origin = parse_origin(is_pattern ? text.substr(0, star + 3) + text.substr(star + 5) : text);
    const bool is_too_wide = is_pattern && origin && origin->second.find('.') == std::string::npos;
    if (!origin || is_too_wide) {
      return bad_option("--allow-origin", "An origin must look like https://page.example or https://*.page.example");
    }
    listed_origins_.push_back({origin->first, (is_pattern ? "." : "") + origin->second});
  }
  return std::nullopt;
}

bool AccessPolicy::is_allowed_host(const std::string& text) const {
  const std::optional<Authority> host = parse_authority(text);
  if (!host) return false;
  const std::string port = host->port.empty() ? "80" : host->port;
  const auto& binds = options_.bind_hosts;
  const bool is_ours = std::any_of(binds.begin(), binds.end(), [&](const std::string& bind) {
    // Only names can be made to point here by others; an address in Host was typed in.
    return host->host == bind || (is_wildcard(bind) && (is_ipv4(host->host) || host->host.front() == '['));
  });
  if ((is_ours || is_loopback(host->host)) && port == std::to_string(options_.port)) return true;
  return std::any_of(options_.allowed_hosts.begin(), options_.allowed_hosts.end(), [&](const std::string& allowed) {
    return allowed == host->host || allowed == host->host + ":" + port;
  });
}

bool AccessPolicy::is_listed_origin(const std::string& scheme, const std::string& authority) const {
  return std::any_of(listed_origins_.begin(), listed_origins_.end(), [&](const ListedOrigin& listed) {
    if (listed.scheme != scheme) return false;
    if (listed.host.front() != '.') return listed.host == authority;
    return authority.size() > listed.host.size() && authority.ends_with(listed.host);
  });
}

Access AccessPolicy::check_origin(const HttpRequest& request) const {
  const std::string* host = request.headers.find("host");
  if (host == nullptr || request.headers.count("host") != 1) {
    return refused({"malformed_request", "A request needs one header host"});
  }
  if (!is_allowed_host(*host)) {
    return refused(
        {"host_not_allowed", "This server does not go by the name in the header host; see --allow-host", "", 421});
  }
  if (const std::string* origin = request.headers.find("origin")) return check_page(request, *origin);
  Access access;
  if (!header_is(request, "sec-fetch-site", "cross-site")) return access;
  if (!request.is_safe()) return refused(foreign_origin("A page of another site"));
  access.is_foreign = !header_is(request, "sec-fetch-mode", "navigate");
  return access;
}

Access AccessPolicy::check_page(const HttpRequest& request, const std::string& origin) const {
  const auto parsed = parse_origin(origin);
  if (!parsed || request.headers.count("origin") != 1) return refused(foreign_origin("A page without an origin"));
  const auto& [scheme, authority] = *parsed;
  const auto own = parse_origin(scheme + *request.headers.find("host"));
  Access access;
  access.cors_origin = origin;
  if (own && own->second == authority) return access;
  if (!options_.strict_origin && is_loopback(parse_authority(authority)->host)) return access;
  access.is_foreign = true;
  if (is_listed_origin(scheme, authority)) return access;
  return refused(foreign_origin("The page of " + origin));
}

bool AccessPolicy::is_valid_key(const std::string& digest) const {
  const std::lock_guard lock(mutex_);
  bool found = false;
  for (const auto* digests : {&key_digests_, &session_digests_}) {
    for (const std::string& known : *digests) found |= same_digest(known, digest);
  }
  return found;
}

std::optional<Error> AccessPolicy::check_key(HttpRequest& request, const Access& access, RouteAccess route) const {
  request.client = "address:" + request.remote_address;
  const std::optional<std::string> key = bearer(request);
  const std::string digest = key ? sha256_hex(*key) : "";
  if (key && is_valid_key(digest)) {
    request.client = "key:" + digest.substr(0, 16);
    return std::nullopt;
  }
  const bool has_keys = !key_digests_.empty();
  const bool is_needed = route == RouteAccess::keyed && (has_keys || access.is_foreign);
  if (key && (is_needed || (has_keys && route == RouteAccess::open))) {
    return Error{"invalid_api_key", "The API key is not valid", "", 401};
  }
  if (is_needed) return Error{"missing_api_key", "This needs an API key: Authorization: Bearer KEY", "", 401};
  return std::nullopt;
}

std::string AccessPolicy::new_pairing_token() {
  const std::string token = random_id();
  const std::lock_guard lock(mutex_);
  pairing_[sha256_hex(token)] = Clock::now() + kPairingTime;
  return token;
}

Result<std::string> AccessPolicy::redeem(const std::string& token) {
  const std::lock_guard lock(mutex_);
  // Found by its digest: how long the search takes says nothing about the token.
  const auto found = pairing_.find(sha256_hex(token));
  const bool is_valid = found != pairing_.end() && Clock::now() < found->second;
  if (found != pairing_.end()) pairing_.erase(found);
  if (!is_valid) return Error{"invalid_pairing_token", "The pairing token is unknown, used or too old", "token", 401};
  const std::string key = random_id();
  session_digests_.push_back(sha256_hex(key));
  return key;
}

Headers cors_headers(const Access& access) {
  Headers headers = {{"vary", "Origin"}};
  if (access.cors_origin.empty()) return headers;
  headers.add("access-control-allow-origin", access.cors_origin);
  headers.add("access-control-expose-headers",
              std::string("x-request-id, retry-after, x-should-retry, location, preference-applied, ") +
                  header_names::kProvider + ", " + header_names::kCheckpoint);
  return headers;
}

HttpResponse preflight_response(const std::string& allowed_methods) {
  return {204,
          {{"access-control-allow-methods", allowed_methods},
           {"access-control-allow-headers",
            "authorization, content-type, accept, last-event-id, idempotency-key, prefer, x-client, "
            "openai-organization, openai-project, openai-beta, x-stainless-lang, x-stainless-package-version, "
            "x-stainless-os, x-stainless-arch, x-stainless-runtime, x-stainless-runtime-version, "
            "x-stainless-retry-count, x-stainless-timeout, x-stainless-read-timeout, x-stainless-async, "
            "x-stainless-helper-method, x-stainless-poll-helper, x-stainless-custom-poll-interval"},
           {"access-control-max-age", "600"}}};
}

}  // namespace palimpsest
