#pragma once

#include <string>
#include <string_view>

namespace palimpsest {

/// Whether the text is an address of a server: http:// or https:// and a host.
bool is_server_address(std::string_view url);

/// Scheme, host and port: what keys belong to. Empty where `url` is no address of a server.
std::string origin_of(std::string_view url);

/// Whether the address is this machine's or of a private network, so that a browser may ask the visitor before a page
/// from elsewhere reaches it. Source: RFC 6761 (localhost), RFC 1918, RFC 4193, RFC 6762 (.local).
bool is_local_address(std::string_view url);

}  // namespace palimpsest
