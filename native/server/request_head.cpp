#include "native/server/request_head.h"

#include <algorithm>
#include <charconv>

#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

Error malformed(std::string message) {
  return {"malformed_request", std::move(message)};
}

bool is_control(unsigned char c) {
  return c < 0x20 || c == 0x7F;
}

std::optional<Error> check_target(std::string_view target) {
  if (target.empty() || target.front() != '/') return malformed("The request target must be a path that begins with /");
  const bool is_plain =
      std::all_of(target.begin(), target.end(), [](unsigned char c) { return c > 0x20 && c < 0x7F && c != '#'; });
  if (!is_plain) return malformed("The request target holds a character that must be percent-encoded");
  return std::nullopt;
}

std::optional<Error> check_request_line(std::string_view line) {
  const std::size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return malformed("The request line must be a method, a path and an HTTP version");
  }
  if (first > 32 || !is_token(line.substr(0, first))) return malformed("The request line begins with no method");
  if (auto refusal = check_target(line.substr(first + 1, last - first - 1))) return refusal;
  const std::string_view version = line.substr(last + 1);
  if (version == "HTTP/1.1" || version == "HTTP/1.0") return std::nullopt;
  if (version.substr(0, 5) == "HTTP/") return Error{"http_version", "Only HTTP/1.1 and HTTP/1.0 are spoken", "", 505};
  return malformed("The request line must end in an HTTP version");
}

std::optional<Error> check_header_line(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') return malformed("Header fields must not be folded over lines");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return malformed("A header line has no colon");
  if (!is_token(line.substr(0, colon))) return malformed("A header's name is empty or holds a space or separator");
  if (!is_header_value(line.substr(colon + 1))) return malformed("A header's value holds a control character");
  return std::nullopt;
}

// The first thing wrong with a line that is not complete yet but already cannot become right.
std::optional<Error> check_partial(std::string_view rest, bool is_request_line, std::size_t max_target_bytes) {
  const std::size_t line_end = rest.find_first_of("\r\n");
  if (line_end != std::string_view::npos && (rest[line_end] == '\n' || line_end + 1 < rest.size())) {
    return malformed("Lines must end in CR LF");
  }
  const std::string_view line = rest.substr(0, line_end);
  if (std::any_of(line.begin(), line.end(), [](unsigned char c) { return is_control(c) && c != '\t'; })) {
    return malformed("The head holds a control character");
  }
  const std::size_t space = is_request_line ? line.find(' ') : std::string_view::npos;
  if (space == std::string_view::npos) return std::nullopt;
  const std::size_t target_bytes = std::min(line.find(' ', space + 1), line.size()) - space - 1;
  if (target_bytes <= max_target_bytes) return std::nullopt;
  return Error{"uri_too_long", "The request target is longer than " + std::to_string(max_target_bytes) + " bytes", "",
               414};
}

}  // namespace

HeadScan scan_head(std::string_view bytes, std::size_t max_head_bytes, std::size_t max_target_bytes) {
  const std::string_view head = bytes.substr(0, max_head_bytes);
  for (std::size_t begin = 0;;) {
    const bool is_request_line = begin == 0;
    const std::size_t end = head.find("\r\n", begin);
    const std::string_view line = head.substr(begin, end == std::string_view::npos ? end : end - begin);
    if (auto refusal = check_partial(line, is_request_line, max_target_bytes)) return {0, refusal};
    if (end == std::string_view::npos) break;
    if (line.empty() && !is_request_line) return {end + 2};
    if (auto refusal = is_request_line ? check_request_line(line) : check_header_line(line)) return {0, refusal};
    begin = end + 2;
  }
  if (bytes.size() < max_head_bytes) return {};
  return {0, Error{"headers_too_large",
                   "The request's head is larger than " + std::to_string(max_head_bytes) + " bytes", "", 431}};
}

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

Result<std::string> decode_percent(std::string_view text, bool plus_is_space) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1, low = high >= 0 ? hex_digit(text[i + 2]) : -1;
      if (low < 0) return malformed("The request target has a % without two hexadecimal digits");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (is_control(static_cast<unsigned char>(c))) return malformed("The request target holds a control character");
    decoded += c;
  }
  if (first_invalid_utf8(decoded) != decoded.size()) return malformed("The request target is not UTF-8");
  return decoded;
}

// Calls `visit` with each piece; false from it ends the walk.
template <typename Visit>
void for_each_piece(std::string_view text, char separator, Visit visit) {
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    if (end > begin && !visit(text.substr(begin, end - begin))) return;
    begin = end + 1;
  }
}

}  // namespace

Result<Target> parse_target(std::string_view target) {
  Target result;
  std::optional<Error> error;
  const std::size_t mark = std::min(target.find('?'), target.size());
  result.path = target.substr(0, mark);
  for_each_piece(result.path, '/', [&](std::string_view piece) {
    Result<std::string> segment = decode_percent(piece, false);
    if (!segment)
      error = segment.error();
    else
      result.segments.push_back(*std::move(segment));
    return !error;
  });
  if (error || mark == target.size()) return error ? Result<Target>(*error) : Result<Target>(std::move(result));
  for_each_piece(target.substr(mark + 1), '&', [&](std::string_view piece) {
    const std::size_t equals = std::min(piece.find('='), piece.size());
    Result<std::string> name = decode_percent(piece.substr(0, equals), true);
    Result<std::string> value = decode_percent(piece.substr(std::min(equals + 1, piece.size())), true);
    if (!name || !value)
      error = name ? value.error() : name.error();
    else
      result.query.emplace(*std::move(name), *std::move(value));
    return !error;
  });
  if (error) return *error;
  return result;
}

namespace {

Result<std::uint64_t> parse_length(const std::string& text) {
  std::uint64_t length = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (problem != std::errc() || end != text.data() + text.size()) return malformed("Content-Length must be one number");
  return length;
}

std::optional<Error> check_singles(const HttpRequest& request) {
  for (const char* name : {"host", "content-length", "transfer-encoding", "content-type", "expect", "origin",
                           "authorization", "sec-fetch-site"}) {
    if (request.headers.count(name) > 1) return malformed(std::string("There is more than one header ") + name);
  }
  if (request.headers.count("host") == 0) return malformed("There is no header host");
  return std::nullopt;
}

std::optional<Error> check_encodings(const HttpRequest& request) {
  const std::string* coding = request.headers.find("transfer-encoding");
  if (coding != nullptr && request.headers.count("content-length") > 0) {
    return malformed("A request must not have both Transfer-Encoding and Content-Length");
  }
  if (coding != nullptr && request.version < 11) return malformed("HTTP/1.0 has no Transfer-Encoding");
  if (coding != nullptr && !equal_ignoring_case(*coding, "chunked")) {
    return Error{"unsupported_transfer_encoding", "The only Transfer-Encoding understood is chunked", "", 501};
  }
  const std::string* content = request.headers.find("content-encoding");
  if (content != nullptr && !equal_ignoring_case(*content, "identity")) {
    return Error{"unsupported_content_encoding", "Request bodies must not be compressed", "", 415};
  }
  const std::string* expect = request.headers.find("expect");
  if (expect != nullptr && !equal_ignoring_case(*expect, "100-continue")) {
    return Error{"expectation_failed", "The only Expect understood is 100-continue", "", 417};
  }
  return std::nullopt;
}

}  // namespace

Result<Framing> check_framing(const HttpRequest& request) {
  if (auto error = check_singles(request)) return *error;
  if (auto error = check_encodings(request)) return *error;
  Framing framing;
  framing.is_chunked = request.headers.find("transfer-encoding") != nullptr;
  framing.expects_continue = request.headers.find("expect") != nullptr;
  if (const std::string* text = request.headers.find("content-length")) {
    const Result<std::uint64_t> length = parse_length(*text);
    if (!length) return length.error();
    framing.length = *length;
  }
  return framing;
}

}  // namespace palimpsest
