#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "tests/native/server/server_under_test.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

using std::chrono::milliseconds;

// Waits until the server has told a stream that it takes nothing more.
bool ends(SseStream& stream) {
  for (int i = 0; i < 500; ++i) {
    if (!stream.send({"tick", "1"})) return true;
    std::this_thread::sleep_for(milliseconds(10));
  }
  return false;
}

}  // namespace

TEST_CASE("pipelined requests are answered in their order") {
  ServerUnderTest server;
  HttpConnection connection(server.port());
  connection.send(server.request("GET /v1/models/a") + server.request("POST /v1/echo", "", "{\"b\":1}") +
                  server.request("GET /v1/wait") + server.request("GET /v1/models/c"));
  CHECK(connection.read_response().body == "a");
  CHECK(connection.read_response().body == "{\"b\":1}");
  REQUIRE(server.arrived.reaches(1));
  server.take_waiting()->respond(json_response(200, Json(7)));
  CHECK(connection.read_response().body == "7");
  CHECK(connection.read_response().body == "c");
}

TEST_CASE("hundreds of pipelined requests are all answered") {
  ServerUnderTest server;
  HttpConnection connection(server.port());
  std::string requests;
  for (int i = 0; i < 900; ++i) requests += server.request("GET /health");
  connection.send(requests);
  connection.finish_sending();
  int answered = 0;
  while (connection.read_response().body == "ok") ++answered;
  CHECK(answered == 900);
}

TEST_CASE("a chunked body may come in any pieces") {
  ServerUnderTest server;
  HttpConnection connection(server.port());
  connection.send(server.request("POST /v1/echo", "Content-Type: application/json\r\nTransfer-Encoding: Chunked\r\n"));
  for (const char c : std::string("3;ext=1\r\n{\"a\r\nA\r\n\":[1,2,3]}\r\n0\r\nX-Trailer: 1\r\n\r\n"))
    connection.send({&c, 1});
  const RawResponse response = connection.read_response();
  CHECK(response.status == 200);
  CHECK(response.body == "{\"a\":[1,2,3]}");
  connection.send(server.request("GET /health"));
  CHECK(connection.read_response().status == 200);
}

TEST_CASE("a client that asks first is told to go on, or refused without sending its body") {
  ServerUnderTest server;
  const std::string headers = "Content-Type: application/json\r\nExpect: 100-continue\r\n";
  HttpConnection connection(server.port());
  connection.send(server.request("POST /v1/echo", headers + "Content-Length: 2\r\n"));
  CHECK(connection.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  connection.send("{}");
  CHECK(connection.read_response().body == "{}");

  HttpConnection refused(server.port());
  refused.send(server.request("POST /v1/echo", headers + "Content-Length: 2000000\r\n"));
  CHECK(refused.read_response().status == 413);
  HttpConnection foreign(server.port());
  foreign.send(server.request("POST /v1/echo", headers + "Content-Length: 2\r\nOrigin: https://evil.example\r\n"));
  CHECK(foreign.read_response().status == 403);
}

TEST_CASE("what a client sends before it is told to go on is not lost") {
  ServerUnderTest server;
  HttpConnection connection(server.port());
  connection.send(server.request("POST /v1/echo",
                                 "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 2\r\n") +
                  "{}");
  CHECK(connection.read_response().body == "{}");
}

TEST_CASE("a handler learns at once that its client has left, and only once") {
  ServerUnderTest server;
  for (const bool by_reset : {false, true}) {
    const int before = server.left.value();
    HttpConnection connection(server.port());
    connection.send(server.request("GET /v1/wait"));
    REQUIRE(server.arrived.reaches(before + 1));
    if (by_reset)
      connection.reset();
    else
      connection.close();
    CHECK(server.left.reaches(before + 1));
    const ExchangePtr exchange = server.take_waiting();
    bool was_told = false;
    exchange->on_disconnect([&] { was_told = true; });
    CHECK(was_told);
    CHECK(exchange->respond({200}));
    CHECK_FALSE(exchange->respond({200}));
    CHECK(server.left.value() == before + 1);
  }
  REQUIRE(server.logs(2).size() == 2);
  for (const RequestLog& log : server.logs(2)) CHECK(log.status == 499);
}

TEST_CASE("a client that only ends its sending still gets its answer") {
  ServerUnderTest server;
  HttpConnection connection(server.port());
  connection.send(server.request("GET /v1/wait"));
  REQUIRE(server.arrived.reaches(1));
  connection.finish_sending();
  CHECK(server.left.reaches(1));
  server.take_waiting()->respond(json_response(200, Json(1)));
  CHECK(connection.read_response().status == 200);
}

TEST_CASE("a stream for a client that has left takes no events") {
  ServerUnderTest server;
  HttpConnection connection(server.port());
  connection.send(server.request("GET /v1/wait"));
  REQUIRE(server.arrived.reaches(1));
  connection.finish_sending();
  CHECK(server.left.reaches(1));
  const auto stream = server.take_waiting()->start_events(AtShutdown::finish);
  REQUIRE(stream);
  CHECK_FALSE(stream->send({"", "x"}));
  CHECK(connection.read_response().body.empty());
}

TEST_CASE("nobody is told that a client left that got its answer") {
  ServerUnderTest server;
  HttpConnection connection(server.port());
  connection.send(server.request("GET /v1/wait"));
  REQUIRE(server.arrived.reaches(1));
  server.take_waiting()->respond({204});
  const RawResponse response = connection.read_response();
  CHECK(response.status == 204);
  CHECK(response.headers.count("content-length") == 0);
  connection.close();
  CHECK(server.get("/health").status == 200);
  CHECK(server.left.value() == 0);
}

TEST_CASE("what a handler throws or forgets becomes an error that gives nothing away") {
  ServerUnderTest server;
  const RawResponse thrown = server.get("/v1/throws");
  CHECK(thrown.status == 500);
  CHECK(thrown.body.find("secret") == std::string::npos);
  CHECK(thrown.body.find(thrown.header("x-request-id")) != std::string::npos);
  CHECK(server.logs(1).back().note == "the secret of the house");
  const RawResponse ours = server.get("/v1/throws?kind=ours");
  CHECK(ours.status == 429);
  CHECK(ours.body.find("rate_limit_error") != std::string::npos);
  CHECK(server.get("/v1/forgets").status == 500);
}

TEST_CASE("a header that a route makes cannot bring another one along") {
  ServerUnderTest server;
  const RawResponse response = server.get("/v1/bad-header");
  CHECK(response.status == 500);
  CHECK(response.headers.count("set-cookie") == 0);
}

TEST_CASE("every answer carries its request's id and what keeps browsers from guessing") {
  ServerUnderTest server;
  for (const char* path : {"/health", "/v1/images/x", "/nowhere"}) {
    const RawResponse response = server.get(path, "X-Request-Id: mine\r\n");
    CHECK(response.header("x-request-id").size() == 26);
    CHECK(response.header("server") == "palimpsest");
    CHECK(response.header("x-content-type-options") == "nosniff");
    CHECK(response.header("content-security-policy") == "default-src 'none'; frame-ancestors 'none'");
    CHECK(response.header("vary") == "Origin");
    CHECK(response.header("date").size() == 29);
  }
}

TEST_CASE("the log has a line for each request and no secret in it") {
  ServerUnderTest server;
  server.get("/v1/models/a?api_key=canary-1", "Authorization: Bearer canary-2\r\n");
  server.get("/v1/images/canary-3");
  ask(server.port(), "GET canary-4\r\n\r\n");
  const std::vector<RequestLog> logs = server.logs(3);
  REQUIRE(logs.size() == 3);
  std::string lines;
  for (const RequestLog& log : logs) lines += log_line(log) + "\n";
  CHECK(lines.find("canary") == std::string::npos);
  CHECK(logs[0].path == "/v1/models/a");
  CHECK(logs[0].status == 200);
  CHECK(logs[0].response_bytes == 1);
  CHECK(logs[1].path == "/v1/images/{id}");
  CHECK(logs[2].status == 400);
  CHECK(parse_json(log_line(logs[0])));
}

TEST_CASE("a stream carries events and comments and ends where it is closed") {
  HttpLimits limits = patient_limits();
  limits.heartbeat = milliseconds(50);
  ServerUnderTest server(limits);
  HttpConnection connection(server.port());
  connection.send(server.request("GET /v1/events"));
  REQUIRE(server.arrived.reaches(1));
  const auto stream = server.take_stream();
  CHECK(stream->send({"progress", "{\"step\":1}", "7"}));
  const std::string head = connection.read_until("\r\n\r\n");
  CHECK(head.find("content-type: text/event-stream\r\n") != std::string::npos);
  CHECK(head.find("cache-control: no-cache\r\n") != std::string::npos);
  CHECK(connection.read_until("\n\n").find("event: progress\nid: 7\ndata: {\"step\":1}\n\n") != std::string::npos);
  CHECK(connection.read_until(": still here\n\n").find(": still here\n\n") != std::string::npos);
  CHECK(connection.read_until(": still here\n\n").find(": still here\n\n") != std::string::npos);
  CHECK(server.server.counts().event_streams == 1);
  stream->send({"done", "last"});
  stream->close();
  CHECK_FALSE(stream->send({"late", "1"}));
  CHECK(connection.read_until("0\r\n\r\n").find("data: last") != std::string::npos);
  CHECK(connection.is_closed_by_server());
  CHECK(server.streams_left.value() == 0);
  CHECK(server.server.counts().event_streams == 0);
}

TEST_CASE("letting go of a stream ends it") {
  ServerUnderTest server;
  HttpConnection connection(server.port());
  connection.send(server.request("GET /v1/events"));
  REQUIRE(server.arrived.reaches(1));
  server.take_stream()->send({"", "only"});
  CHECK(connection.read_response().body == "data: only\n\n");
}

TEST_CASE("an old client gets its stream without chunks") {
  ServerUnderTest server;
  HttpConnection connection(server.port());
  connection.send("GET /v1/events HTTP/1.0\r\nHost: localhost:" + std::to_string(server.port()) + "\r\n\r\n");
  REQUIRE(server.arrived.reaches(1));
  server.take_stream()->send({"", "x"});
  connection.read_until("\r\n\r\n");
  CHECK(connection.read_until("\n\n") == "data: x\n\n");
  CHECK(connection.is_closed_by_server());
}

TEST_CASE("a stream learns that its client has left") {
  ServerUnderTest server;
  HttpConnection connection(server.port());
  connection.send(server.request("GET /v1/events"));
  REQUIRE(server.arrived.reaches(1));
  const auto stream = server.take_stream();
  connection.close();
  CHECK(server.streams_left.reaches(1));
  CHECK(ends(*stream));
}

TEST_CASE("a client that does not read its events is dropped before it takes much memory") {
  HttpLimits limits = patient_limits();
  limits.max_waiting_picture_bytes = std::size_t{4} << 20;
  ServerUnderTest server(limits);
  for (const std::size_t size : {1000, 200'000}) {  // small events, and pictures
    HttpConnection connection(server.port());
    connection.send(server.request("GET /v1/events"));
    REQUIRE(server.arrived.reaches(1 + (size > 1000)));
    const auto stream = server.take_stream();
    const std::string data(size, 'x');
    std::size_t accepted = 0;
    while (accepted < (std::size_t{64} << 20) && stream->send({"tick", data})) accepted += size;
    CHECK(accepted < (std::size_t{64} << 20));
    CHECK(server.streams_left.reaches(1 + (size > 1000)));
  }
}

TEST_CASE("an event larger than the room for small ones reaches a client that reads") {
  ServerUnderTest server;
  HttpConnection connection(server.port());
  connection.send(server.request("GET /v1/events"));
  REQUIRE(server.arrived.reaches(1));
  auto stream = server.take_stream();
  const std::string picture(std::size_t{3} << 20, 'p');
  for (int i = 0; i < 3; ++i) CHECK(stream->send({"", picture}));
  CHECK(stream->is_congested());
  stream.reset();
  CHECK(connection.read_response().body.size() == 3 * (picture.size() + 8));
}

TEST_CASE("there may be only so many streams") {
  HttpLimits limits = patient_limits();
  limits.max_event_streams = 1;
  ServerUnderTest server(limits);
  HttpConnection first(server.port());
  first.send(server.request("GET /v1/events"));
  REQUIRE(server.arrived.reaches(1));
  const RawResponse second = server.get("/v1/events");
  CHECK(second.status == 503);
  CHECK(second.header("retry-after") == "5");
}

TEST_CASE("draining lets what runs finish, ends the rest with a word and takes nothing new") {
  ServerUnderTest server;
  HttpConnection idle(server.port()), waiting(server.port()), resumable(server.port()), streaming(server.port());
  idle.send(server.request("GET /health"));
  CHECK(idle.read_response().status == 200);
  resumable.send(server.request("GET /v1/events?resumable=1"));
  REQUIRE(server.arrived.reaches(1));
  streaming.send(server.request("GET /v1/events"));
  REQUIRE(server.arrived.reaches(2));
  waiting.send(server.request("GET /v1/wait"));
  REQUIRE(server.arrived.reaches(3));
  const auto kept = server.take_stream(), running = server.take_stream();

  std::thread drain([&] { server.server.drain(std::chrono::seconds(20)); });
  CHECK(idle.is_closed_by_server());
  CHECK(resumable.read_response().body.find("event: error\ndata: {\"error\":{\"message\":") == 0);
  CHECK_THROWS(HttpConnection(server.port()));
  server.take_waiting()->respond(json_response(200, Json(1)));
  const RawResponse answered = waiting.read_response();
  CHECK(answered.body == "1");
  CHECK(answered.header("connection") == "close");
  CHECK(running->send({"", "finished"}));
  running->close();
  CHECK(streaming.read_response().body == "data: finished\n\n");
  for (HttpConnection* connection : {&waiting, &resumable, &streaming}) connection->close();
  drain.join();
}

TEST_CASE("draining ends what does not finish in time") {
  ServerUnderTest server;
  HttpConnection waiting(server.port()), streaming(server.port());
  waiting.send(server.request("GET /v1/wait"));
  REQUIRE(server.arrived.reaches(1));
  streaming.send(server.request("GET /v1/events"));
  REQUIRE(server.arrived.reaches(2));
  std::thread drain([&] { server.server.drain(milliseconds(50)); });
  const RawResponse refused = waiting.read_response();
  CHECK(refused.status == 503);
  CHECK(streaming.read_response().body.find("shutting_down") != std::string::npos);
  CHECK(server.left.value() == 1);
  drain.join();
  CHECK(server.take_waiting()->respond({200}) == false);
  CHECK_FALSE(server.take_stream()->send({"", "late"}));
}

TEST_CASE("an exchange may outlive its server") {
  ExchangePtr exchange;
  std::shared_ptr<SseStream> stream;
  {
    ServerUnderTest server;
    HttpConnection waiting(server.port()), streaming(server.port());
    waiting.send(server.request("GET /v1/wait"));
    REQUIRE(server.arrived.reaches(1));
    streaming.send(server.request("GET /v1/events"));
    REQUIRE(server.arrived.reaches(2));
    exchange = server.take_waiting();
    stream = server.take_stream();
  }
  CHECK_FALSE(stream->send({"", "x"}));
  CHECK_FALSE(exchange->respond({200}));
}

TEST_CASE("the server listens on both loopback addresses and says which address is taken") {
  ServerUnderTest server;
  HttpConnection ipv6(server.port(), "::1");
  ipv6.send("GET /health HTTP/1.1\r\nHost: [::1]:" + std::to_string(server.port()) + "\r\n\r\n");
  CHECK(ipv6.read_response().status == 200);
  HttpServerOptions options;
  options.port = server.port();
  try {
    HttpServer second(options);
    FAIL("the port is taken");
  } catch (const PalimpsestError& problem) {
    CHECK(problem.error().code == "address_in_use");
    CHECK(problem.error().message.find(std::to_string(server.port())) != std::string::npos);
  }
}
