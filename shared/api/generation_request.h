#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/api/image_request.h"
#include "shared/api/size_choice.h"
#include "shared/base/json.h"
#include "shared/catalog/catalog.h"

namespace palimpsest {

/// A picture as it came with a request, not decoded.
struct InputPicture {
  std::string bytes;       ///< the file
  std::string file_name;   ///< as the client named it, for display only
  std::string media_type;  ///< by the signature of `bytes`; empty where that says nothing
  std::string url;         ///< an https address to fetch instead of `bytes`, where the server allows it
};

struct LoraChoice {
  std::string name;
  double scale = 1;
};

enum class ResponseFormat { both, url, b64_json };

/// One request on the wire that can run, whoever will answer it.
struct GenerationRequest {
  Mode mode = Mode::generate;
  std::string model;     ///< id in the catalogue, or `local/<name>`
  std::string provider;  ///< the provider it is pinned to; empty: the router chooses
  std::string endpoint;  ///< the provider's key where one was named exactly

  ImageRequest image;                  ///< what the local engine draws; its `images` are decoded from `pictures` later
  std::optional<AspectRatio> ratio;    ///< the shape asked for, of which image.size is the nearest
  std::vector<InputPicture> pictures;  ///< to edit
  std::optional<InputPicture> mask;

  double strength = 1;
  std::string sampler, scheduler;
  std::vector<LoraChoice> loras;
  bool enhance_prompt = false;  ///< under either of its names

  std::string output_format;
  std::optional<std::int64_t> output_compression;
  ResponseFormat response_format = ResponseFormat::both;
  bool stream = false;
  std::int64_t partial_images = 0;
  bool sync_mode = false;
  std::string safety_tolerance;  ///< empty: the provider's own
  std::string user;

  Json::Object values;   ///< the parameters given, checked, in the catalogue's order; without pictures
  Json::Object unknown;  ///< what the catalogue does not know, by name; passed on to hosted providers
};

/// Sets the typed members that belong to `values`.
void read_values(GenerationRequest& request, const Catalog& catalog);

/// The one form of a request as JSON: mode, model, what differs from the defaults, unknown parameters, and the SHA-256
/// of pictures. Two requests with the same form ask for the same.
Json normal_form(const GenerationRequest& request, const Catalog& catalog);

/// What a request may ask of a model (nullptr: a folder of the local engine), in the catalogue's figures.
RequestLimits request_limits(const Catalog& catalog, const Model* model);

/// One field of a form; a file where `is_file`.
struct FormField {
  std::string name;
  std::string value;  ///< text, or the file's bytes
  bool is_file = false;
  std::string file_name = {};
};

/// The request as a JSON body for /images/generations or /images/edits, pictures as data URLs.
Json to_json_body(const GenerationRequest& request);

/// The request as the fields of a form for /images/edits.
std::vector<FormField> to_form_fields(const GenerationRequest& request);

}  // namespace palimpsest
