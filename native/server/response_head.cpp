#include "native/server/response_head.h"

#include <algorithm>
#include <ctime>

namespace palimpsest {
namespace {

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts = {};
  ::gmtime_r(&now, &parts);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return std::string(text, size);
}

bool is_sound(const Headers& headers) {
  return std::all_of(headers.begin(), headers.end(), [](const Headers::Field& field) {
    return is_token(field.first) && is_header_value(field.second);
  });
}

void add_defaults(Headers& headers) {
  const std::pair<const char*, const char*> kDefaults[] = {
      {"cache-control", "no-store"},
      {"content-security-policy", "default-src 'none'; frame-ancestors 'none'"},
      {"referrer-policy", "no-referrer"},
      {"x-content-type-options", "nosniff"},
      {"server", "palimpsest"}};
  for (const auto& [name, value] : kDefaults) {
    if (headers.find(name) == nullptr) headers.add(name, value);
  }
}

}  // namespace

std::string response_head(HttpResponse& response, const Headers& more, const std::string& request_id,
                          const ResponseFraming& framing) {
  if (!is_sound(response.headers) || response.status < 200 || response.status > 599) {
    response = error_response({std::string(codes::kInternal), "Something went wrong inside the server", "", 500});
    response.log_note = "a route answered with a malformed header or status";
  }
  Headers headers = response.headers;
  for (const Headers::Field& field : more) headers.add(field.first, field.second);
  add_defaults(headers);
  headers.set(header_names::kRequestId, request_id);
  headers.set("date", http_date());
  if (framing.body == ResponseFraming::Body::chunked) headers.set("transfer-encoding", "chunked");
  if (framing.body == ResponseFraming::Body::sized && response.status != 204 && response.status != 304) {
    headers.set("content-length", std::to_string(response.body ? response.body->size() : 0));
  }
  if (framing.closes) headers.set("connection", "close");

  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head.append(reason_phrase(response.status)).append("\r\n");
  for (const auto& [name, value] : headers) head.append(name).append(": ").append(value).append("\r\n");
  return head + "\r\n";
}

}  // namespace palimpsest
