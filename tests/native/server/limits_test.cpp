#include <doctest/doctest.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "tests/native/server/server_under_test.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

using std::chrono::milliseconds;

// A GET request whose head has exactly `size` bytes.
std::string head_of(const ServerUnderTest& server, std::size_t size) {
  const std::string without = server.request("GET /health", "X-Pad: \r\n");
  return server.request("GET /health", "X-Pad: " + std::string(size - without.size(), 'p') + "\r\n");
}

std::string target_of(std::size_t size) {
  const std::string path = "/health?q=";
  return path + std::string(size - path.size(), 'q');
}

std::string chunks(const std::string& body, std::size_t size) {
  std::string text;
  char head[20];
  for (std::size_t at = 0; at < body.size(); at += size) {
    const std::string piece = body.substr(at, size);
    std::snprintf(head, sizeof head, "%zx\r\n", piece.size());
    text += head + piece + "\r\n";
  }
  return text + "0\r\n\r\n";
}

const std::string kChunked = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n";

}  // namespace

TEST_CASE("a head may have 16 KiB and not one byte more") {
  ServerUnderTest server;
  const std::size_t limit = HttpLimits().max_head_bytes;
  for (const std::size_t size : {limit - 1, limit}) CHECK(ask(server.port(), head_of(server, size)).status == 200);
  const RawResponse response = ask(server.port(), head_of(server, limit + 1));
  CHECK(response.status == 431);
  CHECK(response.body.find("16384") != std::string::npos);
}

TEST_CASE("a target may have 8,192 bytes and not one more") {
  ServerUnderTest server;
  for (const std::size_t size : {8191, 8192}) CHECK(server.get(target_of(size)).status == 200);
  CHECK(server.get(target_of(8193)).status == 414);
}

TEST_CASE("a body may have its route's limit and not one byte more, with a length or in chunks") {
  ServerUnderTest server;
  for (const std::size_t size : {4095, 4096, 4097}) {
    const std::string body(size, '1');
    const int expected = size <= 4096 ? 200 : 413;
    CHECK(ask(server.port(), server.request("POST /v1/echo", "", body)).status == expected);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}, size}) {
      const RawResponse response = ask(server.port(), server.request("POST /v1/echo", kChunked) + chunks(body, piece));
      CHECK(response.status == expected);
      if (expected == 200) CHECK(response.body == body);
    }
  }
  CHECK(server.handled.value() == 8);
}

TEST_CASE("a length beyond the limit is refused before the body is sent") {
  ServerUnderTest server;
  HttpConnection connection(server.port());
  connection.send(server.request("POST /v1/echo", "Content-Type: application/json\r\nContent-Length: 4097\r\n"));
  CHECK(connection.read_response().status == 413);
}

TEST_CASE("endless chunks and endless trailers are cut off") {
  ServerUnderTest server;
  HttpConnection endless(server.port());
  endless.send(server.request("POST /v1/echo", kChunked));
  const std::string chunk = "400\r\n" + std::string(1024, 'x') + "\r\n";
  while (endless.send(chunk)) {
  }
  HttpConnection trailers(server.port());
  trailers.send(server.request("POST /v1/echo", kChunked) + "1\r\n1\r\n0\r\n");
  trailers.send("X-Trailer: " + std::string(20000, 't') + "\r\n\r\n");
  CHECK(trailers.read_response().status == 400);
  HttpConnection extension(server.port());
  extension.send(server.request("POST /v1/echo", kChunked) + "1;" + std::string(20000, 'e'));
  CHECK(extension.read_response().status == 400);
}

TEST_CASE("all bodies together may take only so much memory") {
  HttpLimits limits = patient_limits();
  limits.max_bodies_bytes = 3000;
  ServerUnderTest server(limits);
  const std::string body(2000, '1');
  HttpConnection first(server.port());
  first.send(server.request("POST /v1/hold", "", body));
  REQUIRE(server.arrived.reaches(1));
  const RawResponse second = ask(server.port(), server.request("POST /v1/echo", "", body));
  CHECK(second.status == 503);
  CHECK(second.header("retry-after") == "5");
  server.take_waiting()->respond({204});
  CHECK(first.read_response().status == 204);
  int status = 503;
  for (int tries = 0; tries < 500 && status == 503; ++tries) {  // given back just after the answer
    status = ask(server.port(), server.request("POST /v1/echo", "", body)).status;
  }
  CHECK(status == 200);
}

TEST_CASE("a head that trickles in is ended by a time for the whole head") {
  HttpLimits limits = patient_limits();
  limits.head_time = milliseconds(300);
  ServerUnderTest server(limits);
  HttpConnection silent(server.port());
  CHECK(silent.is_closed_by_server());

  HttpConnection slow(server.port());
  slow.send("GET /health HTTP/1.1\r\n");
  bool is_open = true;
  for (int line = 0; is_open && line < 500; ++line) {  // each line would win more time from a server that counts reads
    is_open = slow.send("X-Slow: 1\r\n");
    std::this_thread::sleep_for(milliseconds(20));
  }
  CHECK_FALSE(is_open);
}

TEST_CASE("a head that is half there is answered with 408") {
  HttpLimits limits = patient_limits();
  limits.head_time = milliseconds(200);
  ServerUnderTest server(limits);
  HttpConnection connection(server.port());
  connection.send("GET /health HTTP/1.1\r\n");
  CHECK(connection.read_response().status == 408);
}

TEST_CASE("a body must come at a rate, and in all its time") {
  HttpLimits limits = patient_limits();
  limits.body_grace = milliseconds(200);
  ServerUnderTest slow_server(limits);
  HttpConnection slow(slow_server.port());
  slow.send(slow_server.request("POST /v1/echo", "Content-Type: application/json\r\nContent-Length: 4000\r\n"));
  CHECK(slow.read_response().status == 408);

  limits.min_body_bytes_per_second = 1;
  limits.body_time = milliseconds(300);
  ServerUnderTest hard_server(limits);
  HttpConnection steady(hard_server.port());
  steady.send(hard_server.request("POST /v1/echo", "Content-Type: application/json\r\nContent-Length: 4000\r\n"));
  for (int i = 0; i < 10; ++i) {
    steady.send(std::string(10, '1'));
    std::this_thread::sleep_for(milliseconds(50));
  }
  CHECK(steady.read_response().status == 408);
}

TEST_CASE("a connection ends when it has been idle and after its last request") {
  HttpLimits limits = patient_limits();
  limits.idle_time = milliseconds(100);
  limits.max_requests_per_connection = 3;
  ServerUnderTest server(limits);
  HttpConnection idle(server.port());
  idle.send(server.request("GET /health"));
  CHECK(idle.read_response().header("connection").empty());
  CHECK(idle.is_closed_by_server());

  HttpConnection busy(server.port());
  for (int i = 1; i <= 3; ++i) {
    busy.send(server.request("GET /health"));
    const RawResponse response = busy.read_response();
    CHECK(response.status == 200);
    CHECK(response.header("connection") == (i == 3 ? "close" : ""));
  }
  CHECK(busy.is_closed_by_server());
}

TEST_CASE("a client that does not read its answer is dropped") {
  HttpLimits limits = patient_limits();
  limits.write_stall = milliseconds(200);
  ServerUnderTest server(limits);
  HttpConnection connection(server.port());
  connection.send(server.request("GET /v1/big"));
  const std::vector<RequestLog> logs = server.logs(1);
  REQUIRE(logs.size() == 1);
  CHECK(logs.front().status == 499);
}

TEST_CASE("connections beyond the limit are told so and harm nobody") {
  HttpLimits limits = patient_limits();
  limits.max_connections = 3;
  ServerUnderTest server(limits);
  std::vector<std::unique_ptr<HttpConnection>> connections;
  for (int i = 0; i < 3; ++i) {
    connections.push_back(std::make_unique<HttpConnection>(server.port()));
    connections.back()->send(server.request("GET /health"));
    CHECK(connections.back()->read_response().status == 200);
  }
  HttpConnection extra(server.port());
  CHECK(extra.read_response().status == 503);
  connections.front()->close();
  for (int i = 0; i < 500 && server.server.counts().connections == 3; ++i) std::this_thread::sleep_for(milliseconds(5));
  CHECK(server.get("/health").status == 200);
}

TEST_CASE("silent connections do not keep others from their answers") {
  ServerUnderTest server;
  std::vector<std::unique_ptr<HttpConnection>> silent;
  for (int i = 0; i < 200; ++i) silent.push_back(std::make_unique<HttpConnection>(server.port()));
  CHECK(server.get("/health").status == 200);
}

TEST_CASE("the limits can be read") {
  const Json json = to_json(HttpLimits());
  std::uint64_t value = 0;
  REQUIRE(json.find("max_head_bytes") != nullptr);
  CHECK(json.find("max_head_bytes")->to_uint64(value));
  CHECK(value == 16384);
  CHECK(*json.find("heartbeat_seconds") == Json(15.0));
}
