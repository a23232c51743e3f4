#include "native/server/router.h"

#include <doctest/doctest.h>

#include "tests/native/server/server_under_test.h"

using namespace palimpsest;
using namespace palimpsest::testing;

TEST_CASE("a route is found under both prefixes and with slashes too many") {
  ServerUnderTest server;
  for (const char* path :
       {"/v1/models/a", "/openai/v1/models/a", "/v1/models/a/", "/v1//models///a", "/v1/models/a?x=1"}) {
    CAPTURE(path);
    CHECK(server.get(path).body == "a");
  }
  for (const char* path : {"/models/a", "/openai/models/a", "/v2/models/a", "/openai/openai/v1/models/a", "/", "/v1",
                           "/v1/models", "/openai/health", "/v1%2Fmodels/a", "/v1/images/a/b"}) {
    CAPTURE(path);
    const RawResponse response = server.get(path);
    CHECK(response.status == 404);
    CHECK(response.header("content-type") == "application/json");
    CHECK(response.body.find("\"code\":\"unknown_url\"") != std::string::npos);
  }
}

TEST_CASE("an id with a slash may come encoded or not") {
  ServerUnderTest server;
  CHECK(server.get("/v1/models/fal%2Fflux.1-kontext-max").body == "fal/flux.1-kontext-max");
  CHECK(server.get("/v1/models/fal/flux.1-kontext-max").body == "fal/flux.1-kontext-max");
  CHECK(server.get("/v1/models/a%252Fb").body == "a%2Fb");  // decoded once
  CHECK(server.get("/v1/images/..%2f..%2fetc%2fpasswd").body == "picture ../../etc/passwd");
}

TEST_CASE("HEAD is answered like GET without the body") {
  ServerUnderTest server;
  HttpConnection connection(server.port());
  connection.send(server.request("HEAD /v1/images/a"));
  const RawResponse head = connection.read_response(true);
  CHECK(head.status == 200);
  CHECK(head.header("content-length") == "9");
  CHECK(head.header("content-type") == "image/png");
  connection.send(server.request("GET /v1/images/a"));
  CHECK(connection.read_response().body == "picture a");
  connection.send(server.request("HEAD /v1/events"));
  CHECK(connection.read_response(true).header("content-type") == "text/event-stream");
  CHECK(connection.is_closed_by_server());
}

TEST_CASE("another method on a known path is told which there are") {
  ServerUnderTest server;
  const RawResponse response = ask(server.port(), server.request("DELETE /v1/models/a"));
  CHECK(response.status == 405);
  CHECK(response.header("allow") == "GET, HEAD, OPTIONS");
  CHECK(response.body.find("method_not_allowed") != std::string::npos);
  CHECK(ask(server.port(), server.request("GET /v1/echo")).header("allow") == "OPTIONS, POST");
  CHECK(ask(server.port(), server.request("HEAD /v1/echo"), true).status == 405);
  CHECK(ask(server.port(), server.request("BREW /v1/echo")).status == 405);
  const RawResponse options = ask(server.port(), server.request("OPTIONS /v1/echo"));
  CHECK(options.status == 204);
  CHECK(options.header("allow") == "OPTIONS, POST");
}

TEST_CASE("a route that takes no body refuses one") {
  ServerUnderTest server;
  CHECK(ask(server.port(), server.request("POST /v1/touch", "Content-Length: 0\r\n")).body == "address:127.0.0.1");
  CHECK(ask(server.port(), server.request("POST /v1/touch", "", "{}")).status == 400);
  CHECK(ask(server.port(), server.request("POST /v1/echo", "Content-Type: application/json; charset=utf-8\r\n", "{}"))
            .status == 200);
}

TEST_CASE("literal segments win over names, for every method of the path") {
  const auto access = AccessPolicy::create({.port = 1}).value_or_throw();
  Router router(*access);
  const Handler handler = [](const ExchangePtr&) {};
  const auto add = [&](const char* method, const char* pattern) {
    Route route;
    route.method = method;
    route.pattern = pattern;
    route.handler = handler;
    router.add(route);
  };
  add("GET", "/v1/images/{id}");
  add("POST", "/v1/images/generations");
  add("GET", "/v1/{rest*}");
  add("DELETE", "/v1/images/{id}");
  const auto admit = [&](const char* method, std::vector<std::string> segments) {
    HttpRequest request;
    request.method = method;
    request.segments = std::move(segments);
    request.headers.add("host", "localhost:1");
    return router.admit(request);
  };
  CHECK(admit("GET", {"v1", "images", "a"}).route == "/v1/images/{id}");
  CHECK(admit("DELETE", {"v1", "images", "a"}).route == "/v1/images/{id}");
  CHECK(admit("POST", {"v1", "images", "generations"}).route == "/v1/images/generations");
  CHECK(admit("GET", {"v1", "images", "generations"}).refusal->status == 405);
  CHECK(admit("GET", {"v1", "images", "a", "b"}).route == "/v1/{rest*}");
  CHECK_THROWS_AS(add("GET", "/v1/images/{id}"), PalimpsestError);
  CHECK_THROWS_AS(add("GET", "/v1/{a*}/b"), PalimpsestError);
  CHECK_THROWS_AS(add("GET", "v1"), PalimpsestError);
}
