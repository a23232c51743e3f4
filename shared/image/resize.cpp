#include "shared/image/resize.h"

#include <algorithm>
#include <cmath>

namespace palimpsest {
namespace {

// Fixed point of the weights: 8 bits of a sample, 2 of headroom for overshoot, the rest for precision.
constexpr int kPrecisionBits = 32 - 8 - 2;
constexpr double kPi = 3.14159265358979323846;

double sinc(double x) {
  if (x == 0.0) return 1.0;
  return std::sin(kPi * x) / (kPi * x);
}

double lanczos(double x) {
  return -3.0 <= x && x < 3.0 ? sinc(x) * sinc(x / 3.0) : 0.0;
}

double bicubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
  return 0.0;
}

// The samples that one output sample is made of.
struct Taps {
  int first = 0;
  std::vector<std::int32_t> weights;
};

std::int32_t fixed_point(double weight) {
  const double scaled = weight * (1 << kPrecisionBits);
  return static_cast<std::int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

std::vector<Taps> taps_of(int in_size, int out_size, ResizeFilter filter) {
  const auto weight_at = filter == ResizeFilter::lanczos ? lanczos : bicubic;
  const double scale = static_cast<double>(in_size) / out_size;
  const double filter_scale = std::max(scale, 1.0);
  const double support = (filter == ResizeFilter::lanczos ? 3.0 : 2.0) * filter_scale;
  std::vector<Taps> all(static_cast<std::size_t>(out_size));
  std::vector<double> weights;
  for (int out = 0; out < out_size; ++out) {
    const double centre = (out + 0.5) * scale;
    const int first = std::max(static_cast<int>(centre - support + 0.5), 0);
    const int end = std::min(static_cast<int>(centre + support + 0.5), in_size);
    double sum = 0;
    weights.clear();
    for (int in = first; in < end; ++in) {
      weights.push_back(weight_at((in - centre + 0.5) * (1.0 / filter_scale)));
      sum += weights.back();
    }
    Taps& taps = all[static_cast<std::size_t>(out)];
    taps.first = first;
    for (const double weight : weights) taps.weights.push_back(fixed_point(weight / sum));
  }
  return all;
}

std::uint8_t rounded_sample(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
}

// out[i] = weighted sum over the taps' lines of in[line][i]; lines lie `stride` bytes apart.
void weighted_line(const std::uint8_t* in, std::size_t stride, const Taps& taps, std::size_t count, std::uint8_t* out) {
  constexpr std::size_t kChunk = 256;
  std::int32_t sums[kChunk];
  for (std::size_t begin = 0; begin < count; begin += kChunk) {
    const std::size_t size = std::min(kChunk, count - begin);
    std::fill_n(sums, size, 1 << (kPrecisionBits - 1));
    const std::uint8_t* line = in + static_cast<std::size_t>(taps.first) * stride + begin;
    for (const std::int32_t weight : taps.weights) {
      for (std::size_t i = 0; i < size; ++i) sums[i] += weight * line[i];
      line += stride;
    }
    for (std::size_t i = 0; i < size; ++i) out[begin + i] = rounded_sample(sums[i]);
  }
}

Image resize_rows(const Image& image, int height, ResizeFilter filter) {
  Image out({image.width, height}, image.channels);
  const std::vector<Taps> taps = taps_of(image.height, height, filter);
  for (int y = 0; y < height; ++y) {
    weighted_line(image.pixels.data(), image.row_bytes(), taps[static_cast<std::size_t>(y)], image.row_bytes(),
                  out.row(y));
  }
  return out;
}

// Columns are resized as rows are, on strips that are turned on their side: one vectorised loop serves both.
constexpr int kStripRows = 32;

// lines[x][row][c] of rows [top, top + rows).
void turn_strip(const Image& image, int top, int rows, std::vector<std::uint8_t>& lines) {
  const auto channels = static_cast<std::size_t>(image.channels);
  const std::size_t stride = kStripRows * channels;
  for (int row = 0; row < rows; ++row) {
    const std::uint8_t* from = image.row(top + row);
    std::uint8_t* to = lines.data() + static_cast<std::size_t>(row) * channels;
    for (int x = 0; x < image.width; ++x, from += channels, to += stride) std::copy_n(from, channels, to);
  }
}

void turn_strip_back(const std::vector<std::uint8_t>& lines, int top, int rows, Image& image) {
  const auto channels = static_cast<std::size_t>(image.channels);
  const std::size_t stride = kStripRows * channels;
  for (int row = 0; row < rows; ++row) {
    const std::uint8_t* from = lines.data() + static_cast<std::size_t>(row) * channels;
    std::uint8_t* to = image.row(top + row);
    for (int x = 0; x < image.width; ++x, from += stride, to += channels) std::copy_n(from, channels, to);
  }
}

Image resize_columns(const Image& image, int width, ResizeFilter filter) {
  Image out({width, image.height}, image.channels);
  const std::vector<Taps> taps = taps_of(image.width, width, filter);
  const std::size_t stride = static_cast<std::size_t>(kStripRows) * static_cast<std::size_t>(image.channels);
  std::vector<std::uint8_t> in_lines(static_cast<std::size_t>(image.width) * stride);
  std::vector<std::uint8_t> out_lines(static_cast<std::size_t>(width) * stride);
  for (int top = 0; top < image.height; top += kStripRows) {
    const int rows = std::min(kStripRows, image.height - top);
    turn_strip(image, top, rows, in_lines);
    for (std::size_t x = 0; x < taps.size(); ++x) {
      weighted_line(in_lines.data(), stride, taps[x], stride, out_lines.data() + x * stride);
    }
    turn_strip_back(out_lines, top, rows, out);
  }
  return out;
}

}  // namespace

Image resize(const Image& image, ImageSize size, ResizeFilter filter) {
  if (!image.is_consistent() || size.width <= 0 || size.height <= 0) return {};
  const bool same_width = size.width == image.width, same_height = size.height == image.height;
  if (same_width && same_height) return image;
  if (same_width) return resize_rows(image, size.height, filter);
  Image columns = resize_columns(image, size.width, filter);
  return same_height ? columns : resize_rows(columns, size.height, filter);
}

Image resize_nearest(const Image& image, ImageSize size) {
  if (!image.is_consistent() || size.width <= 0 || size.height <= 0) return {};
  Image out(size, image.channels);
  const auto channels = static_cast<std::size_t>(image.channels);
  for (int y = 0; y < size.height; ++y) {
    const auto from_y = static_cast<int>(std::int64_t{y} * image.height / size.height);
    for (int x = 0; x < size.width; ++x) {
      const std::int64_t from_x = std::int64_t{x} * image.width / size.width;
      std::copy_n(image.row(from_y) + static_cast<std::size_t>(from_x) * channels, channels,
                  out.row(y) + static_cast<std::size_t>(x) * channels);
    }
  }
  return out;
}

}  // namespace palimpsest
