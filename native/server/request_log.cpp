#include "native/server/request_log.h"

#include "shared/base/json.h"

namespace palimpsest {

std::string log_line(const RequestLog& log) {
  Json line(Json::Object{{"unix_ms", log.unix_ms},
                         {"id", log.id},
                         {"method", log.method},
                         {"path", log.path},
                         {"status", log.status},
                         {"remote", log.remote_address},
                         {"request_bytes", log.request_bytes},
                         {"response_bytes", log.response_bytes},
                         {"ms", log.seconds * 1000}});
  if (!log.note.empty()) line.set("note", log.note);
  return line.dump();
}

}  // namespace palimpsest
