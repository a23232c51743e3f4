#include "web/api_client.h"

#include <utility>

#include "shared/base/utf8.h"
#include "shared/image/media_type.h"

namespace palimpsest {
namespace {

constexpr JsonLimits kAnswerLimits = {std::size_t{256} << 20, 32, 1'000'000, std::size_t{96} << 20};

std::string url_escaped(const std::string& text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                          c == '.' || c == '_' || c == '~' || c == '/';
    if (is_plain) {
      escaped += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      escaped += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return escaped;
}

std::string quoted_for_form(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '"') {
      escaped += "%22";
    } else if (c == '\r' || c == '\n') {
      escaped += c == '\r' ? "%0D" : "%0A";
    } else {
      escaped += c;
    }
  }
  return "\"" + escaped + "\"";
}

bool flag_of(const Json& json, std::string_view name, bool otherwise) {
  const Json* member = json.find(name);
  return member != nullptr && member->is_bool() ? *member->as_bool() : otherwise;
}

std::string answered_by(const std::string& provider, const std::string& checkpoint) {
  if (provider.empty() || checkpoint.empty()) return provider + checkpoint;
  return provider + " / " + checkpoint;
}

ModelEntry model_entry(const Json& json) {
  ModelEntry entry{json.text("id"), json.text("name"), flag_of(json, "available", true), ""};
  if (const Json* server = json.find("served_by")) {
    entry.answered_by = answered_by(server->text("provider"), server->text("checkpoint"));
  }
  if (entry.name.empty()) entry.name = entry.id;
  return entry;
}

Error error_of_answer(const HttpHead& head, const std::string& body) {
  const Result<Json> json = parse_json(body, kAnswerLimits);
  Error error = json ? parse_error_body(*json, head.status)
                     : Error{"http_error", "The server answered with status " + std::to_string(head.status) + ".", "",
                             head.status};
  error.http_status = head.status;
  if (head.status == 401) error.message += " Enter the server's key under Connection.";
  if (!head.retry_after.empty()) error.message += " Try again in " + head.retry_after + " s.";
  if (!head.request_id.empty()) error.message += " (request " + printable(head.request_id, 64) + ")";
  return error;
}

std::vector<Warning> warnings_of(const Json& json) {
  std::vector<Warning> warnings;
  const Json* list = json.find("warnings");
  if (list == nullptr || !list->is_array()) return warnings;
  for (const Json& item : *list->as_array()) {
    warnings.push_back({item.text("code"), item.text("param"), item.text("message")});
  }
  return warnings;
}

}  // namespace

std::string multipart_body(const std::vector<FormField>& fields, std::string& boundary) {
  const auto occurs = [&] {
    for (const FormField& field : fields) {
      if (field.value.find(boundary) != std::string::npos) return true;
    }
    return false;
  };
  boundary = "palimpsest-form-boundary";
  for (int i = 0; occurs(); ++i) boundary = "palimpsest-form-boundary-" + std::to_string(i);
  std::string body;
  for (const FormField& field : fields) {
    body += "--" + boundary + "\r\nContent-Disposition: form-data; name=" + quoted_for_form(field.name);
    if (field.is_file) {
      const std::string_view type = sniff_media_type(field.value);
      body += "; filename=" + quoted_for_form(field.file_name.empty() ? "input" : field.file_name) +
              "\r\nContent-Type: " + std::string(type.empty() ? "application/octet-stream" : type);
    }
    body += "\r\n\r\n" + field.value + "\r\n";
  }
  return body + "--" + boundary + "--\r\n";
}

bool ApiClient::Call::is_stream() const {
  return head.status == 200 && head.content_type.rfind("text/event-stream", 0) == 0;
}

void ApiClient::set_server(std::string base_url, std::string key) {
  while (!base_url.empty() && base_url.back() == '/') base_url.pop_back();
  base_url_ = std::move(base_url);
  key_ = std::move(key);
}

int ApiClient::start(Purpose purpose, int owner, HttpCall call) {
  call.call = ++last_call_;
  if (!key_.empty() && call.url.rfind(base_url_ + "/", 0) == 0) {
    call.headers.emplace_back("Authorization", "Bearer " + key_);
  }
  Call& kept = calls_[call.call];
  kept.purpose = purpose;
  kept.owner = owner;
  platform_.send(std::move(call));
  return last_call_;
}

void ApiClient::list_models() {
  start(Purpose::models, 0, {0, "GET", base_url_ + "/models", {}, ""});
}

void ApiClient::pair(const std::string& token) {
  const Json body(Json::Object{{"token", token}});
  start(Purpose::pairing, 0, {0, "POST", base_url_ + "/pair", {{"Content-Type", "application/json"}}, body.dump()});
}

void ApiClient::read_schema(const std::string& model) {
  const int call =
      start(Purpose::schema, 0, {0, "GET", base_url_ + "/models/" + url_escaped(model) + "?schema=true", {}, ""});
  calls_[call].model = model;
}

void ApiClient::submit(int run, const GenerationRequest& request) {
  HttpCall call{0, "POST", base_url_, {}, ""};
  if (request.mode == Mode::edit) {
    std::string boundary;
    call.body = multipart_body(to_form_fields(request), boundary);
    call.headers.emplace_back("Content-Type", "multipart/form-data; boundary=" + boundary);
    call.url += "/images/edits?progress=true";
  } else {
    call.body = to_json_body(request).dump();
    call.headers.emplace_back("Content-Type", "application/json");
    call.url += "/images/generations?progress=true";
  }
  start(Purpose::run, run, std::move(call));
}

void ApiClient::cancel(int run, const std::string& job) {
  for (auto call = calls_.begin(); call != calls_.end();) {
    const bool is_it = call->second.purpose == Purpose::run && call->second.owner == run;
    if (is_it) platform_.abort(call->first);
    call = is_it ? calls_.erase(call) : std::next(call);
  }
  if (!job.empty()) start(Purpose::cancellation, run, {0, "DELETE", base_url_ + "/jobs/" + url_escaped(job), {}, ""});
}

void ApiClient::fetch_picture(PictureId picture, const std::string& url) {
  start(Purpose::picture, picture, {0, "GET", url, {}, ""});
}

void ApiClient::read(const HttpEvent& event, std::vector<Event>& events) {
  const int id = std::visit([](const auto& each) { return each.call; }, event);
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;  // cancelled meanwhile
  if (const auto* head = std::get_if<HttpHead>(&event)) {
    found->second.head = *head;
  } else if (const auto* bytes = std::get_if<HttpBytes>(&event)) {
    read_bytes(found->second, bytes->bytes, events);
  } else {
    const Call call = std::move(found->second);
    calls_.erase(found);
    read_end(call, std::get<HttpEnd>(event), events);
  }
}

void ApiClient::read_bytes(Call& call, const std::string& bytes, std::vector<Event>& events) {
  if (call.purpose != Purpose::run || !call.is_stream()) {
    call.body += bytes;
    return;
  }
  for (const SseEvent& sse : call.decoder.feed(bytes)) read_stream_event(call, sse, events);
  if (const auto& error = call.decoder.error()) events.push_back(RunFailed{call.owner, *error});
}

void ApiClient::read_stream_event(const Call& call, const SseEvent& sse, std::vector<Event>& events) const {
  Result<std::optional<ImageEvent>> read = parse_image_event(sse);
  if (!read) return events.push_back(RunFailed{call.owner, read.error()});
  if (!*read) return;
  const bool is_completed = (*read)->kind == ImageEvent::Kind::completed;
  events.push_back(RunTold{call.owner, **std::move(read)});
  if (!is_completed) return;
  if (const Result<Json> json = parse_json(sse.data, kAnswerLimits)) {
    events.push_back(RunDescribed{call.owner, answered_by(json->text("provider"), json->text("checkpoint")),
                                  json->text("size_plan"), warnings_of(*json)});
  }
}

void ApiClient::read_run_answer(const Call& call, std::vector<Event>& events) const {
  if (call.head.status != 200) return events.push_back(RunFailed{call.owner, error_of_answer(call.head, call.body)});
  const Result<Json> json = parse_json(call.body, kAnswerLimits);
  if (!json) return events.push_back(RunFailed{call.owner, json.error()});
  Result<ImagesResult> result = parse_images_result(*json);
  if (!result) return events.push_back(RunFailed{call.owner, result.error()});
  events.push_back(RunAnswered{call.owner, *std::move(result)});
}

void ApiClient::read_end(const Call& call, const HttpEnd& end, std::vector<Event>& events) {
  const bool is_complete = end.is_complete;
  const bool is_good = is_complete && call.head.status == 200;
  const std::string unreachable =
      call.head.status == 0 ? "Nothing answered at " + base_url_ +
                                  ". Is the server running there, and may this page's origin call it (--allow-origin)?"
                            : "The connection to " + base_url_ + " broke off before the answer was complete.";
  if (call.purpose == Purpose::cancellation) return;
  if (call.purpose == Purpose::picture) {
    events.push_back(PictureFetched{call.owner, is_good ? std::make_shared<const std::string>(call.body) : nullptr});
    return;
  }
  if (call.purpose == Purpose::run) {
    if (!is_complete) return events.push_back(RunFailed{call.owner, {"connection_failed", unreachable, "", 502}});
    if (call.is_stream()) return events.push_back(RunClosed{call.owner});
    return read_run_answer(call, events);
  }
  if (!is_good) {
    std::optional<Error> error;
    if (is_complete) error = error_of_answer(call.head, call.body);
    return events.push_back(ServerFailed{std::move(error), end.failure});
  }
  const auto refuse = [&](const std::string& why) {
    events.push_back(ServerFailed{Error{"upstream_invalid", base_url_ + why, "", 400}, ""});
  };
  const Result<Json> json = parse_json(call.body, kAnswerLimits);
  if (!json) return refuse(" is not a server of this kind: its answer is no JSON.");
  if (call.purpose == Purpose::pairing) return events.push_back(Paired{json->text("key")});
  if (call.purpose == Purpose::schema) {
    Result<std::vector<Parameter>> parameters = parse_schema(*json);
    if (!parameters) return;  // a server without schemas: the form stays that of the catalogue
    SchemaRead read{call.model, *std::move(parameters), {}};
    if (const Json* groups = json->find("groups"); groups != nullptr && groups->is_array()) {
      for (const Json& group : *groups->as_array()) {
        if (group.is_string()) read.groups.push_back(*group.as_string());
      }
    }
    return events.push_back(std::move(read));
  }
  const Json* data = json->find("data");
  if (data == nullptr || !data->is_array()) return refuse("/models has no list of models in its answer.");
  ModelsListed listed;
  for (const Json& model : *data->as_array()) listed.models.push_back(model_entry(model));
  events.push_back(std::move(listed));
}

}  // namespace palimpsest
