#pragma once

struct sockaddr;

namespace palimpsest {

/// Whether an address is one of the public Internet: not of this machine, a private network, a link, a provider's own
/// network, documentation, multicast or any range reserved; IPv6 addresses that carry an IPv4 one are judged by it.
/// Source: the IANA special-purpose address registries for IPv4 and IPv6.
bool is_public_address(const sockaddr& address);

}  // namespace palimpsest
