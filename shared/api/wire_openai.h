#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/api/generation_request.h"
#include "shared/api/problem.h"
#include "shared/api/sse.h"
#include "shared/api/wire_error.h"

namespace palimpsest {

/// One picture of an answer.
struct PictureResult {
  std::string url;                    ///< empty: not sent
  std::string b64_json;               ///< empty: not sent
  std::string revised_prompt;         ///< empty: the prompt as given
  std::optional<std::uint64_t> seed;  ///< sent as the number `seed` and, for readers without 64-bit integers, as
                                      ///< the string `seed_string`, which wins when read
  bool operator==(const PictureResult&) const = default;
};

/// What usage counts; the local engine counts text tokens and image tokens as the network sees them.
struct Usage {
  std::int64_t text_tokens = 0, image_tokens = 0, output_tokens = 0;
  bool operator==(const Usage&) const = default;
};

/// The answer of /images/generations and /images/edits.
struct ImagesResult {
  std::int64_t created = 0;  ///< Unix seconds
  std::vector<PictureResult> pictures;
  std::string output_format, size;
  std::string model;       ///< what was asked for
  std::string provider;    ///< who answered
  std::string checkpoint;  ///< what the local engine ran, or the provider's name of the model
  std::string size_plan;   ///< how pictures were resized, in words
  std::optional<std::int64_t> cost_micros_usd;
  std::optional<std::int64_t> duration_ms;
  std::optional<Usage> usage;
  std::vector<Warning> warnings;
  bool operator==(const ImagesResult&) const = default;
};

/// `[{"code", "param", "message"}]`.
Json to_json(const std::vector<Warning>& warnings);

/// The JSON of an answer: OpenAI's members, and ours beside them.
Json to_json(const ImagesResult& result);

/// The answer of any OpenAI-compatible service; what only ours sends may be absent. Errors: `upstream_invalid`, 502,
/// where there is no list of pictures with a link or data each, or a member has a wrong type.
Result<ImagesResult> parse_images_result(const Json& json);

/// The model object, with the compiled schema of its parameters for `?schema=true`.
Json model_object(const Model& model, const Catalog& catalog, bool with_schema);

/// A model object for a folder of the local engine.
Json local_model_object(std::string_view id, const Catalog& catalog, bool with_schema);

/// `{"object": "list", "data": […]}`.
Json list_object(Json::Array data);

/// The parameters that a model object of any server of this kind describes. Errors: `catalog_invalid`.
Result<std::vector<Parameter>> parse_schema(const Json& model_object);

/// One event of a stream.
struct ImageEvent {
  enum class Kind { partial, completed, progress, failed };
  Kind kind = Kind::partial;
  Mode mode = Mode::generate;
  PictureResult picture = {};    ///< of partial and completed; of progress its seed alone
  std::int64_t index = 0;        ///< number of the preview, from 0
  std::int64_t image_index = 0;  ///< which picture of n, from 0
  std::int64_t created = 0;      ///< Unix seconds
  std::string output_format = {}, size = {};
  std::optional<Usage> usage = {};
  std::int64_t step = 0, steps = 0;                              ///< of progress
  std::optional<std::int64_t> eta_ms = {}, queue_position = {};  ///< of progress
  std::string job = {};
  std::optional<Error> error = {};  ///< of failed
  Json::Object more = {};           ///< further members of partial and completed, as written; not read back
  bool operator==(const ImageEvent& other) const;
};

/// The event on the wire, named `image_generation.partial_image`, `image_edit.completed` …, `progress` or `error`.
SseEvent to_sse(const ImageEvent& event);

/// The event of a stream; nothing for events of other names and for `[DONE]`. Errors: `upstream_invalid`, 502.
Result<std::optional<ImageEvent>> parse_image_event(const SseEvent& event);

}  // namespace palimpsest
