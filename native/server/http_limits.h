#pragma once

#include <chrono>
#include <cstddef>

#include "shared/base/json.h"

namespace palimpsest {

/// What one client may take of the server. Every time limit is absolute for its phase: a byte now and then wins
/// nothing.
struct HttpLimits {
  using Duration = std::chrono::milliseconds;

  std::size_t max_head_bytes = std::size_t{16} << 10;
  Duration head_time{10'000};  ///< from the first byte of a head (or the connection's start) to its end
  std::size_t max_target_bytes = 8192;
  std::size_t max_json_bytes = std::size_t{1} << 20;
  std::size_t max_picture_json_bytes = std::size_t{64} << 20;  ///< where base64 pictures are allowed
  std::size_t max_upload_bytes = std::size_t{55} << 20;        ///< of a form
  std::size_t max_bodies_bytes = std::size_t{512} << 20;       ///< of all bodies held in memory at once

  std::size_t min_body_bytes_per_second = std::size_t{32} << 10;
  Duration body_grace{5'000};  ///< before that rate counts
  Duration body_time{120'000};

  Duration idle_time{15'000};  ///< between the requests of a connection
  std::size_t max_requests_per_connection = 1000;
  Duration write_stall{10'000};  ///< without one byte taken

  std::size_t max_connections = 2048;
  std::size_t max_connections_per_address = 64;  ///< off loopback

  std::size_t max_event_streams = 1200;
  Duration heartbeat{15'000};
  std::size_t max_waiting_event_bytes = std::size_t{256} << 10;   ///< of small events, behind the one being written
  std::size_t max_waiting_picture_bytes = std::size_t{96} << 20;  ///< of events above 64 KiB, which carry pictures
};

/// The limits under the names above, for `GET /v1/limits`.
Json to_json(const HttpLimits& limits);

}  // namespace palimpsest
