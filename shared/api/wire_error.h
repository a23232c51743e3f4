#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/api/problem.h"
#include "shared/base/json.h"

namespace palimpsest {

/// OpenAI's `type` of an error: `invalid_request_error`, `authentication_error`, `rate_limit_error`, `server_error`, or
/// `image_generation_user_error` for a picture refused by moderation.
std::string_view error_type(const Error& error);

/// `{"error": {"message", "type", "param", "code"}}` of the first problem, with `errors` naming all of them (message,
/// param, code, pointer) where there are several. At least one problem is needed.
Json error_body(const std::vector<Problem>& problems);

/// The status to answer with: that of the first problem.
int http_status(const std::vector<Problem>& problems);

/// The error of an answer, whatever its form: OpenAI's, one with `detail`, or a mere string. `http_status` is kept.
Error parse_error_body(const Json& body, int http_status);

}  // namespace palimpsest
