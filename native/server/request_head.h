#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "native/server/http_types.h"
#include "shared/base/result.h"

namespace palimpsest {

/// Where a request head stands in the bytes so far.
struct HeadScan {
  std::size_t size = 0;  ///< of the whole head with its empty line; 0: not all there yet
  std::optional<Error> refusal = {};
};

/// Looks for the end of a head and, byte by byte, for forms that two servers could read differently: a line end that
/// is not CR LF, folded lines, control characters, an empty line or space in front, a target that is not a path, space
/// around a name, HTTP versions but 1.0 and 1.1. Errors: 400 `malformed_request`, 414 `uri_too_long`, 431
/// `headers_too_large`, 505 `http_version`.  Source: RFC 9112 sections 2.2, 3, 5.
HeadScan scan_head(std::string_view bytes, std::size_t max_head_bytes, std::size_t max_target_bytes);

/// A path's segments and query.
struct Target {
  std::string path;
  std::vector<std::string> segments;
  std::map<std::string, std::string> query;
};

/// Decodes each segment by itself, once, so that `%2F` stays within its segment. Errors: 400 `malformed_request` for an
/// incomplete escape, one of a control character, or what is not UTF-8.
Result<Target> parse_target(std::string_view target);

/// How the body comes.
struct Framing {
  bool is_chunked = false;
  std::optional<std::uint64_t> length = {};  ///< Content-Length
  bool expects_continue = false;
  bool has_body() const { return is_chunked || length.value_or(0) > 0; }
};

/// The headers that frame the message. Errors: 400 where Host is not there exactly once, for two lengths, a length that
/// is no number, Transfer-Encoding together with Content-Length or in HTTP/1.0; 501 for another coding; 417 for another
/// Expect; 415 for a Content-Encoding.  Source: RFC 9112 section 6.
Result<Framing> check_framing(const HttpRequest& request);

}  // namespace palimpsest
