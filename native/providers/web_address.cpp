#include "native/providers/web_address.h"

#include <arpa/inet.h>
#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "native/providers/address_rules.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

constexpr std::size_t kMaxBytes = 4'096;

Error refused(std::string_view url, const std::string& why) {
  return {"url_refused", "The address " + printable(url, 120) + " is not called: " + why, "", 502};
}

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
  std::string copy = text;
  curl_free(text);
  return copy;
}

bool is_private_host(const std::string& host) {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  v4.sin_family = AF_INET;
  v6.sin6_family = AF_INET6;
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    return !is_public_address(reinterpret_cast<const sockaddr&>(v4));
  }
  if (inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), &v6.sin6_addr) == 1) {
    return !is_public_address(reinterpret_cast<const sockaddr&>(v6));
  }
  return false;
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

}  // namespace

std::string WebAddress::origin() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return scheme + "://" + (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool WebAddress::is_in(std::string_view domain) const {
  if (host == domain) return true;
  return host.size() > domain.size() && host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.';
}

Result<WebAddress> parse_web_address(std::string_view url) {
  if (url.size() > kMaxBytes) return refused(url, "it has more than 4096 bytes");
  for (const char c : url) {
    if (c <= ' ' || c == 0x7f || c == '\\') return refused(url, "it has a character that no address has");
  }
  const std::unique_ptr<CURLU, void (*)(CURLU*)> parsed(curl_url(), curl_url_cleanup);
  if (curl_url_set(parsed.get(), CURLUPART_URL, std::string(url).c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
    return refused(url, "it cannot be read");
  }
  WebAddress address;
  address.url = part_of(parsed.get(), CURLUPART_URL);
  address.scheme = lower(part_of(parsed.get(), CURLUPART_SCHEME));
  address.host = lower(part_of(parsed.get(), CURLUPART_HOST));
  if (address.scheme != "https" && address.scheme != "http") return refused(url, "only https is");
  if (!part_of(parsed.get(), CURLUPART_USER).empty() || !part_of(parsed.get(), CURLUPART_PASSWORD).empty() ||
      url.substr(0, url.find_first_of("/?#", address.scheme.size() + 3)).find('@') != std::string_view::npos) {
    return refused(url, "it names a user");
  }
  if (!address.host.empty() && address.host.front() == '[')
    address.host = address.host.substr(1, address.host.size() - 2);
  while (!address.host.empty() && address.host.back() == '.') address.host.pop_back();
  if (address.host.empty()) return refused(url, "it names no host");
  const std::string port = part_of(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  std::from_chars(port.data(), port.data() + port.size(), address.port);
  return address;
}

Result<WebAddress> check_web_address(std::string_view url, std::span<const std::string> domains,
                                     std::span<const std::string> trusted_origins) {
  Result<WebAddress> address = parse_web_address(url);
  if (!address) return address;
  if (std::find(trusted_origins.begin(), trusted_origins.end(), address->origin()) != trusted_origins.end()) {
    return address;
  }
  if (address->scheme != "https") return refused(url, "only https is");
  if (address->port != 443) return refused(url, "its port is not 443");
  if (is_private_host(address->host)) return refused(url, "it leads into a private network");
  const bool is_expected =
      domains.empty() ||
      std::any_of(domains.begin(), domains.end(), [&](const std::string& domain) { return address->is_in(domain); });
  if (!is_expected) return refused(url, "its host is not one that this provider uses");
  return address;
}

}  // namespace palimpsest
