#include "native/server/auth.h"

#include <doctest/doctest.h>

#include "tests/native/server/server_under_test.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

const std::string kKey = "a-key-of-16-or-more";

HttpRequest request(const std::string& method, Headers headers, const std::string& host = "127.0.0.1:7801") {
  HttpRequest result;
  result.method = method;
  result.remote_address = "127.0.0.1";
  result.headers = std::move(headers);
  result.headers.add("Host", host);
  return result;
}

std::unique_ptr<AccessPolicy> policy(AccessOptions options = {}) {
  options.port = 7801;
  return AccessPolicy::create(std::move(options)).value_or_throw();
}

// The status a request gets on a route; 200 where it may pass.
int status(const AccessPolicy& access, HttpRequest request, RouteAccess route = RouteAccess::keyed) {
  const Access page = access.check_origin(request);
  if (page.refusal) return page.refusal->http_status;
  const auto error = access.check_key(request, page, route);
  return error ? error->http_status : 200;
}

int status_of_origin(const AccessPolicy& access, const std::string& origin) {
  return status(access, request("POST", {{"Origin", origin}}));
}

}  // namespace

TEST_CASE("a name that points here from elsewhere is no host of ours") {
  const auto access = policy({.allowed_hosts = {"studio.example", "proxy.example:8443"}});
  for (const char* host : {"127.0.0.1:7801", "localhost:7801", "LOCALHOST:7801", "[::1]:7801", "127.0.0.2:7801",
                           "studio.example", "studio.example:443", "Studio.Example:7801", "proxy.example:8443"}) {
    CAPTURE(host);
    CHECK(status(*access, request("GET", {}, host)) == 200);
  }
  for (const char* host : {"evil.example",
                           "evil.example:7801",
                           "127.0.0.1",
                           "127.0.0.1:80",
                           "localhost",
                           "localhost:7802",
                           "localhost.evil.example:7801",
                           "127.0.0.1.evil.example:7801",
                           "evil-localhost:7801",
                           "localhost.:7801",
                           "",
                           ":7801",
                           "127.0.0.1:7801:7801",
                           "localhost:7801@evil.example",
                           "user@localhost:7801",
                           "[::1",
                           "[::1]x:7801",
                           "::1",
                           "[::1]:",
                           "localhost:",
                           "localhost:+7801",
                           "0.0.0.0:7801",
                           "2130706433:7801",
                           "0x7f.1:7801",
                           "192.168.1.5:7801",
                           "proxy.example",
                           "proxy.example:7801",
                           "x.studio.example",
                           "localhost:7801, evil.example"}) {
    CAPTURE(host);
    CHECK(status(*access, request("GET", {}, host)) == 421);
  }
}

TEST_CASE("a bind that others reach answers to its addresses") {
  const auto wide = policy({.bind_hosts = {"0.0.0.0"}, .api_keys = {kKey}});
  const Headers key = {{"Authorization", "Bearer " + kKey}};
  CHECK(status(*wide, request("GET", key, "192.168.1.5:7801")) == 200);
  CHECK(status(*wide, request("GET", key, "[fe80::1]:7801")) == 200);
  CHECK(status(*wide, request("GET", key, "evil.example:7801")) == 421);
  const auto narrow = policy({.bind_hosts = {"192.168.1.5"}, .api_keys = {kKey}});
  CHECK(status(*narrow, request("GET", key, "192.168.1.5:7801")) == 200);
  CHECK(status(*narrow, request("GET", key, "192.168.1.6:7801")) == 421);
}

TEST_CASE("pages of other sites may not call, whatever their origin looks like") {
  const auto access = policy({.allowed_origins = {"https://page.example", "https://*.docs.example"}});
  for (const char* origin : {"null",
                             "",
                             "https://evil.example",
                             "http://page.example",
                             "https://page.example:8443",
                             "https://page.example.evil.example",
                             "https://evilpage.example",
                             "https://page.example/",
                             "https://page.example@evil.example",
                             "https://docs.example",
                             "https://evildocs.example",
                             "http://a.docs.example",
                             "file://",
                             "chrome-extension://abc",
                             "moz-extension://abc",
                             "https://localhost.evil.example",
                             "http://127.0.0.1.evil.example",
                             "http://127.0.0.1:7801.evil.example",
                             "http://localhost:7801, https://evil.example",
                             "http://192.168.1.5:7801",
                             "ftp://localhost",
                             "http://[::2]",
                             "HTTP://LOCALHOST:7801 ",
                             "http://",
                             "*"}) {
    CAPTURE(origin);
    CHECK(status_of_origin(*access, origin) == 403);
    CHECK(status(*access, request("GET", {{"Origin", origin}}), RouteAccess::open) == 403);
  }
}

TEST_CASE("the server's own page and pages on this machine need no key, unless strict") {
  for (const bool strict : {false, true}) {
    const auto access = policy({.strict_origin = strict});
    CHECK(status_of_origin(*access, "http://127.0.0.1:7801") == 200);
    CHECK(status_of_origin(*access, "http://localhost:3000") == (strict ? 403 : 200));
    CHECK(status_of_origin(*access, "https://localhost") == (strict ? 403 : 200));
    CHECK(status_of_origin(*access, "http://[::1]:5173") == (strict ? 403 : 200));
    CHECK(status_of_origin(*access, "http://localhost:7801") == (strict ? 403 : 200));  // Host says 127.0.0.1
    CHECK(status(*access, request("POST", {{"Origin", "http://localhost:7801"}}, "localhost:7801")) == 200);
    CHECK(status(*access, request("POST", {})) == 200);
    CHECK(status(*access, request("POST", {{"Authorization", "Bearer sk-anything"}})) == 200);
  }
}

TEST_CASE("a listed page reads what is open and needs a key or pairing for the rest") {
  const auto access = policy({.allowed_origins = {"https://page.example", "https://*.docs.example"}});
  for (const char* origin :
       {"https://page.example", "https://page.example:443", "https://a.docs.example", "https://a.b.docs.example"}) {
    CAPTURE(origin);
    CHECK(status(*access, request("GET", {{"Origin", origin}}), RouteAccess::open) == 200);
    CHECK(status_of_origin(*access, origin) == 401);
    CHECK(status(*access, request("POST", {{"Origin", origin}, {"Authorization", "Bearer wrong"}})) == 401);
    const Result<std::string> key = access->redeem(access->new_pairing_token());
    REQUIRE(key);
    CHECK(status(*access, request("POST", {{"Origin", origin}, {"Authorization", "Bearer " + *key}})) == 200);
  }
}

TEST_CASE("a request without an origin that a browser calls cross-site changes nothing") {
  const auto access = policy();
  const Headers cross = {{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "no-cors"}};
  const Headers navigation = {{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "navigate"}};
  for (const char* method : {"POST", "DELETE", "PUT", "PATCH"}) {
    CHECK(status(*access, request(method, cross)) == 403);
    CHECK(status(*access, request(method, navigation)) == 403);
  }
  CHECK(status(*access, request("GET", navigation)) == 200);
  CHECK(status(*access, request("GET", cross), RouteAccess::capability) == 200);  // <img> of a hosted page
  CHECK(status(*access, request("GET", cross)) == 401);                           // nobody's jobs or gallery
  CHECK(status(*access, request("GET", {{"Sec-Fetch-Site", "none"}})) == 200);
  CHECK(status(*access, request("POST", {{"Sec-Fetch-Site", "same-origin"}})) == 200);
}

TEST_CASE("where keys are configured each keyed route asks for one") {
  const auto access = policy({.api_keys = {kKey, kKey + "-of-another"}});
  const auto with = [](const std::string& value) { return request("GET", {{"Authorization", value}}); };
  CHECK(status(*access, request("GET", {})) == 401);
  CHECK(status(*access, request("GET", {}), RouteAccess::open) == 200);
  CHECK(status(*access, request("GET", {}), RouteAccess::capability) == 200);
  for (const std::string& good : {"Bearer " + kKey, "bearer  " + kKey, "Bearer " + kKey + "-of-another"}) {
    CHECK(status(*access, with(good)) == 200);
  }
  for (const std::string& bad : {std::string("Bearer "), "Bearer " + kKey + "x", "Bearer " + kKey.substr(1), kKey,
                                 "Basic " + kKey, "Bearer" + kKey}) {
    CAPTURE(bad);
    CHECK(status(*access, with(bad)) == 401);
  }
  CHECK(status(*access, with("Bearer wrong"), RouteAccess::open) == 401);
  CHECK(status(*access, with("Bearer wrong"), RouteAccess::capability) == 200);
}

TEST_CASE("who calls is told apart by key, else by address") {
  const auto access = policy({.api_keys = {kKey, kKey + "2"}});
  std::vector<std::string> clients;
  for (const std::string& key : {kKey, kKey + "2", std::string()}) {
    HttpRequest one = request("GET", key.empty() ? Headers() : Headers{{"Authorization", "Bearer " + key}});
    access->check_key(one, {}, RouteAccess::open);
    CHECK(one.client.find(kKey) == std::string::npos);
    clients.push_back(one.client);
  }
  CHECK(clients[0] != clients[1]);
  CHECK(clients[2] == "address:127.0.0.1");
}

TEST_CASE("a pairing token works once") {
  const auto access = policy();
  const std::string token = access->new_pairing_token();
  CHECK_FALSE(access->redeem("wrong"));
  CHECK(access->redeem(token));
  CHECK(access->redeem(token).error().http_status == 401);
}

TEST_CASE("options that would open the door are refused by name") {
  const auto option_of = [](AccessOptions options) {
    const auto made = AccessPolicy::create(std::move(options));
    return made ? std::string() : made.error().param;
  };
  CHECK(option_of({.bind_hosts = {"0.0.0.0"}}) == "--host");
  CHECK(option_of({.bind_hosts = {"192.168.1.5"}}) == "--host");
  CHECK(option_of({.bind_hosts = {"::"}}) == "--host");
  CHECK(option_of({.bind_hosts = {"127.0.0.1", "::1", "127.8.8.8"}}) == "");
  CHECK(option_of({.bind_hosts = {"0.0.0.0"}, .api_keys = {kKey}}) == "");
  for (const char* key : {"", "short", "has a space in its middle", "has\na line end in it"}) {
    CHECK(option_of({.api_keys = {key}}) == "--api-key");
  }
  for (const char* origin : {"*", "null", "page.example", "https://*", "https://*.org", "https://page.example/path",
                             "ftp://page.example", "https://*.*.example", "https://a.*.example"}) {
    CAPTURE(origin);
    CHECK(option_of({.allowed_origins = {origin}}) == "--allow-origin");
  }
  for (const char* host : {"", "a b", "https://page.example", "*"})
    CHECK(option_of({.allowed_hosts = {host}}) == "--allow-host");
}

TEST_CASE("attacks of web pages are refused on the wire before any work") {
  ServerUnderTest server(patient_limits(), {.allowed_origins = {"https://page.example"}});
  const std::string foreign = "Origin: https://evil.example\r\n";
  const RawResponse simple =
      ask(server.port(),
          server.request("POST /v1/form", foreign + "Content-Type: multipart/form-data; boundary=b\r\n", "--b--"));
  CHECK(simple.status == 403);
  CHECK(simple.headers.count("access-control-allow-origin") == 0);
  CHECK(simple.body.find("origin_not_allowed") != std::string::npos);
  CHECK(server.logs(1).front().note.find("--allow-origin https://evil.example") != std::string::npos);
  CHECK(ask(server.port(), server.request("POST /v1/echo", "Content-Type: text/plain\r\n", "{}")).status == 415);
  CHECK(ask(server.port(), server.request("POST /v1/touch", "Origin: null\r\n")).status == 403);
  CHECK(ask(server.port(), server.request("OPTIONS /v1/echo", foreign)).status == 403);
  CHECK(ask(server.port(), "GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n").status == 421);
  // Refused while the body has not even been sent.
  HttpConnection upload(server.port());
  upload.send(server.request("POST /v1/form",
                             foreign + "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n"));
  CHECK(upload.read_response().status == 403);
  CHECK(server.handled.value() == 0);
}

TEST_CASE("an allowed page gets its own origin back, never a wildcard or credentials") {
  ServerUnderTest server(patient_limits(), {.allowed_origins = {"https://page.example"}});
  const std::string origin = "Origin: https://page.example\r\n";
  const RawResponse preflight =
      ask(server.port(), server.request("OPTIONS /v1/echo", origin + "Access-Control-Request-Method: POST\r\n"));
  CHECK(preflight.status == 204);
  CHECK(preflight.header("access-control-allow-origin") == "https://page.example");
  CHECK(preflight.header("access-control-allow-methods") == "OPTIONS, POST");
  CHECK(preflight.header("access-control-allow-headers").find("authorization, content-type") == 0);
  CHECK(preflight.header("access-control-max-age") == "600");
  CHECK(preflight.header("vary") == "Origin");
  for (const RawResponse& response :
       {server.get("/health", origin), server.get("/v1/models/a", origin), server.get("/nowhere", origin),
        ask(server.port(), server.request("POST /v1/echo", origin, "{}"))}) {
    CHECK(response.header("access-control-allow-origin") == "https://page.example");
    CHECK(response.header("access-control-expose-headers").find("x-request-id, retry-after") == 0);
    CHECK(response.headers.count("access-control-allow-credentials") == 0);
    CHECK(response.header("vary") == "Origin");
  }
  const RawResponse unkeyed = ask(server.port(), server.request("POST /v1/echo", origin, "{}"));
  CHECK(unkeyed.status == 401);
  CHECK(unkeyed.header("www-authenticate") == "Bearer");
}
