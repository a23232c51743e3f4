#include "shared/image/compare.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

namespace palimpsest {
namespace {

std::string describe(const Image& image) {
  return std::to_string(image.width) + "x" + std::to_string(image.height) + " with " + std::to_string(image.channels) +
         " channels";
}

}  // namespace

Result<ImageDifference> compare(const Image& a, const Image& b) {
  if (!a.is_consistent() || !b.is_consistent() || a.size() != b.size() || a.channels != b.channels) {
    return Error{std::string(codes::kInvalidValue),
                 "[compare] the pictures are " + describe(a) + " and " + describe(b) + ", which cannot be compared"};
  }
  ImageDifference result;
  std::uint64_t sum = 0, squares = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    const int difference = std::abs(a.pixels[i] - b.pixels[i]);
    result.largest = std::max(result.largest, difference);
    sum += static_cast<std::uint64_t>(difference);
    squares += static_cast<std::uint64_t>(difference * difference);
  }
  const auto count = static_cast<double>(a.pixels.size());
  result.mean = static_cast<double>(sum) / count;
  result.psnr_db = squares == 0 ? std::numeric_limits<double>::infinity()
                                : 10.0 * std::log10(255.0 * 255.0 * count / static_cast<double>(squares));
  return result;
}

}  // namespace palimpsest
