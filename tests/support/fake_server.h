#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace palimpsest::testing {

struct FakeRequest {
  std::string method, path;                    ///< path with its query
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

/// What goes wrong with an answer.
enum class Fault {
  none,
  drop,        ///< the request was read; the connection ends without an answer
  cut_header,  ///< ends within the answer's header
  cut_body,    ///< ends after half of the body
  drip,        ///< a byte now and then, without end
  endless,     ///< a body without end
  silence,     ///< nothing comes until the client leaves
};

struct FakeReply {
  int status = 200;
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  Fault fault = Fault::none;
};

/// A web server on loopback, with TLS by TestAuthority::shared() or without, that answers as a function says. Each
/// connection has a thread and is kept open between requests.
class FakeServer {
 public:
  using Handler = std::function<FakeReply(const FakeRequest&)>;

  explicit FakeServer(Handler handler, bool has_tls = true);
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;
  ~FakeServer();

  std::uint16_t port() const { return port_; }
  /// "https://127.0.0.1:12345".
  std::string origin() const;
  /// How many connections were opened.
  int connections() const { return connections_; }
  /// Closes this many coming connections before anything is said.
  void refuse_next(int count) { to_refuse_ = count; }

 private:
  void accept_all();
  void serve(int socket);

  const Handler handler_;
  const bool has_tls_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_{0}, to_refuse_{0};
  std::atomic<bool> closing_{false};
  std::mutex mutex_;
  std::vector<int> sockets_;          // guarded by mutex_
  std::vector<std::thread> threads_;  // guarded by mutex_
  std::thread acceptor_;              // last: it uses all of the above
};

}  // namespace palimpsest::testing
