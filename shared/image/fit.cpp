#include "shared/image/fit.h"

#include <algorithm>

#include "shared/image/resize.h"

namespace palimpsest {
namespace {

// `side` scaled by numerator / denominator to the nearest whole number, at least 1.
int scaled(int side, int numerator, int denominator) {
  const std::int64_t doubled = 2 * std::int64_t{side} * numerator + denominator;
  return static_cast<int>(std::max<std::int64_t>(doubled / (2 * std::int64_t{denominator}), 1));
}

bool is_wider(ImageSize a, ImageSize b) {
  return std::int64_t{a.width} * b.height > std::int64_t{b.width} * a.height;
}

// The largest size of the ratio of `shape` that goes into `bounds`.
ImageSize largest_inside(ImageSize shape, ImageSize bounds) {
  if (is_wider(shape, bounds)) {
    return {bounds.width, std::min(scaled(bounds.width, shape.height, shape.width), bounds.height)};
  }
  return {std::min(scaled(bounds.height, shape.width, shape.height), bounds.width), bounds.height};
}

Image centre_crop(const Image& image, ImageSize size) {
  Image out(size, image.channels);
  const int left = (image.width - size.width) / 2, top = (image.height - size.height) / 2;
  const auto offset = static_cast<std::size_t>(left) * static_cast<std::size_t>(image.channels);
  for (int y = 0; y < size.height; ++y) std::copy_n(image.row(top + y) + offset, out.row_bytes(), out.row(y));
  return out;
}

Image centre_pad(const Image& image, ImageSize size) {
  Image out(size, image.channels);
  const int left = (size.width - image.width) / 2, top = (size.height - image.height) / 2;
  const auto offset = static_cast<std::size_t>(left) * static_cast<std::size_t>(image.channels);
  for (int y = 0; y < image.height; ++y) std::copy_n(image.row(y), image.row_bytes(), out.row(top + y) + offset);
  return out;
}

}  // namespace

std::string_view name_of(Fit fit) {
  switch (fit) {
    case Fit::stretch:
      return "stretch";
    case Fit::pad:
      return "pad";
    case Fit::crop:
      return "crop";
  }
  return "";
}

Image fit_image(const Image& image, ImageSize size, Fit fit) {
  if (!image.is_consistent() || size.width <= 0 || size.height <= 0) return {};
  if (fit == Fit::pad) return centre_pad(resize(image, largest_inside(image.size(), size)), size);
  if (fit == Fit::crop) return resize(centre_crop(image, largest_inside(size, image.size())), size);
  return resize(image, size);
}

}  // namespace palimpsest
