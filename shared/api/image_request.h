// shared/api: what a request for pictures is, which ones are valid, and what sizes they lead to.
// Included by the pipeline, the server, the command line and the page; includes shared/base, catalog and image only and
// never throws. Start here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/error.h"
#include "shared/image/fit.h"
#include "shared/image/image.h"

namespace palimpsest {

/// Where the noise comes from.
enum class Rng {
  philox,          ///< counter-based, 64-bit seed, the same bits on every machine
  torch_cpu,       ///< PyTorch's CPU generator in f32, as ComfyUI draws; 32-bit seed
  torch_cpu_bf16,  ///< the same in bf16, as the reference and diffusers draw
};

/// `philox`, `torch-cpu`, `torch-cpu-bf16`.
std::string_view name_of(Rng rng);

/// One request for pictures: text to image without reference pictures, an edit with them.
/// Values are as the user gave them; validate() says whether they are in range.
struct ImageRequest {
  std::string prompt;
  std::string negative_prompt;
  std::vector<Image> images;          ///< decoded reference pictures
  std::optional<Image> mask;          ///< RGBA of the first picture's size: what is opaque stays as it is there
  std::optional<ImageSize> size;      ///< of the result; absent: chosen from the reference or the checkpoint
  std::int64_t n = 1;                 ///< how many pictures; picture i has seed + i modulo 2^64
  std::optional<std::uint64_t> seed;  ///< absent: a random one, which comes back with the result
  std::optional<std::int64_t> steps;  ///< absent: the checkpoint's own
  std::optional<double> guidance;     ///< `cfg_scale`, the distilled guidance; absent: the checkpoint's own
  double true_cfg_scale = 1.0;        ///< above 1, with a negative prompt: real classifier-free guidance
  Rng rng = Rng::philox;
  Fit fit = Fit::stretch;  ///< how a reference picture is brought to the size the network sees
};

/// What a request may ask for.
struct RequestLimits {
  std::size_t max_prompt_bytes = 32'000;
  std::size_t max_images = 4;
  std::int64_t max_image_pixels = 100'000'000;  ///< of one reference picture
  int min_side = 256, max_side = 2048;          ///< of the result, in pixels
  int side_multiple = 16;
  std::int64_t max_n = 10;
  std::int64_t max_steps = 100;
  double max_guidance = 100;
};

/// What is wrong with the size of a result; empty where it is possible.
std::vector<Error> validate_size(ImageSize size, const RequestLimits& limits = {});

/// Every problem of the request, each with the field's name as `param`; empty where it can run.
std::vector<Error> validate(const ImageRequest& request, const RequestLimits& limits = {});

}  // namespace palimpsest
