#include "tests/support/http_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

namespace palimpsest::testing {

std::string RawResponse::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

HttpConnection::HttpConnection(std::uint16_t port, const std::string& address) {
  const bool is_ipv6 = address.find(':') != std::string::npos;
  sockaddr_in6 ipv6 = {};
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_port = htons(port);
  sockaddr_in ipv4 = {};
  ipv4.sin_family = AF_INET;
  ipv4.sin_port = htons(port);
  void* const target = is_ipv6 ? static_cast<void*>(&ipv6.sin6_addr) : static_cast<void*>(&ipv4.sin_addr);
  const auto* const name =
      is_ipv6 ? reinterpret_cast<const sockaddr*>(&ipv6) : reinterpret_cast<const sockaddr*>(&ipv4);
  const socklen_t size = is_ipv6 ? sizeof ipv6 : sizeof ipv4;
  ::inet_pton(is_ipv6 ? AF_INET6 : AF_INET, address.c_str(), target);
  socket_ = ::socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience = {10, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(socket_, name, size) != 0) throw std::runtime_error("no connection to " + address);
}

bool HttpConnection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void HttpConnection::finish_sending() {
  ::shutdown(socket_, SHUT_WR);
}

void HttpConnection::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

void HttpConnection::reset() {
  const linger at_once = {1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

bool HttpConnection::fill() {
  std::array<char, 65536> buffer;
  errno = 0;  // an orderly end leaves it alone
  const ssize_t count = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (count > 0) in_.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0;
}

std::string HttpConnection::read_until(std::string_view text) {
  std::size_t found = in_.find(text);
  while (found == std::string::npos && fill()) found = in_.find(text);
  const std::string taken = in_.substr(0, found == std::string::npos ? found : found + text.size());
  in_.erase(0, taken.size());
  return taken;
}

RawResponse HttpConnection::read_response(bool is_head) {
  RawResponse response;
  const std::string head = read_until("\r\n\r\n");
  if (head.rfind("HTTP/1.1 ", 0) != 0) return response;
  response.status = std::stoi(head.substr(9));
  for (std::size_t begin = head.find("\r\n") + 2; begin + 2 < head.size();) {
    const std::size_t end = head.find("\r\n", begin), colon = head.find(": ", begin);
    std::string name = head.substr(begin, colon - begin);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    std::string& value = response.headers[name];
    if (!value.empty()) value += ", ";
    value += head.substr(colon + 2, end - colon - 2);
    begin = end + 2;
  }
  if (is_head) return response;
  if (response.header("transfer-encoding") == "chunked") {
    for (;;) {
      const std::size_t size = std::stoul(read_until("\r\n"), nullptr, 16);
      while (in_.size() < size + 2 && fill()) {
      }
      response.body += in_.substr(0, size);
      in_.erase(0, size + 2);
      if (size == 0) return response;
    }
  }
  const std::string length = response.header("content-length");
  const std::size_t size = length.empty() ? 0 : std::stoul(length);
  while (in_.size() < size && fill()) {
  }
  response.body = in_.substr(0, size);
  in_.erase(0, response.body.size());
  return response;
}

bool HttpConnection::is_closed_by_server() {
  while (fill()) {
  }
  return errno != EAGAIN && errno != EWOULDBLOCK;
}

RawResponse ask(std::uint16_t port, std::string_view bytes, bool is_head) {
  HttpConnection connection(port);
  connection.send(bytes);
  return connection.read_response(is_head);
}

}  // namespace palimpsest::testing
