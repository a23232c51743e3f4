#include <doctest/doctest.h>

#include <vector>

#include "tests/native/server/server_under_test.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

struct Form {
  const char* name;
  std::string bytes;  // HOST stands for the Host header
  int status;
};

std::string head(const std::string& more) {
  return "POST /v1/echo HTTP/1.1\r\nHOST" + more;
}

const std::string kJson = "Content-Type: application/json\r\n";

std::vector<Form> framing_forms() {
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  return {
      {"Content-Length and chunked", head(kJson + "Content-Length: 2\r\n" + chunked + "\r\n{}"), 400},
      {"chunked and Content-Length", head(kJson + chunked + "Content-Length: 2\r\n\r\n0\r\n\r\n"), 400},
      {"two different Content-Length", head(kJson + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"), 400},
      {"the same Content-Length twice", head(kJson + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"), 400},
      {"a list of lengths", head(kJson + "Content-Length: 2, 2\r\n\r\n{}"), 400},
      {"a negative length", head(kJson + "Content-Length: -2\r\n\r\n{}"), 400},
      {"a length with a plus", head(kJson + "Content-Length: +2\r\n\r\n{}"), 400},
      {"a length with letters", head(kJson + "Content-Length: 2abc\r\n\r\n{}"), 400},
      {"a hexadecimal length", head(kJson + "Content-Length: 0x2\r\n\r\n{}"), 400},
      {"a length beyond 64 bits", head(kJson + "Content-Length: 18446744073709551618\r\n\r\n{}"), 400},
      {"an empty length", head(kJson + "Content-Length: \r\n\r\n{}"), 400},
      {"an unknown coding", head(kJson + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), 501},
      {"gzip, chunked", head(kJson + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), 501},
      {"chunked, identity", head(kJson + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"), 501},
      {"chunked twice in a list", head(kJson + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"), 501},
      {"two Transfer-Encoding", head(kJson + chunked + chunked + "\r\n0\r\n\r\n"), 400},
      {"identity alone", head(kJson + "Transfer-Encoding: identity\r\n\r\n"), 501},
      {"a space before the colon", head(kJson + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"), 400},
      {"a vertical tab before chunked",
       head(kJson + "Transfer-Encoding: \x0B"
                    "chunked\r\n\r\n0\r\n\r\n"),
       400},
      {"chunked in HTTP/1.0", "POST /v1/echo HTTP/1.0\r\nHOST" + kJson + chunked + "\r\n2\r\n{}\r\n0\r\n\r\n", 400},
      {"a negative chunk", head(kJson + chunked + "\r\n-2\r\n{}\r\n0\r\n\r\n"), 400},
      {"a chunk size with 0x", head(kJson + chunked + "\r\n0x2\r\n{}\r\n0\r\n\r\n"), 400},
      {"a chunk without its line end", head(kJson + chunked + "\r\n2\r\n{}0\r\n\r\n"), 400},
      {"a chunk size beyond 64 bits", head(kJson + chunked + "\r\n10000000000000002\r\n{}\r\n0\r\n\r\n"), 400},
      {"an empty chunk size", head(kJson + chunked + "\r\n\r\n{}\r\n0\r\n\r\n"), 400},
      {"a chunk line that ends in LF", head(kJson + chunked + "\r\n2\n{}\r\n0\r\n\r\n"), 400},
      {"a compressed body", head(kJson + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"), 415},
      {"an Expect other than 100-continue", head(kJson + "Expect: 200-ok\r\nContent-Length: 2\r\n\r\n{}"), 417},
  };
}

std::vector<Form> head_forms() {
  return {
      {"no Host", "GET /health HTTP/1.1\r\n\r\n", 400},
      {"two Hosts", "GET /health HTTP/1.1\r\nHOSTHOST\r\n", 400},
      {"a folded header", "GET /health HTTP/1.1\r\nHOSTX-A: b\r\n c\r\n\r\n", 400},
      {"a folded Host", "GET /health HTTP/1.1\r\n HOST\r\n", 400},
      {"LF between headers", "GET /health HTTP/1.1\r\nHOSTX-A: b\nX-B: c\r\n\r\n", 400},
      {"LF behind the request line", "GET /health HTTP/1.1\nHOST\r\n", 400},
      {"CR alone between headers", "GET /health HTTP/1.1\r\nHOSTX-A: b\rX-B: c\r\n\r\n", 400},
      {"NUL in a value", std::string("GET /health HTTP/1.1\r\nHOSTX-A: b\0c\r\n\r\n", 45), 400},
      {"a header without a colon", "GET /health HTTP/1.1\r\nHOSTnonsense\r\n\r\n", 400},
      {"a header without a name", "GET /health HTTP/1.1\r\nHOST: value\r\n\r\n", 400},
      {"an empty line in front", "\r\nGET /health HTTP/1.1\r\nHOST\r\n", 400},
      {"a space in front", " GET /health HTTP/1.1\r\nHOST\r\n", 400},
      {"two spaces in the request line", "GET  /health HTTP/1.1\r\nHOST\r\n", 400},
      {"a space in the path", "GET /hea lth HTTP/1.1\r\nHOST\r\n", 400},
      {"a tab in the request line", "GET\t/health HTTP/1.1\r\nHOST\r\n", 400},
      {"HTTP/0.9", "GET /health\r\nHOST\r\n", 400},
      {"HTTP/2.0", "GET /health HTTP/2.0\r\nHOST\r\n", 505},
      {"HTTP/1.2", "GET /health HTTP/1.2\r\nHOST\r\n", 505},
      {"http/1.1 in lower case", "GET /health http/1.1\r\nHOST\r\n", 400},
      {"a whole address as target", "GET http://127.0.0.1/health HTTP/1.1\r\nHOST\r\n", 400},
      {"CONNECT", "CONNECT 127.0.0.1:80 HTTP/1.1\r\nHOST\r\n", 400},
      {"an encoded NUL in the path", "GET /v1/models/a%00b HTTP/1.1\r\nHOST\r\n", 400},
      {"an encoded line end in the query", "GET /health?a=%0d%0ab HTTP/1.1\r\nHOST\r\n", 400},
      {"half an escape", "GET /v1/models/a%2 HTTP/1.1\r\nHOST\r\n", 400},
      {"an overlong slash", "GET /v1/models/%c0%af HTTP/1.1\r\nHOST\r\n", 400},
      {"bytes beyond ASCII in the path", "GET /v1/models/\xC3\xA9 HTTP/1.1\r\nHOST\r\n", 400},
      {"a fragment", "GET /health#x HTTP/1.1\r\nHOST\r\n", 400},
      {"two Origins", "GET /health HTTP/1.1\r\nHOSTOrigin: http://a\r\nOrigin: http://b\r\n\r\n", 400},
      {"two keys", "GET /health HTTP/1.1\r\nHOSTAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n", 400},
      {"the start of TLS", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03", 11), 400},
  };
}

std::string with_host(std::string bytes, std::uint16_t port) {
  const std::string host = "Host: 127.0.0.1:" + std::to_string(port) + "\r\n";
  for (std::size_t at; (at = bytes.find("HOST")) != std::string::npos;) bytes.replace(at, 4, host);
  return bytes;
}

}  // namespace

TEST_CASE("forms that two servers could read differently are refused and end the connection") {
  ServerUnderTest server;
  std::vector<Form> forms = framing_forms();
  for (Form& form : head_forms()) forms.push_back(std::move(form));
  CHECK(forms.size() >= 40);
  for (const Form& form : forms) {
    CAPTURE(form.name);
    HttpConnection connection(server.port());
    // What is smuggled behind must not be answered.
    connection.send(with_host(form.bytes + "GET /health HTTP/1.1\r\nHOST\r\n", server.port()));
    const RawResponse response = connection.read_response();
    CHECK(response.status == form.status);
    CHECK(response.header("content-type") == "application/json");
    CHECK(response.header("x-request-id").size() == 26);
    CHECK(response.header("connection") == "close");
    CHECK(connection.read_response().status == 0);
  }
  CHECK(server.handled.value() == 0);
  CHECK(server.get("/health").status == 200);
}

TEST_CASE("a head is looked at byte by byte as it comes") {
  ServerUnderTest server;
  HttpConnection connection(server.port());
  connection.send("GET /health HTTP/1.1\nHost");  // no end of the head is needed to see what is wrong
  CHECK(connection.read_response().status == 400);

  HttpConnection slow(server.port());
  for (const char c : server.request("GET /health")) slow.send({&c, 1});
  CHECK(slow.read_response().status == 200);
}
