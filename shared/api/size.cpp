#include "shared/api/size.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace palimpsest {
namespace {

constexpr ImageSize kDefaultSize = {1024, 1024};

int nearest_side(double side, const RequestLimits& limits) {
  const double limited =
      std::clamp(std::round(side), static_cast<double>(limits.min_side), static_cast<double>(limits.max_side));
  return static_cast<int>(limited) / limits.side_multiple * limits.side_multiple;
}

}  // namespace

std::span<const ImageSize> kontext_sizes() {
  static constexpr std::array<ImageSize, 17> sizes = {{{672, 1568},
                                                       {688, 1504},
                                                       {720, 1456},
                                                       {752, 1392},
                                                       {800, 1328},
                                                       {832, 1248},
                                                       {880, 1184},
                                                       {944, 1104},
                                                       {1024, 1024},
                                                       {1104, 944},
                                                       {1184, 880},
                                                       {1248, 832},
                                                       {1328, 800},
                                                       {1392, 752},
                                                       {1456, 720},
                                                       {1504, 688},
                                                       {1568, 672}}};
  return sizes;
}

ImageSize nearest_in_ratio(ImageSize shape, std::span<const ImageSize> sizes) {
  const auto distance = [ratio = static_cast<double>(shape.width) / shape.height](ImageSize size) {
    return std::abs(ratio - static_cast<double>(size.width) / size.height);
  };
  return *std::min_element(sizes.begin(), sizes.end(),
                           [&](ImageSize a, ImageSize b) { return distance(a) < distance(b); });
}

ImageSize size_of_ratio(double width, double height, const RequestLimits& limits, double area) {
  const double ratio = width / height;
  return {nearest_side(std::sqrt(area * ratio), limits), nearest_side(std::sqrt(area / ratio), limits)};
}

ImageSize nearest_possible(ImageSize size, const RequestLimits& limits) {
  const auto nearest = [&limits](int side) {
    const int multiple = limits.side_multiple;
    return std::clamp((side + multiple / 2) / multiple * multiple, limits.min_side, limits.max_side);
  };
  return {nearest(size.width), nearest(size.height)};
}

std::string to_string(ImageSize size) {
  return std::to_string(size.width) + "x" + std::to_string(size.height);
}

std::string SizePlan::to_string() const {
  std::string text;
  for (const Reference& reference : references) {
    text += "reference " + palimpsest::to_string(reference.from) + " to " + palimpsest::to_string(reference.to) + " (" +
            std::string(name_of(reference.how)) + "); ";
  }
  text += "drawn at " + palimpsest::to_string(render);
  if (is_scaled()) text += ", scaled to " + palimpsest::to_string(output) + " (Lanczos)";
  return text;
}

SizePlan plan_sizes(const ImageRequest& request, std::optional<ImageSize> native_size) {
  SizePlan plan;
  for (const Image& image : request.images) {
    const ImageSize to = native_size ? *native_size : nearest_in_ratio(image.size(), kontext_sizes());
    plan.references.push_back({image.size(), to, request.fit});
  }
  const ImageSize own = plan.references.empty() ? kDefaultSize : plan.references.front().to;
  plan.render = native_size ? *native_size : request.size.value_or(own);
  plan.output = request.size.value_or(plan.render);
  return plan;
}

}  // namespace palimpsest
