#include "native/providers/address_rules.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace palimpsest {
namespace {

constexpr std::uint32_t ipv4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

struct Range {
  std::uint32_t network;
  int bits;
};

constexpr std::array kReserved = {
    Range{ipv4(0, 0, 0, 0), 8},      Range{ipv4(10, 0, 0, 0), 8},     Range{ipv4(100, 64, 0, 0), 10},
    Range{ipv4(127, 0, 0, 0), 8},    Range{ipv4(169, 254, 0, 0), 16}, Range{ipv4(172, 16, 0, 0), 12},
    Range{ipv4(192, 0, 0, 0), 24},   Range{ipv4(192, 0, 2, 0), 24},   Range{ipv4(192, 88, 99, 0), 24},
    Range{ipv4(192, 168, 0, 0), 16}, Range{ipv4(198, 18, 0, 0), 15},  Range{ipv4(198, 51, 100, 0), 24},
    Range{ipv4(203, 0, 113, 0), 24}, Range{ipv4(224, 0, 0, 0), 4},    Range{ipv4(240, 0, 0, 0), 4},
};

bool is_public_ipv4(std::uint32_t address) {
  return std::none_of(kReserved.begin(), kReserved.end(),
                      [address](const Range& range) { return (address ^ range.network) >> (32 - range.bits) == 0; });
}

using Bytes = std::array<std::uint8_t, 16>;

template <std::size_t N>
bool begins_with(const Bytes& address, const std::uint8_t (&prefix)[N]) {
  return std::equal(std::begin(prefix), std::end(prefix), address.begin());
}

std::uint32_t ipv4_at(const Bytes& address, std::size_t place) {
  return ipv4(address[place], address[place + 1], address[place + 2], address[place + 3]);
}

bool is_public_ipv6(const Bytes& address) {
  static constexpr std::uint8_t kCompatible[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  static constexpr std::uint8_t kMapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  static constexpr std::uint8_t kNat64[] = {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};
  if (begins_with(address, kMapped) || begins_with(address, kCompatible) || begins_with(address, kNat64)) {
    return is_public_ipv4(ipv4_at(address, 12));
  }
  if (begins_with(address, {0x20, 0x02})) return is_public_ipv4(ipv4_at(address, 2));  // 6to4
  const bool is_global_unicast = (address[0] & 0xe0) == 0x20;
  const bool is_special = begins_with(address, {0x20, 0x01, 0x0d, 0xb8}) ||           // documentation
                          (begins_with(address, {0x20, 0x01}) && address[2] < 2) ||   // Teredo, ORCHID, benchmarks
                          (begins_with(address, {0x3f, 0xff}) && address[2] < 0x10);  // documentation
  return is_global_unicast && !is_special;
}

}  // namespace

bool is_public_address(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    return is_public_ipv4(ntohl(in.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &address, sizeof in);
    Bytes bytes{};
    std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
    return is_public_ipv6(bytes);
  }
  return false;
}

}  // namespace palimpsest
