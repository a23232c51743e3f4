#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "native/server/request_body.h"
#include "native/server/request_head.h"

namespace palimpsest {

/// A head that passed all rules.
struct ParsedHead {
  HttpRequest request;  ///< without id, addresses and body
  Framing framing;
  bool keep_alive = false;  ///< as the client wishes
};

/// Reads one request with Beast's parser, behind the stricter rules of request_head.h.
class RequestParser {
 public:
  RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;
  ~RequestParser();

  /// `head` is exactly what scan_head found. Once. Errors: 400 `malformed_request`, those of parse_target and of
  /// check_framing.
  Result<ParsedHead> read_head(std::string_view head);

  struct Progress {
    std::size_t used_bytes = 0;
    bool is_done = false;
    std::optional<Error> error = {};  ///< of the framing (400), or that of `body`
  };
  /// Decodes as much of the body as is there; what is not used must be handed in again with more behind it.
  Progress read_body(std::string_view bytes, RequestBody& body);

 private:
  struct Beast;
  std::unique_ptr<Beast> beast_;
};

}  // namespace palimpsest
