#include "native/providers/http_client.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>

#include "tests/support/fake_server.h"
#include "tests/support/test_authority.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

HttpClientOptions trusting(const FakeServer& server) {
  HttpClientOptions options;
  options.trusted_origins = {server.origin()};
  options.ca_file = TestAuthority::shared().ca_file();
  return options;
}

HttpOutcome fetch(HttpClient& client, const std::string& url) {
  HttpCall call;
  call.url = url;
  return client.perform(std::move(call), {});
}

std::string code_of(const HttpOutcome& outcome) {
  return outcome.answer ? "status " + std::to_string(outcome.answer->status) : outcome.answer.error().code;
}

}  // namespace

TEST_CASE("a call carries method, headers and body, and brings back status, headers and body") {
  FakeRequest seen;
  FakeServer server([&](const FakeRequest& request) {
    seen = request;
    return FakeReply{201, "made", {{"X-Kind", "small"}}};
  });
  HttpClient client(trusting(server));
  HttpCall call{"POST", server.origin() + "/a?b=c", {{"Authorization", "Key k"}}, "{}"};
  const HttpOutcome outcome = client.perform(call, {});
  REQUIRE(outcome.answer);
  CHECK(outcome.answer->status == 201);
  CHECK(outcome.answer->body == "made");
  CHECK(outcome.answer->header("x-kind") == "small");
  CHECK(seen.method == "POST");
  CHECK(seen.path == "/a?b=c");
  CHECK(seen.header("authorization") == "Key k");
  CHECK(seen.body == "{}");
  CHECK(seen.header("accept-encoding").empty());
}

TEST_CASE("a form is sent as multipart with its files") {
  FakeRequest seen;
  FakeServer server([&](const FakeRequest& request) {
    seen = request;
    return FakeReply{};
  });
  HttpClient client(trusting(server));
  HttpCall call{"POST", server.origin() + "/edits"};
  call.form = {{"prompt", "blue"}, {"image", std::string("\x89PNG\0bytes", 10), true, "in.png"}};
  REQUIRE(client.perform(call, {}).answer);
  CHECK(seen.header("content-type").rfind("multipart/form-data; boundary=", 0) == 0);
  CHECK(seen.body.find("name=\"prompt\"\r\n\r\nblue") != std::string::npos);
  CHECK(seen.body.find("filename=\"in.png\"") != std::string::npos);
  CHECK(seen.body.find(std::string("\x89PNG\0bytes", 10)) != std::string::npos);
}

TEST_CASE("connections are used again, but not by a call that may be sent once only") {
  FakeServer server([](const FakeRequest&) { return FakeReply{200, "ok"}; });
  HttpClient client(trusting(server));
  for (int i = 0; i < 3; ++i) CHECK(code_of(fetch(client, server.origin() + "/")) == "status 200");
  CHECK(server.connections() == 1);
  HttpCall once{"POST", server.origin() + "/"};
  once.once = true;
  REQUIRE(client.perform(once, {}).answer);
  CHECK(server.connections() == 2);
}

TEST_CASE("a call sent once is not repeated where the connection ends without an answer") {
  std::atomic<int> posts{0};
  FakeServer server([&](const FakeRequest& request) {
    if (request.method == "POST") ++posts;
    return FakeReply{200, "", {}, request.method == "POST" ? Fault::drop : Fault::none};
  });
  HttpClient client(trusting(server));
  REQUIRE(fetch(client, server.origin() + "/").answer);  // leaves a connection open
  HttpCall once{"POST", server.origin() + "/", {}, "{}"};
  once.once = true;
  const HttpOutcome outcome = client.perform(once, {});
  CHECK(code_of(outcome) == "upstream_unreachable");
  CHECK(outcome.may_have_arrived);
  CHECK(posts == 1);
}

TEST_CASE("redirects are answers, never followed") {
  std::atomic<int> followed{0};
  FakeServer other([&](const FakeRequest&) {
    ++followed;
    return FakeReply{};
  });
  FakeServer server([&](const FakeRequest&) { return FakeReply{302, "", {{"Location", other.origin() + "/"}}}; });
  HttpClientOptions options = trusting(server);
  options.trusted_origins.push_back(other.origin());
  HttpClient client(options);
  CHECK(code_of(fetch(client, server.origin() + "/")) == "status 302");
  CHECK(followed == 0);
}

TEST_CASE("a body beyond its limit, announced or not, ends the call") {
  FakeServer server([](const FakeRequest& request) {
    if (request.path == "/endless") return FakeReply{200, "", {}, Fault::endless};
    return FakeReply{200, std::string(std::size_t{2} << 20, 'x')};
  });
  HttpClient client(trusting(server));
  CHECK(code_of(fetch(client, server.origin() + "/endless")) == "upstream_too_large");
  CHECK(code_of(fetch(client, server.origin() + "/large")) == "upstream_too_large");
}

TEST_CASE("silence and slow drips are given up, and what was sent is said to have arrived") {
  FakeServer server([](const FakeRequest& request) {
    return FakeReply{200, "", {}, request.path == "/drip" ? Fault::drip : Fault::silence};
  });
  HttpClientOptions options = trusting(server);
  options.drip_window = std::chrono::milliseconds(150);
  HttpClient client(options);
  for (const char* path : {"/drip", "/silence"}) {
    CAPTURE(path);
    HttpCall call;
    call.url = server.origin() + path;
    call.first_byte = std::chrono::milliseconds(200);
    const HttpOutcome outcome = client.perform(std::move(call), {});
    CHECK(code_of(outcome) == "upstream_timeout");
    CHECK(outcome.may_have_arrived);
  }
}

TEST_CASE("a connection that is never made has brought nothing over") {
  FakeServer server([](const FakeRequest&) { return FakeReply{}; });
  HttpClient client(trusting(server));
  server.refuse_next(1);
  const HttpOutcome outcome = fetch(client, server.origin() + "/");
  CHECK(code_of(outcome) == "upstream_unreachable");
  CHECK_FALSE(outcome.may_have_arrived);
}

TEST_CASE("an answer that ends early is an error") {
  FakeServer server([](const FakeRequest& request) {
    return FakeReply{200, "a long body", {}, request.path == "/body" ? Fault::cut_body : Fault::cut_header};
  });
  HttpClient client(trusting(server));
  CHECK(code_of(fetch(client, server.origin() + "/body")) == "upstream_unreachable");
  CHECK(code_of(fetch(client, server.origin() + "/header")) == "upstream_unreachable");
}

TEST_CASE("a cancelled call ends soon, and one client carries many at a time") {
  FakeServer server([](const FakeRequest& request) {
    return FakeReply{200, "ok", {}, request.path == "/silence" ? Fault::silence : Fault::none};
  });
  HttpClient client(trusting(server));
  const StopToken stop;
  HttpCall silent;
  silent.url = server.origin() + "/silence";
  auto waiting = std::async(std::launch::async, [&] { return client.perform(silent, stop); });
  for (int i = 0; i < 20; ++i) CHECK(code_of(fetch(client, server.origin() + "/")) == "status 200");
  stop.request_stop();
  CHECK(code_of(waiting.get()) == "cancelled");
}

TEST_CASE("a certificate that nobody vouches for is refused before anything is sent") {
  std::atomic<int> requests{0};
  FakeServer server([&](const FakeRequest&) {
    ++requests;
    return FakeReply{};
  });
  HttpClientOptions options;
  options.trusted_origins = {server.origin()};
  HttpClient client(options);
  const HttpOutcome outcome = fetch(client, server.origin() + "/");
  CHECK(code_of(outcome) == "upstream_unreachable");
  CHECK_FALSE(outcome.may_have_arrived);
  CHECK(requests == 0);
}
