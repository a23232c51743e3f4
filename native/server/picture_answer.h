#pragma once

#include <string>

#include "native/jobs/generation_job.h"
#include "native/server/app_state.h"
#include "native/server/http_types.h"
#include "shared/api/wire_openai.h"

namespace palimpsest {

/// A finished or unfinished job with what its texts say.
struct ReadJob {
  JobRecord record;
  GenerationJob job;
};

/// Errors: PalimpsestError 404 `job_not_found`.
ReadJob read_job(AppState& app, const std::string& id);

/// `http://host:port` as the client called the server.
std::string base_url(const HttpRequest& request);
/// The link under which a stored picture is served.
std::string picture_url(const std::string& base, const std::string& image_id);

/// The answer of a job that succeeded, each picture as `format` says. A picture whose time is over comes as its link
/// alone, and a warning says so.
ImagesResult images_result(AppState& app, const ReadJob& read, const std::string& base, ResponseFormat format);

/// The same for a request with sync_mode: pictures as data URLs, which are then deleted here.
ImagesResult take_pictures(AppState& app, const ReadJob& read, ResponseFormat format);

/// Who answered, as response headers.
Headers answerer_headers(const std::string& checkpoint);

/// The answer to a problem, with what tells clients whether to come again: `retry-after`, and `x-should-retry: false`
/// where trying again cannot help. `is_final`: a job ended with it.
HttpResponse problem_response(const Error& error, const AppState& app, bool is_final = false);

}  // namespace palimpsest
