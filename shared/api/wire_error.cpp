#include "shared/api/wire_error.h"

namespace palimpsest {
namespace {

Json param_or_null(const std::string& param) {
  return param.empty() ? Json() : Json(param);
}

// A string, or the text of another scalar: some services send numbers as codes.
std::string text_of(const Json* json) {
  if (json == nullptr || json->is_null() || json->is_object() || json->is_array()) return "";
  return json->is_string() ? *json->as_string() : json->dump();
}

// The first of the members that has a text; FastAPI's `detail` may be a list of objects with `msg`.
std::string message_of(const Json& json) {
  if (json.is_string()) return *json.as_string();
  for (const char* key : {"message", "detail", "msg", "error", "title"}) {
    const Json* member = json.find(key);
    if (member == nullptr) continue;
    const bool is_list = member->is_array() && !member->as_array()->empty();
    const std::string text = is_list ? message_of(member->as_array()->front()) : text_of(member);
    if (!text.empty()) return text;
  }
  return "";
}

}  // namespace

std::string_view error_type(const Error& error) {
  if (error.code == "moderation_blocked") return "image_generation_user_error";
  if (error.http_status == 401) return "authentication_error";
  if (error.http_status == 429) return "rate_limit_error";
  return error.http_status >= 500 ? "server_error" : "invalid_request_error";
}

Json error_body(const std::vector<Problem>& problems) {
  const Error& first = problems.front().error;
  Json error;
  error.set("message", first.message);
  error.set("type", std::string(error_type(first)));
  error.set("param", param_or_null(first.param));
  error.set("code", first.code);
  if (problems.size() > 1) {
    Json::Array all;
    for (const Problem& problem : problems) {
      all.emplace_back(Json::Object{{"message", problem.error.message},
                                    {"param", param_or_null(problem.error.param)},
                                    {"code", problem.error.code},
                                    {"pointer", problem.pointer}});
    }
    error.set("errors", std::move(all));
  }
  return Json(Json::Object{{"error", std::move(error)}});
}

int http_status(const std::vector<Problem>& problems) {
  return problems.front().error.http_status;
}

Error parse_error_body(const Json& body, int http_status) {
  const Json* inner = body.find("error");
  const Json& source = inner != nullptr && (inner->is_object() || inner->is_string()) ? *inner : body;
  Error error{text_of(source.find("code")), message_of(source), text_of(source.find("param")), http_status};
  if (error.code.empty()) error.code = text_of(source.find("type"));
  if (error.code.empty()) error.code = "http_" + std::to_string(http_status);
  if (error.message.empty()) error.message = "The server answered with status " + std::to_string(http_status);
  return error;
}

}  // namespace palimpsest
