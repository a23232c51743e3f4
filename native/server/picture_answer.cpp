#include "native/server/picture_answer.h"

#include <algorithm>
#include <utility>

#include "native/storage/image_store.h"
#include "shared/api/size.h"
#include "shared/catalog/object_reader.h"
#include "shared/image/base64.h"

namespace palimpsest {
namespace {

constexpr int kLoadingRetrySeconds = 2;

/// One picture of a job's stored result.
struct StoredPicture {
  std::string id, media_type;
  std::uint64_t seed = 0;
  ImageSize size;
};

/// A job's stored result: what job_json.h writes.
struct StoredResult {
  std::vector<StoredPicture> pictures;
  std::vector<std::string> warnings;
  std::string model, size_plan;
  std::optional<Usage> usage;
};

Result<StoredPicture> parse_picture(const Json& json, const std::string& pointer) {
  ObjectReader reader(json, pointer);
  StoredPicture picture;
  std::int64_t width = 0, height = 0;
  reader.read("id", picture.id, true);
  reader.read("media_type", picture.media_type, true);
  reader.read("width", width, true);
  reader.read("height", height, true);
  const Json* seed = reader.member("seed", true);
  if (seed != nullptr && !seed->to_uint64(picture.seed)) reader.report("seed", "an integer is needed");
  picture.size = {static_cast<int>(width), static_cast<int>(height)};
  return reader.finish(std::move(picture));
}

std::optional<Usage> parse_usage(const Json* json) {
  if (json == nullptr) return std::nullopt;
  ObjectReader reader(*json, "/usage");
  Usage usage;
  reader.read("text_tokens", usage.text_tokens);
  reader.read("image_tokens", usage.image_tokens);
  reader.read("output_tokens", usage.output_tokens);
  return usage;
}

StoredResult parse_result(const std::string& text) {
  const Json json = parse_json(text).value_or_throw();
  ObjectReader reader(json, "");
  StoredResult result;
  reader.read("model", result.model);
  reader.read("size_plan", result.size_plan);
  reader.read("warnings", result.warnings);
  reader.read_items("pictures", result.pictures, parse_picture, true);
  result.usage = parse_usage(json.find("usage"));
  Result<StoredResult> finished = reader.finish(std::move(result));
  if (!finished) fail(codes::kInternal, "a stored result cannot be read: " + finished.error().message, 500);
  return *std::move(finished);
}

/// The engine's sentences begin with the parameter's name where they are about one; what was said before is not
/// repeated.
void add_engine_warnings(const std::vector<std::string>& sentences, std::vector<Warning>& warnings) {
  for (const std::string& sentence : sentences) {
    const Parameter* parameter = built_in_catalog().find_parameter(sentence.substr(0, sentence.find(' ')));
    const std::string param = parameter == nullptr ? "" : parameter->name;
    const bool is_known = std::any_of(warnings.begin(), warnings.end(), [&](const Warning& warning) {
      return !param.empty() && warning.param == param && warning.code == "ignored_parameter";
    });
    if (!is_known) warnings.push_back({param.empty() ? "changed_value" : "ignored_parameter", param, sentence});
  }
}

/// Absent where the picture's time is over.
std::optional<std::string> picture_bytes(AppState& app, const std::string& id) {
  return app.storage.read([&](Database& database) -> std::optional<std::string> {
    const ImageStore images(database, app.storage.files());
    if (!images.find(id, unix_now())) return std::nullopt;
    return images.bytes(id, unix_now());
  });
}

ImagesResult result_without_pictures(const ReadJob& read, const StoredResult& stored) {
  ImagesResult result;
  result.created = read.record.finished_ms.value_or(read.record.created_ms) / 1000;
  result.output_format = read.job.request.output_format;
  if (!stored.pictures.empty()) result.size = to_string(stored.pictures.front().size);
  result.model = read.job.request.model;
  result.provider = "local";
  result.checkpoint = stored.model;
  result.size_plan = stored.size_plan;
  result.cost_micros_usd = 0;
  if (read.record.started_ms && read.record.finished_ms) {
    result.duration_ms = *read.record.finished_ms - *read.record.started_ms;
  }
  result.usage = stored.usage;
  result.warnings = read.job.warnings;
  add_engine_warnings(stored.warnings, result.warnings);
  return result;
}

bool is_hopeless(const Error& error, bool is_final) {
  return error.code == "engine_failed" || error.code == codes::kOutOfMemory || error.code == "moderation_blocked" ||
         (is_final && (error.http_status >= 500 || error.code == codes::kCancelled));
}

}  // namespace

ReadJob read_job(AppState& app, const std::string& id) {
  std::optional<JobRecord> record =
      app.storage.read([&](Database& database) { return JobStore(database, app.storage.files()).find(id); });
  if (!record) fail("job_not_found", "There is no such job, or its time is over", 404);
  GenerationJob job = parse_generation_job(record->request, app.catalog);
  return {*std::move(record), std::move(job)};
}

std::string base_url(const HttpRequest& request) {
  const std::string* host = request.headers.find("host");
  return "http://" + (host == nullptr ? "" : *host);
}

std::string picture_url(const std::string& base, const std::string& image_id) {
  return base + "/v1/images/" + image_id;
}

ImagesResult images_result(AppState& app, const ReadJob& read, const std::string& base, ResponseFormat format) {
  const StoredResult stored = parse_result(read.record.result.value_or("{}"));
  ImagesResult result = result_without_pictures(read, stored);
  for (const StoredPicture& picture : stored.pictures) {
    PictureResult entry;
    entry.seed = picture.seed;
    if (format != ResponseFormat::url) {
      const std::optional<std::string> bytes = picture_bytes(app, picture.id);
      if (bytes) entry.b64_json = encode_base64(*bytes);
    }
    const bool is_gone = format != ResponseFormat::url && entry.b64_json.empty();
    if (is_gone) result.warnings.push_back({"expired", "", "The picture's time is over; its link leads nowhere."});
    if (format != ResponseFormat::b64_json || is_gone) entry.url = picture_url(base, picture.id);
    result.pictures.push_back(std::move(entry));
  }
  return result;
}

ImagesResult take_pictures(AppState& app, const ReadJob& read, ResponseFormat format) {
  const StoredResult stored = parse_result(read.record.result.value_or("{}"));
  ImagesResult result = result_without_pictures(read, stored);
  for (const StoredPicture& picture : stored.pictures) {
    const std::optional<std::string> bytes = picture_bytes(app, picture.id);
    if (!bytes) fail("image_not_found", "The picture of this request was handed out before and is not kept", 404);
    PictureResult entry;
    entry.seed = picture.seed;
    const std::string base64 = encode_base64(*bytes);
    if (format != ResponseFormat::b64_json) entry.url = "data:" + picture.media_type + ";base64," + base64;
    if (format != ResponseFormat::url) entry.b64_json = base64;
    result.pictures.push_back(std::move(entry));
  }
  app.storage.write_and_wait([&](Database& database) {
    ImageStore images(database, app.storage.files());
    for (const StoredPicture& picture : stored.pictures) images.remove(picture.id);
  });
  return result;
}

Headers answerer_headers(const std::string& checkpoint) {
  Headers headers = {{header_names::kProvider, "local"}};
  if (is_header_value(checkpoint)) headers.add(header_names::kCheckpoint, checkpoint);
  return headers;
}

HttpResponse problem_response(const Error& error, const AppState& app, bool is_final) {
  int retry_after = 0;
  if (error.http_status == 429) retry_after = app.queue.retry_after_seconds();
  if (error.code == "model_loading" || error.code == "shutting_down") retry_after = kLoadingRetrySeconds;
  HttpResponse response = error_response(error, retry_after);
  if (is_hopeless(error, is_final)) response.headers.add("x-should-retry", "false");
  if (error.http_status >= 500) response.log_note = error.message;
  return response;
}

}  // namespace palimpsest
