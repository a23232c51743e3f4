#include "tests/support/fake_server.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <stdexcept>

#include "tests/support/test_authority.h"

namespace palimpsest::testing {
namespace {

/// Bytes to and from one client.
class Connection {
 public:
  Connection(int socket, bool has_tls) : socket_(socket), tls_(nullptr, SSL_free) {
    if (!has_tls) return;
    tls_.reset(SSL_new(TestAuthority::shared().server_context()));
    SSL_set_fd(tls_.get(), socket);
  }

  bool begin() { return !tls_ || SSL_accept(tls_.get()) == 1; }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = tls_ ? SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()))
                             : static_cast<int>(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// More bytes into `in`; false at the end.
  bool fill(std::string& in) {
    char buffer[16384];
    const auto got = tls_ ? SSL_read(tls_.get(), buffer, sizeof buffer)
                          : static_cast<int>(::recv(socket_, buffer, sizeof buffer, 0));
    if (got <= 0) return false;
    in.append(buffer, static_cast<std::size_t>(got));
    return true;
  }

 private:
  int socket_;
  std::unique_ptr<SSL, void (*)(SSL*)> tls_;
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(tolower(c)); });
  return text;
}

bool read_request(Connection& connection, std::string& in, FakeRequest& request) {
  std::size_t end = std::string::npos;
  while ((end = in.find("\r\n\r\n")) == std::string::npos) {
    if (!connection.fill(in)) return false;
  }
  const std::size_t line_end = in.find("\r\n");
  const std::size_t first = in.find(' '), second = in.find(' ', first + 1);
  request.method = in.substr(0, first);
  request.path = in.substr(first + 1, second - first - 1);
  for (std::size_t begin = line_end + 2; begin < end + 2;) {
    const std::size_t stop = in.find("\r\n", begin), colon = in.find(':', begin);
    request.headers[lower(in.substr(begin, colon - begin))] = in.substr(colon + 2, stop - colon - 2);
    begin = stop + 2;
  }
  const std::string length = request.header("content-length");
  const std::size_t size = length.empty() ? 0 : std::stoul(length);
  while (in.size() < end + 4 + size) {
    if (!connection.fill(in)) return false;
  }
  request.body = in.substr(end + 4, size);
  in.erase(0, end + 4 + size);
  return true;
}

std::string head_of(const FakeReply& reply) {
  std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " Fake\r\n";
  for (const auto& [name, value] : reply.headers) head += name + ": " + value + "\r\n";
  if (reply.fault != Fault::endless && reply.fault != Fault::drip) {
    head += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
  }
  return head + "\r\n";
}

}  // namespace

FakeServer::FakeServer(Handler handler, bool has_tls) : handler_(std::move(handler)), has_tls_(has_tls) {
  if (has_tls_) TestAuthority::shared();
  ::signal(SIGPIPE, SIG_IGN);  // clients may leave at any time
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no port for the fake server");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

FakeServer::~FakeServer() {
  closing_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
}

std::string FakeServer::origin() const {
  return (has_tls_ ? "https" : "http") + std::string("://127.0.0.1:") + std::to_string(port_);
}

void FakeServer::accept_all() {
  while (!closing_) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    ++connections_;
    if (to_refuse_ > 0) {
      --to_refuse_;
      ::close(socket);
      continue;
    }
    const std::lock_guard lock(mutex_);
    sockets_.push_back(socket);
    threads_.emplace_back([this, socket] { serve(socket); });
  }
}

void FakeServer::serve(int socket) {
  Connection connection(socket, has_tls_);
  std::string in;
  const auto answer = [&] {
    FakeRequest request;
    if (!read_request(connection, in, request)) return false;
    const FakeReply reply = handler_(request);
    const std::string head = head_of(reply);
    switch (reply.fault) {
      case Fault::none:
        return connection.send(head + reply.body);
      case Fault::drop:
        return false;
      case Fault::cut_header:
        connection.send(head.substr(0, head.size() / 2));
        return false;
      case Fault::cut_body:
        connection.send(head + reply.body.substr(0, reply.body.size() / 2));
        return false;
      case Fault::endless:
        for (connection.send(head); connection.send(std::string(65536, 'x'));) continue;
        return false;
      case Fault::drip:
        for (connection.send(head); !closing_ && connection.send("x");) {
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        return false;
      case Fault::silence:
        connection.fill(in);
        return false;
    }
    return false;
  };
  if (connection.begin()) {
    while (!closing_ && answer()) continue;
  }
  const std::lock_guard lock(mutex_);
  std::erase(sockets_, socket);
  ::close(socket);
}

}  // namespace palimpsest::testing
