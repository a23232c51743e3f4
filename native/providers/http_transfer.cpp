#include "native/providers/http_transfer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "native/providers/address_rules.h"
#include "native/providers/web_address.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

constexpr std::size_t kMaxHeaderBytes = std::size_t{64} << 10;
constexpr std::size_t kLeastBytesAWindow = 1'024;

bool is_field(const std::string& text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

std::string host_of(const std::string& url) {
  const Result<WebAddress> address = parse_web_address(url);
  return address ? address->host : "the server";
}

}  // namespace

Result<std::unique_ptr<HttpTransfer>> HttpTransfer::create(HttpCall call, const HttpClientOptions& options) {
  const Result<WebAddress> address = check_web_address(call.url, {}, options.trusted_origins);
  if (!address) return address.error();
  for (const auto& [name, value] : call.headers) {
    if (!is_field(name) || !is_field(value)) {
      return Error{std::string(codes::kInvalidValue), "The header " + printable(name) + " has a line end in it", "",
                   500};
    }
  }
  std::unique_ptr<HttpTransfer> transfer(new HttpTransfer(std::move(call), options));
  const auto& origins = options.trusted_origins;
  transfer->set_up(address->url, std::find(origins.begin(), origins.end(), address->origin()) != origins.end());
  return transfer;
}

HttpTransfer::HttpTransfer(HttpCall call, const HttpClientOptions& options)
    : call_(std::move(call)), options_(options), handle_(curl_easy_init()) {
  if (handle_ == nullptr) fail(codes::kInternal, "libcurl has no memory", 500);
}

HttpTransfer::~HttpTransfer() {
  curl_easy_cleanup(handle_);
  curl_mime_free(form_);
  curl_slist_free_all(headers_);
  curl_slist_free_all(resolve_);
}

void HttpTransfer::set_up(const std::string& url, bool is_trusted) {
  is_trusted_ = is_trusted;
  curl_easy_setopt(handle_, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle_, CURLOPT_PROTOCOLS_STR, is_trusted ? "http,https" : "https");
  curl_easy_setopt(handle_, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle_, CURLOPT_PROXY, "");
  curl_easy_setopt(handle_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(handle_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect.count()));
  curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYHOST, 2L);
  if (is_trusted && !options_.ca_file.empty()) curl_easy_setopt(handle_, CURLOPT_CAINFO, options_.ca_file.c_str());
  if (call_.once) curl_easy_setopt(handle_, CURLOPT_FRESH_CONNECT, 1L);
  for (const std::string& entry : options_.resolve) resolve_ = curl_slist_append(resolve_, entry.c_str());
  if (resolve_ != nullptr) curl_easy_setopt(handle_, CURLOPT_RESOLVE, resolve_);
  curl_easy_setopt(handle_, CURLOPT_OPENSOCKETFUNCTION, &HttpTransfer::open_socket);
  curl_easy_setopt(handle_, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, &HttpTransfer::take_body);
  curl_easy_setopt(handle_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(handle_, CURLOPT_HEADERFUNCTION, &HttpTransfer::take_header);
  curl_easy_setopt(handle_, CURLOPT_HEADERDATA, this);
  for (const auto& [name, value] : call_.headers) headers_ = curl_slist_append(headers_, (name + ": " + value).c_str());
  headers_ = curl_slist_append(headers_, "User-Agent: Palimpsest");
  headers_ = curl_slist_append(headers_, "Expect:");  // a body is sent without asking first
  curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, headers_);
  set_body();
}

void HttpTransfer::set_body() {
  if (!call_.form.empty()) {
    form_ = curl_mime_init(handle_);
    for (const FormField& field : call_.form) {
      curl_mimepart* part = curl_mime_addpart(form_);
      curl_mime_name(part, field.name.c_str());
      curl_mime_data(part, field.value.data(), field.value.size());
      if (field.is_file) curl_mime_filename(part, field.file_name.empty() ? "image" : field.file_name.c_str());
    }
    curl_easy_setopt(handle_, CURLOPT_MIMEPOST, form_);
  } else if (!call_.body.empty() || call_.method == "POST" || call_.method == "PUT") {
    curl_easy_setopt(handle_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call_.body.size()));
    curl_easy_setopt(handle_, CURLOPT_POSTFIELDS, call_.body.c_str());
  }
  if (call_.method != "GET") curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, call_.method.c_str());
}

curl_socket_t HttpTransfer::open_socket(void* self, curlsocktype, curl_sockaddr* address) {
  auto* transfer = static_cast<HttpTransfer*>(self);
  if (!transfer->is_trusted_ && !is_public_address(address->addr)) {
    transfer->is_private_ = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::size_t HttpTransfer::take_body(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto* transfer = static_cast<HttpTransfer*>(self);
  const std::size_t total = size * count;
  transfer->received_ += total;
  if (total > transfer->call_.max_bytes - transfer->answer_.body.size()) {
    transfer->is_too_large_ = true;
    return CURL_WRITEFUNC_ERROR;
  }
  transfer->answer_.body.append(bytes, total);
  return total;
}

std::size_t HttpTransfer::take_header(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto* transfer = static_cast<HttpTransfer*>(self);
  const std::size_t total = size * count;
  transfer->received_ += total;
  transfer->header_bytes_ += total;
  if (transfer->header_bytes_ > kMaxHeaderBytes) {
    transfer->is_too_large_ = true;
    return CURL_WRITEFUNC_ERROR;
  }
  const std::string_view line = trimmed({bytes, total});
  const std::size_t colon = line.find(':');
  if (line.starts_with("HTTP/")) {
    transfer->answer_.headers.clear();  // of an interim answer
    transfer->is_header_complete_ = false;
  } else if (line.empty()) {
    transfer->is_header_complete_ = true;
  } else if (colon != std::string_view::npos) {
    transfer->answer_.headers.emplace_back(lower(trimmed(line.substr(0, colon))),
                                           std::string(trimmed(line.substr(colon + 1))));
  }
  return total;
}

bool HttpTransfer::may_have_arrived() const {
  curl_off_t ready_to_send = 0;
  curl_easy_getinfo(handle_, CURLINFO_PRETRANSFER_TIME_T, &ready_to_send);
  return ready_to_send > 0;
}

HttpOutcome HttpTransfer::outcome(CURLcode code) {
  // libcurl takes a connection that ends within the header for the end of an empty body.
  if (code == CURLE_OK && !is_header_complete_) code = CURLE_GOT_NOTHING;
  if (code != CURLE_OK) return {error_of(code), may_have_arrived()};
  long status = 0;
  curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
  answer_.status = static_cast<int>(status);
  return {std::move(answer_), true};
}

Error HttpTransfer::error_of(CURLcode code) const {
  const std::string host = host_of(call_.url);
  if (is_too_large_) {
    return {"upstream_too_large", host + " sent more than " + std::to_string(call_.max_bytes) + " bytes", "", 502};
  }
  if (is_private_ && !may_have_arrived()) {
    return {"url_refused", host + " leads into a private network, which is not called", "", 502};
  }
  if (code == CURLE_OPERATION_TIMEDOUT) return {"upstream_timeout", host + " could not be reached in time", "", 504};
  return {"upstream_unreachable", "The call to " + host + " failed: " + curl_easy_strerror(code), "", 502};
}

void HttpTransfer::note_progress() {
  curl_off_t uploaded = 0;
  curl_easy_getinfo(handle_, CURLINFO_SIZE_UPLOAD_T, &uploaded);
  if (uploaded != uploaded_) active_at_ = Clock::now();
  uploaded_ = uploaded;
}

std::optional<Error> HttpTransfer::lateness() {
  const auto now = Clock::now();
  const auto late = [this](const char* what) { return Error{"upstream_timeout", host_of(call_.url) + what, "", 504}; };
  if (now - started_ > call_.total) return late(" did not answer in time");
  if (received_ == 0) {
    note_progress();
    window_start_ = now;
    if (now - active_at_ > call_.first_byte) return late(" was silent for too long");
    return std::nullopt;
  }
  if (now - window_start_ < options_.drip_window) return std::nullopt;
  if (received_ - window_received_ < kLeastBytesAWindow) return late(" answers too slowly");
  window_start_ = now;
  window_received_ = received_;
  return std::nullopt;
}

}  // namespace palimpsest
