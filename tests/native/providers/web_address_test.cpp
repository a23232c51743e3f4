// Which addresses are called: the suite against server-side request forgery.
#include "native/providers/web_address.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>

#include "native/providers/address_rules.h"
#include "native/providers/http_client.h"
#include "tests/support/fake_server.h"
#include "tests/support/test_authority.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

bool is_public(const std::string& text) {
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    return is_public_address(reinterpret_cast<const sockaddr&>(v4));
  }
  REQUIRE(inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1);
  v6.sin6_family = AF_INET6;
  return is_public_address(reinterpret_cast<const sockaddr&>(v6));
}

}  // namespace

TEST_CASE("addresses of this machine, private networks and reserved ranges are not public") {
  for (const char* address : {"0.0.0.0",
                              "0.1.2.3",
                              "10.0.0.1",
                              "10.255.255.255",
                              "100.64.0.1",
                              "100.127.255.255",
                              "127.0.0.1",
                              "127.9.9.9",
                              "169.254.169.254",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.0.0.1",
                              "192.0.2.1",
                              "192.168.1.1",
                              "198.18.0.1",
                              "198.19.255.255",
                              "198.51.100.7",
                              "203.0.113.9",
                              "224.0.0.1",
                              "239.1.1.1",
                              "240.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "fc00::1",
                              "fd12:3456::1",
                              "fe80::1",
                              "fec0::1",
                              "ff02::1",
                              "2001:db8::1",
                              "2001::1",
                              "2001:10::1",
                              "::ffff:127.0.0.1",
                              "::ffff:10.0.0.1",
                              "::127.0.0.1",
                              "64:ff9b::7f00:1",
                              "64:ff9b::a9fe:a9fe",
                              "64:ff9b:1::1",
                              "2002:7f00:1::",
                              "2002:a00:1::",
                              "3fff:100::1",
                              "100::1",
                              "4000::1"}) {
    CAPTURE(address);
    CHECK_FALSE(is_public(address));
  }
  for (const char* address : {"1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1",
                              "192.1.0.1", "198.17.0.1", "198.20.0.1", "223.255.255.255", "2606:4700::1111",
                              "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::"}) {
    CAPTURE(address);
    CHECK(is_public(address));
  }
}

TEST_CASE("no way of writing a forbidden address is called, and no connection is made") {
  int requests = 0;
  FakeServer server([&](const FakeRequest&) {
    ++requests;
    return FakeReply{};
  });
  const std::string port = std::to_string(server.port());
  HttpClientOptions options;
  options.ca_file = TestAuthority::shared().ca_file();
  // A name that leads into this machine, as after a rebinding.
  options.resolve = {"rebound.example:443:127.0.0.1", "rebound6.example:443:::1",
                     "metadata.example:443:169.254.169.254", "mapped.example:443:[::ffff:127.0.0.1]"};
  HttpClient client(options);
  std::vector<std::string> urls = {"https://127.0.0.1:" + port + "/", "http://127.0.0.1:" + port + "/",
                                   "https://localhost:" + port + "/"};
  for (const char* url : {"https://127.0.0.1/",
                          "https://127.1/",
                          "https://2130706433/",
                          "https://0x7f000001/",
                          "https://0x7f.1/",
                          "https://0177.0.0.1/",
                          "https://017700000001/",
                          "https://127.000.000.001/",
                          "https://0/",
                          "https://0.0.0.0/",
                          "https://[::1]/",
                          "https://[::]/",
                          "https://[::ffff:127.0.0.1]/",
                          "https://[::ffff:7f00:1]/",
                          "https://[fe80::1%25lo]/",
                          "https://[fc00::1]/",
                          "https://10.0.0.1/",
                          "https://192.168.0.1/",
                          "https://172.16.5.4/",
                          "https://169.254.169.254/latest/meta-data/",
                          "https://100.100.100.200/",
                          "https://[fd00:ec2::254]/",
                          "https://224.0.0.1/",
                          "https://255.255.255.255/",
                          "https://localhost/",
                          "https://localhost./",
                          "https://LOCALHOST/",
                          "https://rebound.example/",
                          "https://rebound6.example/",
                          "https://metadata.example/",
                          "https://mapped.example/",
                          "https://user@127.0.0.1/",
                          "https://cdn.example@127.0.0.1/",
                          "https://user:word@cdn.example/",
                          "https://:@cdn.example/",
                          "https://cdn.example:22/",
                          "https://cdn.example:8443/",
                          "http://cdn.example/",
                          "ftp://cdn.example/",
                          "file:///etc/passwd",
                          "gopher://127.0.0.1:70/",
                          "dict://127.0.0.1/",
                          "javascript:alert(1)",
                          "data:,x",
                          "https:///",
                          "https://",
                          "//cdn.example/",
                          "cdn.example",
                          "",
                          "https://cdn.example\\@127.0.0.1/",
                          "https://127.0.0.1\\.cdn.example/",
                          "https://cdn.example /",
                          "https://cdn\t.example/",
                          "https://cdn.example\r\n/",
                          "https://127\xe3\x80\x82"
                          "0.0.1/",
                          "https://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/",
                          "https://cdn.example%00.test/",
                          "https://%31%32%37.0.0.1/",
                          "https://127.0.0.1#@cdn.example/",
                          "https://127.0.0.1?@cdn.example/",
                          "https://127.0.0.1%2f@cdn.example/"}) {
    urls.emplace_back(url);
  }
  urls.push_back("https://cdn.example/" + std::string(4'100, 'a'));
  CHECK(urls.size() >= 60);
  for (const std::string& url : urls) {
    CAPTURE(url);
    HttpCall call;
    call.url = url;
    const HttpOutcome outcome = client.perform(std::move(call), {});
    REQUIRE_FALSE(outcome.answer);
    CHECK(outcome.answer.error().code == "url_refused");
    CHECK_FALSE(outcome.may_have_arrived);
  }
  CHECK(server.connections() == 0);
  CHECK(requests == 0);
}

TEST_CASE("a host must lie in a provider's domains, with the dot") {
  const std::vector<std::string> domains = {"fal.media"};
  for (const char* url : {"https://fal.media/x.png", "https://v3.fal.media/x.png", "https://V3.FAL.MEDIA/x.png"}) {
    CAPTURE(url);
    CHECK(check_web_address(url, domains, {}));
  }
  for (const char* url : {"https://evilfal.media/x", "https://fal.media.evil.example/x", "https://fal.mediaX/",
                          "https://evil.example/fal.media", "https://fal.media@evil.example/"}) {
    CAPTURE(url);
    CHECK_FALSE(check_web_address(url, domains, {}));
  }
}

TEST_CASE("what the operator wrote down is exempt, to the port and the scheme") {
  const std::vector<std::string> trusted = {"http://192.168.1.5:7801"};
  CHECK(check_web_address("http://192.168.1.5:7801/v1/images/1", {}, trusted));
  CHECK_FALSE(check_web_address("http://192.168.1.5:7802/", {}, trusted));
  CHECK_FALSE(check_web_address("https://192.168.1.5:7801/", {}, trusted));
  CHECK_FALSE(check_web_address("http://192.168.1.6:7801/", {}, trusted));
}
