#include "native/imaging/quantize.h"

#include <algorithm>
#include <cstddef>
#include <unordered_map>

namespace palimpsest {
namespace {

using Color = std::array<std::uint8_t, 3>;

constexpr std::size_t kMaxColors = 256;

/// Reads any picture's pixels as RGB and whether they can be seen.
class PixelReader {
 public:
  explicit PixelReader(const Image& image) : image_(image), channels_(static_cast<std::size_t>(image.channels)) {}

  std::size_t count() const { return image_.pixels.size() / channels_; }
  Color color(std::size_t i) const {
    const std::uint8_t* pixel = image_.pixels.data() + i * channels_;
    return channels_ == 1 ? Color{pixel[0], pixel[0], pixel[0]} : Color{pixel[0], pixel[1], pixel[2]};
  }
  bool is_visible(std::size_t i) const { return channels_ != 4 || image_.pixels[i * 4 + 3] >= 128; }

 private:
  const Image& image_;
  std::size_t channels_;
};

std::uint32_t packed(const Color& color) {
  return std::uint32_t{color[0]} << 16 | std::uint32_t{color[1]} << 8 | color[2];
}

/// Fills `result` where the picture has at most `max_colors` of them; false, with `result` in disorder, otherwise.
bool index_exactly(const PixelReader& pixels, std::size_t max_colors, IndexedImage& result) {
  std::unordered_map<std::uint32_t, std::uint8_t> known;
  for (std::size_t i = 0; i < pixels.count(); ++i) {
    if (!pixels.is_visible(i)) continue;
    const Color color = pixels.color(i);
    const auto [entry, is_new] = known.try_emplace(packed(color), static_cast<std::uint8_t>(known.size()));
    if (is_new && known.size() > max_colors) return false;
    if (is_new) result.colors.push_back(color);
    result.indices[i] = entry->second;
  }
  return true;
}

/// Pixels whose colours agree in the upper bits.
struct Bin {
  std::array<std::int64_t, 3> sums = {};
  std::int64_t count = 0;

  double mean(std::size_t c) const { return static_cast<double>(sums[c]) / static_cast<double>(count); }
};

std::vector<Bin> histogram(const PixelReader& pixels) {
  std::vector<Bin> bins(std::size_t{1} << 15);
  for (std::size_t i = 0; i < pixels.count(); ++i) {
    if (!pixels.is_visible(i)) continue;
    const Color color = pixels.color(i);
    Bin& bin = bins[std::size_t{color[0]} >> 3 << 10 | std::size_t{color[1]} >> 3 << 5 | std::size_t{color[2]} >> 3];
    for (std::size_t c = 0; c < 3; ++c) bin.sums[c] += color[c];
    ++bin.count;
  }
  std::erase_if(bins, [](const Bin& bin) { return bin.count == 0; });
  return bins;
}

/// A range of bins that will share a colour.
struct Box {
  std::vector<Bin>::iterator begin, end;
  std::size_t axis = 0;  ///< along which it is most spread
  double spread = 0;     ///< along that axis: sum of squared distances to the mean
  Bin total;

  Box(std::vector<Bin>::iterator first, std::vector<Bin>::iterator last) : begin(first), end(last) {
    for (auto bin = begin; bin != end; ++bin) {
      for (std::size_t c = 0; c < 3; ++c) total.sums[c] += bin->sums[c];
      total.count += bin->count;
    }
    for (std::size_t c = 0; c < 3; ++c) measure(c);
  }

  void measure(std::size_t c) {
    double sum = 0;
    for (auto bin = begin; bin != end; ++bin) {
      const double distance = bin->mean(c) - total.mean(c);
      sum += static_cast<double>(bin->count) * distance * distance;
    }
    if (sum <= spread) return;
    spread = sum;
    axis = c;
  }

  Color color() const {
    Color mean;
    for (std::size_t c = 0; c < 3; ++c) mean[c] = static_cast<std::uint8_t>(total.mean(c) + 0.5);
    return mean;
  }
};

std::vector<Color> choose_colors(const PixelReader& pixels, std::size_t max_colors) {
  std::vector<Bin> bins = histogram(pixels);
  std::vector<Box> boxes = {Box(bins.begin(), bins.end())};
  while (boxes.size() < max_colors) {
    const auto widest =
        std::max_element(boxes.begin(), boxes.end(), [](const Box& a, const Box& b) { return a.spread < b.spread; });
    if (widest->spread <= 0) break;
    const Box box = *widest;
    const double mean = box.total.mean(box.axis);
    const auto middle =
        std::stable_partition(box.begin, box.end, [&](const Bin& bin) { return bin.mean(box.axis) < mean; });
    if (middle == box.begin || middle == box.end) {  // only rounding kept it apart
      widest->spread = 0;
      continue;
    }
    *widest = Box(box.begin, middle);
    boxes.emplace_back(middle, box.end);
  }
  std::vector<Color> colors;
  for (const Box& box : boxes) colors.push_back(box.color());
  return colors;
}

/// Finds the palette's nearest colour, remembered for each group of neighbouring colours.
class NearestColor {
 public:
  explicit NearestColor(const std::vector<Color>& colors) : colors_(colors), known_(std::size_t{1} << 18, -1) {}

  std::uint8_t find(const std::array<int, 3>& color) {
    std::int16_t& slot = known_[static_cast<std::size_t>(color[0] >> 2 << 12 | color[1] >> 2 << 6 | color[2] >> 2)];
    if (slot < 0) slot = static_cast<std::int16_t>(search(color));
    return static_cast<std::uint8_t>(slot);
  }

 private:
  // The group's middle decides, so that the answer does not depend on which of its colours came first.
  std::size_t search(const std::array<int, 3>& color) const {
    std::size_t best = 0;
    int best_distance = INT32_MAX;
    for (std::size_t i = 0; i < colors_.size(); ++i) {
      int distance = 0;
      for (std::size_t c = 0; c < 3; ++c) {
        const int difference = (color[c] / 4 * 4 + 2) - colors_[i][c];
        distance += difference * difference;
      }
      if (distance >= best_distance) continue;
      best_distance = distance;
      best = i;
    }
    return best;
  }

  const std::vector<Color>& colors_;
  std::vector<std::int16_t> known_;
};

/// Diffuses errors in sixteenths, every second row from the right.
class Ditherer {
 public:
  Ditherer(const PixelReader& pixels, int width, IndexedImage& result)
      : pixels_(pixels), width_(width), result_(result), nearest_(result.colors) {
    for (auto& row : errors_) row.resize(static_cast<std::size_t>(width) + 2);
  }

  void run(int height) {
    for (int y = 0; y < height; ++y) {
      const int step = y % 2 == 0 ? 1 : -1;
      for (int x = step > 0 ? 0 : width_ - 1; x >= 0 && x < width_; x += step) place(x, y, step);
      std::swap(errors_[0], errors_[1]);
      std::fill(errors_[1].begin(), errors_[1].end(), std::array<int, 3>{});
    }
  }

 private:
  void place(int x, int y, int step) {
    const std::size_t i = static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x);
    if (!pixels_.is_visible(i)) return;
    const Color color = pixels_.color(i);
    std::array<int, 3> wanted;
    for (std::size_t c = 0; c < 3; ++c) wanted[c] = std::clamp(color[c] + error(0, x)[c] / 16, 0, 255);
    result_.indices[i] = nearest_.find(wanted);
    const Color& got = result_.colors[result_.indices[i]];
    for (std::size_t c = 0; c < 3; ++c) {
      const int missing = wanted[c] - got[c];
      error(0, x + step)[c] += missing * 7;
      error(1, x - step)[c] += missing * 3;
      error(1, x)[c] += missing * 5;
      error(1, x + step)[c] += missing;
    }
  }

  // One more at either side, so that the edges need no cases.
  std::array<int, 3>& error(std::size_t row, int x) { return errors_[row][static_cast<std::size_t>(x + 1)]; }

  const PixelReader& pixels_;
  int width_;
  IndexedImage& result_;
  NearestColor nearest_;
  std::array<std::vector<std::array<int, 3>>, 2> errors_;
};

void add_transparent(const PixelReader& pixels, IndexedImage& result) {
  result.transparent = static_cast<int>(result.colors.size());
  result.colors.push_back({0, 0, 0});
  for (std::size_t i = 0; i < pixels.count(); ++i) {
    if (!pixels.is_visible(i)) result.indices[i] = static_cast<std::uint8_t>(result.transparent);
  }
}

bool has_invisible(const PixelReader& pixels) {
  for (std::size_t i = 0; i < pixels.count(); ++i) {
    if (!pixels.is_visible(i)) return true;
  }
  return false;
}

}  // namespace

IndexedImage quantize(const Image& image) {
  const PixelReader pixels(image);
  const bool see_through = has_invisible(pixels);
  const std::size_t max_colors = kMaxColors - (see_through ? 1 : 0);
  IndexedImage result;
  result.indices.resize(pixels.count());
  if (!index_exactly(pixels, max_colors, result)) {
    result.colors = choose_colors(pixels, max_colors);
    Ditherer(pixels, image.width, result).run(image.height);
  }
  if (see_through) add_transparent(pixels, result);
  return result;
}

}  // namespace palimpsest
