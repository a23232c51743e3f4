#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace palimpsest::testing {

/// One answer as it came.
struct RawResponse {
  int status = 0;                              ///< 0: the connection ended without an answer
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;                            ///< decoded from its chunks

  std::string header(const std::string& name) const;
};

/// A blocking connection to a server on this machine that sends whatever bytes it is told to. What does not happen
/// within ten seconds counts as not happening.
class HttpConnection {
 public:
  explicit HttpConnection(std::uint16_t port, const std::string& address = "127.0.0.1");
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;
  ~HttpConnection() { close(); }

  /// False where the server has closed meanwhile.
  bool send(std::string_view bytes);
  void finish_sending();  ///< half-closes
  void close();
  void reset();  ///< closes so that the other side sees an error

  /// Reads one answer; that to a HEAD request has no body.
  RawResponse read_response(bool is_head = false);
  /// Reads until `text` has come, and returns all up to its end; what there is where it does not come.
  std::string read_until(std::string_view text);
  /// Whether the server ends the connection, whatever it sends before.
  bool is_closed_by_server();

 private:
  bool fill();

  int socket_ = -1;
  std::string in_;
};

/// Sends one request on a connection of its own.
RawResponse ask(std::uint16_t port, std::string_view bytes, bool is_head = false);

}  // namespace palimpsest::testing
