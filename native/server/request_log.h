#pragma once

#include <cstdint>
#include <string>

namespace palimpsest {

/// What is known of a request once it is over. It holds no header, no query and no link that works as a key, so that
/// nothing secret can get into a log.
struct RequestLog {
  std::int64_t unix_ms = 0;  ///< when it began
  std::string id, method;
  std::string path;   ///< the route's pattern where the path is a secret
  std::string route;  ///< pattern; empty: unknown
  std::string remote_address;
  int status = 0;                                       ///< 499: the client left before the answer
  std::uint64_t request_bytes = 0, response_bytes = 0;  ///< of the bodies
  std::string note;                                     ///< what went wrong inside, for the operator
  double seconds = 0;                                   ///< from the end of the head to the end of the answer
};

/// The line of JSON that stands for it in a log.
std::string log_line(const RequestLog& log);

}  // namespace palimpsest
