#include "native/jobs/job_json.h"

namespace palimpsest {
namespace {

Json picture_json(const ResultPicture& picture, const StoredImage& stored) {
  Json json;
  json.set("id", stored.id);
  json.set("seed", picture.seed);
  if (!picture.revised_prompt.empty()) json.set("revised_prompt", picture.revised_prompt);
  json.set("media_type", stored.media_type);
  json.set("width", stored.size.width);
  json.set("height", stored.size.height);
  json.set("size_bytes", stored.size_bytes);
  return json;
}

}  // namespace

Json to_json(const JobProgress& progress) {
  Json json;
  json.set("phase", progress.phase);
  json.set("step", progress.step);
  json.set("steps", progress.steps);
  if (progress.seconds_left) json.set("seconds_left", *progress.seconds_left);
  return json;
}

Json to_json(const ProviderAttempt& attempt) {
  Json json;
  json.set("provider", attempt.provider);
  json.set("endpoint", attempt.endpoint);
  json.set("outcome", attempt.outcome);
  if (!attempt.error.empty()) json.set("error", attempt.error);
  json.set("latency_ms", attempt.latency_ms);
  json.set("cost_micros_usd", attempt.cost_micros_usd);
  return json;
}

Json to_json(const JobResult& result, const std::vector<StoredImage>& stored) {
  Json::Array pictures;
  for (std::size_t i = 0; i < stored.size(); ++i) pictures.push_back(picture_json(result.pictures.at(i), stored[i]));
  Json::Array warnings(result.warnings.begin(), result.warnings.end());
  Json seconds{Json::Object()};
  for (const auto& [phase, time] : result.seconds) seconds.set(phase, time);
  Json json;
  json.set("model", result.model);
  json.set("provider", result.provider);
  json.set("cost_micros_usd", result.cost_micros_usd);
  Json::Array attempts;
  for (const ProviderAttempt& attempt : result.attempts) attempts.push_back(to_json(attempt));
  if (!attempts.empty()) json.set("attempts", std::move(attempts));
  json.set("pictures", std::move(pictures));
  json.set("warnings", std::move(warnings));
  json.set("seconds", std::move(seconds));
  if (!result.size_plan.empty()) json.set("size_plan", result.size_plan);
  if (result.usage) {
    json.set("usage", Json::Object{{"text_tokens", result.usage->text_tokens},
                                   {"image_tokens", result.usage->image_tokens},
                                   {"output_tokens", result.usage->output_tokens}});
  }
  return json;
}

}  // namespace palimpsest
