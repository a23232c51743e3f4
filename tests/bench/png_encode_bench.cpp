// How long a 1024 x 1024 picture takes as PNG: ours and libpng's levels 1 and 6, processor time, best of nine, in one run.
// ninja bench_png_encode; bench_png_encode
#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <functional>
#include <string>

#include "native/imaging/allocation.h"
#include "native/imaging/encode.h"

namespace {

using palimpsest::Image;

/// Soft shapes with the noise of a camera, as photographs have it.
Image photo() {
  Image image({1024, 1024}, 3);
  std::uint32_t state = 1;
  for (int y = 0; y < 1024; ++y) {
    for (int x = 0; x < 3072; ++x) {
      state = state * 1664525U + 1013904223U;
      const double shape =
          128 + 70 * std::sin(x / 310.0 + y / 97.0) * std::cos(y / 173.0) + 40 * std::sin(x * y / 90'000.0);
      const int noise = static_cast<int>(state >> 30) + static_cast<int>(state >> 28 & 3U) - 3;
      image.row(y)[x] = static_cast<std::uint8_t>(std::clamp(static_cast<int>(shape) + noise, 0, 255));
    }
  }
  return image;
}

/// Large areas of one colour with sharp edges.
Image flat() {
  Image image({1024, 1024}, 3);
  for (int y = 0; y < 1024; ++y) {
    for (int x = 0; x < 1024; ++x) {
      const int tile = (x / 170 + y / 130) % 5;
      for (int c = 0; c < 3; ++c) image.row(y)[x * 3 + c] = static_cast<std::uint8_t>(tile * 50 + c * 20);
    }
  }
  return image;
}

void append(png_structp png, png_bytep bytes, png_size_t size) {
  static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<const char*>(bytes), size);
}

std::string encode_with_libpng(const Image& image, int level) {
  std::string file;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &file, append, nullptr);
  png_set_compression_level(png, level);
  png_set_IHDR(png, info, static_cast<png_uint_32>(image.width), static_cast<png_uint_32>(image.height), 8,
               PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (int y = 0; y < image.height; ++y) png_write_row(png, const_cast<png_bytep>(image.row(y)));
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return file;
}

void measure(const char* name, const std::function<std::string()>& encode) {
  double best_ms = 1e9;
  std::size_t size = 0;
  for (int round = 0; round < 9; ++round) {
    const std::clock_t start = std::clock();
    size = encode().size();
    best_ms = std::min(best_ms, 1000.0 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  fmt::print("  {:<16} {:8.2f} ms {:10} bytes\n", name, best_ms, size);
}

}  // namespace

int main() {
  palimpsest::keep_freed_memory();  // as the program does
  for (const auto& [name, image] : {std::pair{"photo-like", photo()}, std::pair{"flat", flat()}}) {
    fmt::print("{}\n", name);
    measure("ours", [&image = image] { return palimpsest::encode_image(image); });
    measure("libpng level 1", [&image = image] { return encode_with_libpng(image, 1); });
    measure("libpng level 6", [&image = image] { return encode_with_libpng(image, 6); });
  }
}
