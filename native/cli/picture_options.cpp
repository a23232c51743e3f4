#include "native/cli/picture_options.h"

#include <CLI/CLI.hpp>
#include <array>
#include <charconv>
#include <string_view>

#include "native/cli/engine_options.h"
#include "native/imaging/decode.h"
#include "native/imaging/file.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

std::string quoted(const std::string& text) {
  return "'" + printable(text, 60) + "'";
}

/// A whole number in decimal digits alone, all of `text`; nothing where it is something else or too large.
template <typename Number>
std::optional<Number> parse_whole(std::string_view text) {
  Number number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc{} || rest != end || text.front() == '-') return std::nullopt;
  return number;
}

std::optional<ImageSize> parse_size(const std::string& text) {
  if (text == "auto") return std::nullopt;
  const std::size_t cross = text.find('x');
  if (cross != std::string::npos) {
    const auto width = parse_whole<int>(text.substr(0, cross)), height = parse_whole<int>(text.substr(cross + 1));
    if (width && height) return ImageSize{*width, *height};
  }
  refuse_option("--size", quoted(text) + " is no size; write it as 1024x768, or auto");
}

std::optional<std::uint64_t> parse_seed(const std::string& text) {
  if (text == "random") return std::nullopt;
  if (const auto seed = parse_whole<std::uint64_t>(text)) return seed;
  refuse_option("--seed", quoted(text) + " is no whole number from 0 to 18446744073709551615, nor random");
}

/// The value of an enumeration that is called `name`.
template <typename Value, std::size_t kCount>
Value parse_name(const std::string& option, const std::string& name, const std::array<Value, kCount>& values) {
  std::string names;
  for (const Value value : values) {
    if (name == name_of(value)) return value;
    names += (names.empty() ? "" : ", ") + std::string(name_of(value));
  }
  refuse_option(option, quoted(name) + " is not one of " + names);
}

Image read_picture(const std::string& path) {
  const std::string file = read_file_limited(path, DecodeLimits{}.max_bytes);
  try {
    return decode_image(file).image;
  } catch (const PalimpsestError& problem) {
    throw problem.in(path);
  }
}

std::vector<Image> read_pictures(const std::vector<std::string>& paths) {
  const std::size_t most = RequestLimits{}.max_images;
  if (paths.size() > most) {
    throw PalimpsestError({std::string(codes::kInvalidValue),
                           std::to_string(paths.size()) + " pictures are named before the instruction; at most " +
                               std::to_string(most) + " are allowed"});
  }
  std::vector<Image> images;
  for (const std::string& path : paths) images.push_back(read_picture(path));
  return images;
}

void check_request(const ImageRequest& request) {
  const std::vector<Error> problems = validate(request);
  if (problems.empty()) return;
  std::string message;
  for (const Error& problem : problems) message += (message.empty() ? "" : "\n") + problem.message;
  throw PalimpsestError({problems.front().code, message});
}

}  // namespace

void refuse_option(const std::string& option, const std::string& problem) {
  throw PalimpsestError({std::string(codes::kInvalidValue), problem, option});
}

ImageRequest request_of(const PictureOptions& options) {
  ImageRequest request;
  request.prompt = options.prompt;
  request.negative_prompt = options.negative_prompt;
  request.size = parse_size(options.size);
  request.n = options.n;
  request.seed = parse_seed(options.seed);
  request.steps = options.steps;
  request.guidance = options.guidance;
  request.true_cfg_scale = options.true_cfg_scale;
  request.rng = parse_name("--rng", options.rng, std::array{Rng::philox, Rng::torch_cpu, Rng::torch_cpu_bf16});
  request.fit = parse_name("--fit", options.fit, std::array{Fit::stretch, Fit::pad, Fit::crop});
  request.images = read_pictures(options.images);
  check_request(request);
  return request;
}

void add_picture_options(CLI::App& command, PictureOptions& options) {
  command.add_option("-o,--output", options.output, "File to write; its ending chooses the format")->required();
  command.add_option("-s,--size", options.size,
                     "Size of the result as 1024x768, 256 to 2048 in multiples of 16; auto: the model's own");
  command
      .add_option("--seed", options.seed,
                  "0 to 2^64-1; the same seed gives the same picture. Without it a random one, which is printed")
      ->type_name("NUMBER");
  command.add_option("-n,--n", options.n, "How many pictures, 1 to 10; written as out-1.png and so on");
  command.add_option("--steps", options.steps, "Denoising steps, 1 to 100; default: the model's own");
  command.add_option("--cfg-scale,--guidance", options.guidance,
                     "How close to keep to the prompt, 0 to 100; default: the model's own");
  command.add_option("--negative-prompt", options.negative_prompt, "What to keep away from; needs --true-cfg-scale");
  command.add_option("--true-cfg-scale", options.true_cfg_scale,
                     "Above 1: classifier-free guidance with the negative prompt, at twice the time");
  command.add_option("--rng", options.rng, "Source of the noise: philox, torch-cpu or torch-cpu-bf16")
      ->capture_default_str();
  command.add_option("--format", options.format, "png, jpeg, webp, gif or avif, whatever the file is called");
  command.add_option("--compression", options.compression, "Quality of jpeg, webp and avif, 0 to 100");
  command.add_option("--previews", options.previews, "Folder for a rough picture of every step");
  command.add_flag("--no-metadata", options.no_metadata, "Leave the request out of the file");
  command.add_flag("--json", options.json, "Print the result as one JSON object");
  command.add_flag("-q,--quiet", options.quiet, "Print nothing but errors");
  add_engine_options(command, options.engine);
}

}  // namespace palimpsest
