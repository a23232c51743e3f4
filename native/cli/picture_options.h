#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "native/engine/engine.h"
#include "shared/api/image_request.h"

namespace CLI {
class App;
}

namespace palimpsest {

/// What the command line says to `generate` and `edit`, as it was written.
struct PictureOptions {
  EngineOptions engine;
  std::vector<std::string> images;  ///< paths
  std::string prompt, negative_prompt;
  std::string output, format;
  std::string size = "auto";
  std::string rng = "philox", fit = "stretch";
  std::string seed = "random";
  std::int64_t n = 1;
  std::optional<std::int64_t> steps;
  std::optional<double> guidance;
  double true_cfg_scale = 1.0;
  std::optional<int> compression;
  std::string previews;
  bool json = false, quiet = false, no_metadata = false;
};

/// Adds the options that both commands have.
void add_picture_options(CLI::App& command, PictureOptions& options);

/// The request, with its pictures read and decoded. Errors: `invalid_value` for an option that cannot be read, or with
/// every problem of validate(), one a line; those of read_file_limited() and decode_image() with the path.
ImageRequest request_of(const PictureOptions& options);

/// `invalid_value` for an option of the command line.
[[noreturn]] void refuse_option(const std::string& option, const std::string& problem);

}  // namespace palimpsest
