#pragma once

#include <curl/curl.h>

#include <chrono>
#include <memory>
#include <optional>

#include "native/providers/http_client.h"

namespace palimpsest {

/// One call as libcurl carries it out. Used by the client's thread alone; included by http_client.cpp and
/// http_transfer.cpp only, since it shows libcurl.
class HttpTransfer {
 public:
  /// Errors: `url_refused`, 502; `invalid_value` for a header that is none.
  static Result<std::unique_ptr<HttpTransfer>> create(HttpCall call, const HttpClientOptions& options);
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;
  ~HttpTransfer();

  CURL* handle() const { return handle_; }
  /// How it ended, once libcurl has said so.
  HttpOutcome outcome(CURLcode code);
  /// Why it is to be given up now, if it is.
  std::optional<Error> lateness();
  /// Whether a byte of the request may have left this machine.
  bool may_have_arrived() const;

 private:
  using Clock = std::chrono::steady_clock;

  HttpTransfer(HttpCall call, const HttpClientOptions& options);
  void set_up(const std::string& url, bool is_trusted);
  void set_body();
  void note_progress();
  Error error_of(CURLcode code) const;

  static std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t take_header(char* bytes, std::size_t size, std::size_t count, void* self);
  static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);

  const HttpCall call_;
  const HttpClientOptions& options_;
  bool is_trusted_ = false;
  CURL* handle_ = nullptr;
  curl_slist* headers_ = nullptr;
  curl_slist* resolve_ = nullptr;
  curl_mime* form_ = nullptr;

  HttpAnswer answer_;
  std::size_t header_bytes_ = 0;
  bool is_too_large_ = false, is_private_ = false, is_header_complete_ = false;
  curl_off_t uploaded_ = 0;
  std::size_t received_ = 0;  // of headers and body
  const Clock::time_point started_ = Clock::now();
  Clock::time_point active_at_ = started_;     // when a byte last moved, before the answer begins
  Clock::time_point window_start_ = started_;  // of drip_window
  std::size_t window_received_ = 0;
};

}  // namespace palimpsest
