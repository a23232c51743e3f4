#include "shared/api/image_request.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "shared/base/json.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

class Problems {
 public:
  void add(std::string param, const std::string& problem) {
    std::string message = param + " " + problem;
    found_.push_back({std::string(codes::kInvalidValue), std::move(message), std::move(param)});
  }
  void add_all(std::vector<Error> problems) {
    found_.insert(found_.end(), std::make_move_iterator(problems.begin()), std::make_move_iterator(problems.end()));
  }
  std::vector<Error> take() { return std::move(found_); }

 private:
  std::vector<Error> found_;
};

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string::npos;
}

std::string range(std::int64_t lowest, const std::string& highest) {
  return "from " + std::to_string(lowest) + " to " + highest;
}

// Without a fraction where the number has none.
std::string to_text(double number) {
  const auto whole = static_cast<std::int64_t>(std::clamp(number, -1e15, 1e15));
  return static_cast<double>(whole) == number ? std::to_string(whole) : Json(number).dump();
}

void check_text(const std::string& param, const std::string& text, const RequestLimits& limits, Problems& problems) {
  if (text.size() > limits.max_prompt_bytes) {
    problems.add(param, "is " + std::to_string(text.size()) + " bytes long; at most " +
                            std::to_string(limits.max_prompt_bytes) + " are allowed");
  }
  const std::size_t invalid = first_invalid_utf8(text);
  if (invalid != text.size()) problems.add(param, "is not valid UTF-8 at byte " + std::to_string(invalid));
}

void check_whole_number(const std::string& param, std::int64_t value, std::int64_t highest, Problems& problems) {
  if (value >= 1 && value <= highest) return;
  problems.add(param,
               "is " + std::to_string(value) + "; a whole number from 1 to " + std::to_string(highest) + " is needed");
}

void check_scale(const std::string& param, double value, double highest, Problems& problems) {
  if (value >= 0 && value <= highest) return;  // false for NaN
  const std::string given = std::isfinite(value) ? to_text(value) : "not a finite number";
  problems.add(param, "is " + given + "; a number " + range(0, to_text(highest)) + " is needed");
}

void check_side(const std::string& side, int value, const RequestLimits& limits, Problems& problems) {
  const std::string given = "has the " + side + " " + std::to_string(value) + "; ";
  if (value < limits.min_side || value > limits.max_side) {
    problems.add("size", given + range(limits.min_side, std::to_string(limits.max_side)) + " pixels are possible");
  } else if (value % limits.side_multiple != 0) {
    problems.add("size", given + "a multiple of " + std::to_string(limits.side_multiple) + " is needed");
  }
}

void check_images(const std::vector<Image>& images, const RequestLimits& limits, Problems& problems) {
  if (images.size() > limits.max_images) {
    problems.add("image", "has " + std::to_string(images.size()) + " pictures; at most " +
                              std::to_string(limits.max_images) + " are allowed");
  }
  for (std::size_t i = 0; i < images.size(); ++i) {
    const Image& image = images[i];
    const std::string which = "number " + std::to_string(i + 1) + " ";
    if (!image.is_consistent()) {
      problems.add("image", which + "is empty or damaged");
    } else if (std::int64_t{image.width} * image.height > limits.max_image_pixels) {
      problems.add("image", which + "is " + std::to_string(image.width) + "x" + std::to_string(image.height) +
                                "; at most " + std::to_string(limits.max_image_pixels) + " pixels are allowed");
    }
  }
}

void check_mask(const ImageRequest& request, Problems& problems) {
  const Image& mask = *request.mask;
  const auto size_of = [](const Image& image) {
    return std::to_string(image.width) + "x" + std::to_string(image.height);
  };
  if (request.images.empty()) {
    problems.add("mask", "has no picture that it belongs to; send it as image");
  } else if (mask.size() != request.images.front().size()) {
    problems.add("mask", "is " + size_of(mask) + " and image " + size_of(request.images.front()) +
                             "; they must have the same size");
  } else if (mask.channels != 4 || !mask.is_consistent()) {
    problems.add("mask", "has no transparent pixels; those that may change must be transparent");
  }
}

}  // namespace

std::string_view name_of(Rng rng) {
  switch (rng) {
    case Rng::philox:
      return "philox";
    case Rng::torch_cpu:
      return "torch-cpu";
    case Rng::torch_cpu_bf16:
      return "torch-cpu-bf16";
  }
  return "";
}

std::vector<Error> validate_size(ImageSize size, const RequestLimits& limits) {
  Problems problems;
  check_side("width", size.width, limits, problems);
  check_side("height", size.height, limits, problems);
  return problems.take();
}

std::vector<Error> validate(const ImageRequest& request, const RequestLimits& limits) {
  Problems problems;
  if (is_blank(request.prompt)) problems.add("prompt", "is empty; say what the picture should show");
  check_text("prompt", request.prompt, limits, problems);
  check_text("negative_prompt", request.negative_prompt, limits, problems);
  check_images(request.images, limits, problems);
  if (request.mask) check_mask(request, problems);
  if (request.size) problems.add_all(validate_size(*request.size, limits));
  check_whole_number("n", request.n, limits.max_n, problems);
  if (request.steps) check_whole_number("steps", *request.steps, limits.max_steps, problems);
  if (request.guidance) check_scale("cfg_scale", *request.guidance, limits.max_guidance, problems);
  check_scale("true_cfg_scale", request.true_cfg_scale, limits.max_guidance, problems);
  return problems.take();
}

}  // namespace palimpsest
