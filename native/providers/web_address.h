#pragma once

#include <span>
#include <string>
#include <string_view>

#include "shared/base/result.h"

namespace palimpsest {

/// An address that a request, an upstream or the operator names, taken apart by libcurl's own parser: what is checked
/// is what is fetched.
struct WebAddress {
  std::string url;           ///< as libcurl writes it
  std::string scheme, host;  ///< lower case, the host without brackets
  int port = 0;

  /// "https://api.example:443".
  std::string origin() const;
  /// Whether the host is this domain or lies in it.
  bool is_in(std::string_view domain) const;
};

/// Errors: `url_refused`, 502, for anything but http and https, and for an address with a user, a backslash, a control
/// or non-ASCII character, or more than 4,096 bytes.
Result<WebAddress> parse_web_address(std::string_view url);

/// The address if it may be called: https on port 443 at a host that is no private address written out; or any origin
/// that the operator wrote down. Where `domains` is not empty, the host must lie in one of them. (Which address a name
/// leads to is checked when the connection is made.) Errors: `url_refused`, 502.
Result<WebAddress> check_web_address(std::string_view url, std::span<const std::string> domains,
                                     std::span<const std::string> trusted_origins);

}  // namespace palimpsest
