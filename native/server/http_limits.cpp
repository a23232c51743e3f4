#include "native/server/http_limits.h"

namespace palimpsest {
namespace {

Json number(std::size_t value) {
  return Json(static_cast<std::uint64_t>(value));
}

Json seconds(HttpLimits::Duration time) {
  return Json(static_cast<double>(time.count()) / 1000);
}

}  // namespace

Json to_json(const HttpLimits& limits) {
  return Json(Json::Object{
      {"max_head_bytes", number(limits.max_head_bytes)},
      {"head_seconds", seconds(limits.head_time)},
      {"max_target_bytes", number(limits.max_target_bytes)},
      {"max_json_bytes", number(limits.max_json_bytes)},
      {"max_picture_json_bytes", number(limits.max_picture_json_bytes)},
      {"max_upload_bytes", number(limits.max_upload_bytes)},
      {"max_bodies_bytes", number(limits.max_bodies_bytes)},
      {"min_body_bytes_per_second", number(limits.min_body_bytes_per_second)},
      {"body_grace_seconds", seconds(limits.body_grace)},
      {"body_seconds", seconds(limits.body_time)},
      {"idle_seconds", seconds(limits.idle_time)},
      {"max_requests_per_connection", number(limits.max_requests_per_connection)},
      {"write_stall_seconds", seconds(limits.write_stall)},
      {"max_connections", number(limits.max_connections)},
      {"max_connections_per_address", number(limits.max_connections_per_address)},
      {"max_event_streams", number(limits.max_event_streams)},
      {"heartbeat_seconds", seconds(limits.heartbeat)},
      {"max_waiting_event_bytes", number(limits.max_waiting_event_bytes)},
      {"max_waiting_picture_bytes", number(limits.max_waiting_picture_bytes)},
  });
}

}  // namespace palimpsest
