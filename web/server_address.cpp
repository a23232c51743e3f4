#include "web/server_address.h"

#include <algorithm>

namespace palimpsest {
namespace {

std::string_view authority_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return "";
  const std::string_view rest = url.substr(scheme + 3);
  return rest.substr(0, rest.find_first_of("/?#"));
}

bool starts_with(std::string_view text, std::string_view beginning) {
  return text.substr(0, beginning.size()) == beginning;
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// Without port and brackets, in lower case.
std::string host_of(std::string_view url) {
  std::string_view authority = authority_of(url);
  const std::size_t bracket = authority.find(']');
  std::string host(bracket != std::string_view::npos ? authority.substr(1, bracket - 1)
                                                     : authority.substr(0, authority.rfind(':')));
  std::transform(host.begin(), host.end(), host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return host;
}

bool is_in_172_private(std::string_view host) {
  if (!starts_with(host, "172.") || host.size() < 7 || host[6] != '.') return false;
  const int second = (host[4] - '0') * 10 + (host[5] - '0');
  return second >= 16 && second <= 31;
}

}  // namespace

bool is_server_address(std::string_view url) {
  const bool has_scheme = starts_with(url, "http://") || starts_with(url, "https://");
  return has_scheme && !host_of(url).empty() && url.find('@') == std::string_view::npos &&
         url.find(' ') == std::string_view::npos;
}

std::string origin_of(std::string_view url) {
  if (!is_server_address(url)) return "";
  return std::string(url.substr(0, url.find("://") + 3)) + std::string(authority_of(url));
}

bool is_local_address(std::string_view url) {
  const std::string host = host_of(url);
  const bool is_named = host == "localhost" || ends_with(host, ".localhost") || ends_with(host, ".local");
  const bool is_ipv4 = starts_with(host, "127.") || starts_with(host, "10.") || starts_with(host, "192.168.") ||
                       starts_with(host, "169.254.") || is_in_172_private(host);
  const bool is_ipv6 = host.find(':') != std::string::npos && (host == "::1" || starts_with(host, "fc") ||
                                                               starts_with(host, "fd") || starts_with(host, "fe8"));
  return is_named || is_ipv4 || is_ipv6;
}

}  // namespace palimpsest
