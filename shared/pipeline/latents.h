// shared/pipeline: from a request to pictures: sizes, noise, schedule, latents, the denoising loop, previews.
// Included by native/jobs, native/cli and the page's engine; includes the rest of shared.
// Start with kontext_pipeline.h; everything else here is one step of it, in host code that has the same bits
// everywhere.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "shared/image/image.h"

namespace palimpsest {

/// Pixels along a side of one latent pixel, and of one token (2x2 latent pixels).
inline constexpr int kPixelsPerLatent = 8;
inline constexpr int kPixelsPerToken = 16;

/// A latent picture in host memory.  values: f32 [height, width, channels]; height and width are even.
struct Latents {
  std::int64_t height = 0, width = 0, channels = 0;
  std::vector<float> values;

  std::int64_t token_count() const { return height / 2 * (width / 2); }
};

/// Tokens f32 [height/2 · width/2, channels·4] of a latent picture: rows of 2x2 blocks, features in the order (channel,
/// row in the block, column in the block). Errors: `invalid_value` for odd sides or values that do not fit the shape.
/// Source: flux/sampling.py `prepare`.
std::vector<float> pack(const Latents& latents);

/// The latent picture of width x height latent pixels whose tokens these are.
/// Errors: `invalid_value` for odd sides or another number of values. Source: flux/sampling.py `unpack`.
Latents unpack(std::span<const float> tokens, std::int64_t height, std::int64_t width, std::int64_t channels);

/// The latent picture of f32 values in checkpoint order [channels, height, width], as noise is drawn.
Latents from_channels_first(std::span<const float> values, std::int64_t height, std::int64_t width,
                            std::int64_t channels);

/// Where the tokens of one picture stand: ids are (index, row + row_offset, column + column_offset).
struct TokenGrid {
  std::int64_t rows = 0, columns = 0;
  std::int64_t index = 0;  ///< 0 for the picture that is made, 1 for references
  std::int64_t row_offset = 0, column_offset = 0;

  std::int64_t token_count() const { return rows * columns; }
  bool operator==(const TokenGrid&) const = default;
};

/// Grids of references of these sizes (multiples of 16 pixels): all of index 1, and several of them side by side or
/// below each other, wherever the canvas grows less. Source: ComfyUI's `offset` convention, comfy/ldm/flux/model.py.
std::vector<TokenGrid> reference_grids(std::span<const ImageSize> sizes);

/// Appends f32 ids [tokens, 3] of a grid. (bf16 could not hold ids above 256.)
void append_ids(const TokenGrid& grid, std::vector<float>& ids);

}  // namespace palimpsest
