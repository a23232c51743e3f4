#include "shared/pipeline/latents.h"

#include <algorithm>
#include <string>

#include "shared/base/error.h"

namespace palimpsest {
namespace {

void check_latents(std::int64_t height, std::int64_t width, std::int64_t channels, std::size_t values) {
  const bool even = height > 0 && width > 0 && channels > 0 && height % 2 == 0 && width % 2 == 0;
  if (even && static_cast<std::uint64_t>(height * width * channels) == values) return;
  fail(codes::kInvalidValue, "[latents] " + std::to_string(values) + " values are not a latent picture of (" +
                                 std::to_string(height) + ", " + std::to_string(width) + ", " +
                                 std::to_string(channels) + ") with even sides");
}

// Calls visit(index in tokens, index in latents) for every value.
template <typename Visit>
void for_each_value(std::int64_t height, std::int64_t width, std::int64_t channels, Visit visit) {
  std::size_t token = 0;
  for (std::int64_t row = 0; row < height; row += 2) {
    for (std::int64_t column = 0; column < width; column += 2) {
      for (std::int64_t c = 0; c < channels; ++c) {
        for (std::int64_t corner = 0; corner < 4; ++corner) {
          const std::int64_t y = row + corner / 2, x = column + corner % 2;
          visit(token++, static_cast<std::size_t>((y * width + x) * channels + c));
        }
      }
    }
  }
}

}  // namespace

std::vector<float> pack(const Latents& latents) {
  check_latents(latents.height, latents.width, latents.channels, latents.values.size());
  std::vector<float> tokens(latents.values.size());
  for_each_value(latents.height, latents.width, latents.channels,
                 [&](std::size_t token, std::size_t latent) { tokens[token] = latents.values[latent]; });
  return tokens;
}

Latents unpack(std::span<const float> tokens, std::int64_t height, std::int64_t width, std::int64_t channels) {
  check_latents(height, width, channels, tokens.size());
  Latents latents{height, width, channels, std::vector<float>(tokens.size())};
  for_each_value(height, width, channels,
                 [&](std::size_t token, std::size_t latent) { latents.values[latent] = tokens[token]; });
  return latents;
}

Latents from_channels_first(std::span<const float> values, std::int64_t height, std::int64_t width,
                            std::int64_t channels) {
  check_latents(height, width, channels, values.size());
  Latents latents{height, width, channels, std::vector<float>(values.size())};
  const auto pixels = static_cast<std::size_t>(height * width), depth = static_cast<std::size_t>(channels);
  for (std::size_t c = 0; c < depth; ++c) {
    for (std::size_t i = 0; i < pixels; ++i) latents.values[i * depth + c] = values[c * pixels + i];
  }
  return latents;
}

std::vector<TokenGrid> reference_grids(std::span<const ImageSize> sizes) {
  std::vector<TokenGrid> grids;
  std::int64_t canvas_rows = 0, canvas_columns = 0;
  for (const ImageSize size : sizes) {
    TokenGrid grid{size.height / kPixelsPerToken, size.width / kPixelsPerToken, 1, 0, 0};
    const bool to_the_right = grid.rows + canvas_rows > grid.columns + canvas_columns;
    (to_the_right ? grid.column_offset : grid.row_offset) = to_the_right ? canvas_columns : canvas_rows;
    canvas_rows = std::max(canvas_rows, grid.row_offset + grid.rows);
    canvas_columns = std::max(canvas_columns, grid.column_offset + grid.columns);
    grids.push_back(grid);
  }
  return grids;
}

void append_ids(const TokenGrid& grid, std::vector<float>& ids) {
  for (std::int64_t row = 0; row < grid.rows; ++row) {
    for (std::int64_t column = 0; column < grid.columns; ++column) {
      ids.push_back(static_cast<float>(grid.index));
      ids.push_back(static_cast<float>(row + grid.row_offset));
      ids.push_back(static_cast<float>(column + grid.column_offset));
    }
  }
}

}  // namespace palimpsest
