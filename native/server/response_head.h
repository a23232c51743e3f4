#pragma once

#include <string>

#include "native/server/http_types.h"

namespace palimpsest {

/// How an answer is framed.
struct ResponseFraming {
  enum class Body { sized, chunked, until_close };
  Body body = Body::sized;
  bool closes = false;  ///< the connection ends with it
};

/// The bytes of the head: status line, `headers`, then what every answer has: date, server, request id, nosniff, a
/// Content-Security-Policy that lets nothing run and `cache-control: no-store` where `headers` say nothing else. A
/// response with a name or value that may not stand in a header becomes a bare 500.
std::string response_head(HttpResponse& response, const Headers& more, const std::string& request_id,
                          const ResponseFraming& framing);

}  // namespace palimpsest
