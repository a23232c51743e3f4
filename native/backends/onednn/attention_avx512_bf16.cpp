// Attention in AVX-512 bf16 products, which Highway 1.0 does not reach. Tiles of 96 queries walk over the keys in
// chunks whose scores stay in the second-level cache; a running maximum and sum of each row rescale what was added
// before (Milakov & Gimelshein 2018; tiling: Dao et al. 2022). Products and sums are f32, factors bf16.
#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "native/backends/onednn/attention_kernel.h"

// On functions rather than on the file, so that no inline function of a header is compiled for this set.
#define PALIMPSEST_BF16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))

namespace palimpsest {
namespace {

constexpr std::int64_t kPanel = Bf16Attention::kPanel;
constexpr std::int64_t kTileQueries = Bf16Attention::kTileQueries;
constexpr std::int64_t kChunkKeys = Bf16Attention::kChunkKeys;
constexpr std::int64_t kLanes = 16;
constexpr int kVectors = kPanel / kLanes;
constexpr int kBlockRows = 6;  // 6 rows of 4 vectors fill 24 of 32 registers

/// Working memory of one tile.
struct Tile {
  Tile(std::byte* scratch, std::int64_t head_width)
      : scores(reinterpret_cast<float*>(scratch)),
        out(scores + kTileQueries * kChunkKeys),
        maximum(out + kTileQueries * head_width),
        sum(maximum + kTileQueries),
        weights(reinterpret_cast<std::uint16_t*>(sum + kTileQueries)),
        queries(weights + kTileQueries * kChunkKeys) {}

  static std::size_t bytes(std::int64_t head_width) {
    return static_cast<std::size_t>(kTileQueries * (kChunkKeys * 6 + head_width * 6 + 8));
  }

  float* scores;           ///< [kTileQueries][kChunkKeys]
  float* out;              ///< [kTileQueries][head_width], not yet divided by the sum
  float *maximum, *sum;    ///< of each row so far
  std::uint16_t* weights;  ///< [kTileQueries][kChunkKeys]: exponentials
  std::uint16_t* queries;  ///< [kTileQueries][head_width]
};

/// c[Rows][kPanel] (+)= a·b over `pairs` pairs of bf16: a [Rows] rows of pairs, b [pairs][kPanel] pairs.
template <int Rows, bool Accumulate>
PALIMPSEST_BF16 inline void multiply_block(const std::uint16_t* a, std::int64_t a_stride, const std::uint16_t* b,
                                           std::int64_t pairs, float* c, std::int64_t c_stride) {
  __m512 sums[Rows][kVectors];
  for (int r = 0; r < Rows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      sums[r][v] = Accumulate ? _mm512_loadu_ps(c + r * c_stride + v * kLanes) : _mm512_setzero_ps();
    }
  }
  for (std::int64_t p = 0; p < pairs; ++p) {
    __m512bh right[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      right[v] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(b + 2 * (p * kPanel + v * kLanes)));
    }
    for (int r = 0; r < Rows; ++r) {
      int pair = 0;
      std::memcpy(&pair, a + r * a_stride + 2 * p, sizeof pair);
      const auto left = reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
      for (int v = 0; v < kVectors; ++v) sums[r][v] = _mm512_dpbf16_ps(sums[r][v], left, right[v]);
    }
  }
  for (int r = 0; r < Rows; ++r) {
    for (int v = 0; v < kVectors; ++v) _mm512_storeu_ps(c + r * c_stride + v * kLanes, sums[r][v]);
  }
}

/// multiply_block for any number of rows.
template <bool Accumulate>
PALIMPSEST_BF16 void multiply_panel(const std::uint16_t* a, std::int64_t a_stride, std::int64_t rows,
                                    const std::uint16_t* b, std::int64_t pairs, float* c, std::int64_t c_stride) {
  for (; rows >= kBlockRows; rows -= kBlockRows, a += kBlockRows * a_stride, c += kBlockRows * c_stride) {
    multiply_block<kBlockRows, Accumulate>(a, a_stride, b, pairs, c, c_stride);
  }
  for (; rows > 0; --rows, a += a_stride, c += c_stride) {
    multiply_block<1, Accumulate>(a, a_stride, b, pairs, c, c_stride);
  }
}

/// 2^x for x ≤ 0, to 4e-6 of its value: far below bf16's rounding. The polynomial interpolates 2^f at Chebyshev
/// nodes of |f| ≤ 1/2.
PALIMPSEST_BF16 inline __m512 exp2_of(__m512 x) {
  const __m512 whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 f = _mm512_sub_ps(x, whole);
  __m512 y = _mm512_set1_ps(0.00966636852F);
  y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(0.0559219758F));
  y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(0.24022349F));
  y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(0.693121045F));
  y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(1.0F));
  return _mm512_scalef_ps(y, whole);
}

PALIMPSEST_BF16 inline void store_bf16(std::uint16_t* to, __m512 values) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(values)));
}

/// Mask of the first `count` lanes, at most all.
inline __mmask16 first_lanes(std::int64_t count) {
  return static_cast<__mmask16>((std::uint32_t{1} << std::clamp<std::int64_t>(count, 0, kLanes)) - 1U);
}

/// Turns a row of `keys` scores into bf16 weights, zero up to a whole vector, and rescales what the row has so far if
/// its maximum grew. `factor` is log2(e) times the scale of the scores.
PALIMPSEST_BF16 void softmax_row(Tile& tile, std::int64_t row, std::int64_t keys, float factor,
                                 std::int64_t head_width) {
  const float* scores = tile.scores + row * kChunkKeys;
  std::uint16_t* weights = tile.weights + row * kChunkKeys;
  __m512 largest = _mm512_set1_ps(tile.maximum[row]);
  for (std::int64_t k = 0; k < keys; k += kLanes) {
    largest = _mm512_mask_max_ps(largest, first_lanes(keys - k), largest, _mm512_loadu_ps(scores + k));
  }
  const float maximum = _mm512_reduce_max_ps(largest);
  const __m512 scale = _mm512_set1_ps(factor), shift = _mm512_set1_ps(maximum * factor);
  __m512 sum = _mm512_setzero_ps();
  for (std::int64_t k = 0; k < keys; k += kLanes) {
    const __m512 exponent = _mm512_fmsub_ps(_mm512_loadu_ps(scores + k), scale, shift);
    const __m512 weight = _mm512_maskz_mov_ps(first_lanes(keys - k), exp2_of(exponent));
    sum = _mm512_add_ps(sum, weight);
    store_bf16(weights + k, weight);
  }
  if (maximum > tile.maximum[row]) {
    const __m512 before = exp2_of(_mm512_set1_ps((tile.maximum[row] - maximum) * factor));
    tile.sum[row] *= _mm512_cvtss_f32(before);
    tile.maximum[row] = maximum;
    float* out = tile.out + row * head_width;
    for (std::int64_t i = 0; i < head_width; i += kLanes) {
      _mm512_storeu_ps(out + i, _mm512_mul_ps(_mm512_loadu_ps(out + i), before));
    }
  }
  tile.sum[row] += _mm512_reduce_add_ps(sum);
}

PALIMPSEST_BF16 void store_row(const Bf16Attention& call, const float* row, float sum, std::int64_t offset) {
  const __m512 factor = _mm512_set1_ps(1.0F / sum);
  for (std::int64_t i = 0; i < call.head_width; i += kLanes) {
    const __m512 value = _mm512_mul_ps(_mm512_loadu_ps(row + i), factor);
    if (call.out_is_f32) {
      _mm512_storeu_ps(static_cast<float*>(call.out) + offset + i, value);
    } else {
      store_bf16(static_cast<std::uint16_t*>(call.out) + offset + i, value);
    }
  }
}

/// Row of q, k or v (part 0, 1, 2).
const std::uint16_t* row_of(const Bf16Attention& call, std::int64_t token, int part, std::int64_t head) {
  return call.qkv + ((token * 3 + part) * call.heads + head) * call.head_width;
}

/// Keys of a panel to [head_width / 2][kPanel] pairs along the head.
PALIMPSEST_BF16 void pack_keys(const Bf16Attention& call, std::int64_t head, std::int64_t begin, std::int64_t count,
                               std::uint16_t* to) {
  const auto stride = static_cast<int>(3 * call.heads * call.head_width * std::int64_t{sizeof(std::uint16_t)});
  const __m512i lanes = _mm512_mullo_epi32(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
                                           _mm512_set1_epi32(stride));
  for (std::int64_t first = 0; first < kPanel; first += kLanes) {
    const std::uint16_t* from = row_of(call, begin + std::min(first, count - 1), 1, head);
    for (std::int64_t pair = 0; pair < call.head_width / 2; ++pair) {
      const __m512i column =
          _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), first_lanes(count - first), lanes, from + 2 * pair, 1);
      _mm512_storeu_si512(to + 2 * (pair * kPanel + first), column);
    }
  }
}

/// Values of a panel to [head_width / kPanel] panels of [tokens / 2][kPanel] pairs along the tokens.
PALIMPSEST_BF16 void pack_values(const Bf16Attention& call, std::int64_t head, std::int64_t begin, std::int64_t count,
                                 std::uint16_t* head_values) {
  const std::int64_t padded_tokens = call.panels() * kPanel;
  for (std::int64_t pair = 0; pair < kPanel / 2; ++pair) {
    for (std::int64_t i = 0; i < call.head_width; i += kLanes) {
      __m512i rows[2];
      for (int odd = 0; odd < 2; ++odd) {
        const std::int64_t token = 2 * pair + odd;
        rows[odd] = token < count ? _mm512_cvtepu16_epi32(_mm256_loadu_si256(
                                        reinterpret_cast<const __m256i*>(row_of(call, begin + token, 2, head) + i)))
                                  : _mm512_setzero_si512();
      }
      std::uint16_t* panel = head_values + i / kPanel * padded_tokens * kPanel;
      _mm512_storeu_si512(panel + (begin + 2 * pair) * kPanel + 2 * (i % kPanel),
                          _mm512_or_si512(rows[0], _mm512_slli_epi32(rows[1], 16)));
    }
  }
}

void pack_tokens(const Bf16Attention& call, std::int64_t head, std::int64_t panel) {
  const std::int64_t begin = panel * kPanel;
  const std::int64_t count = std::min(kPanel, call.tokens - begin);
  const std::int64_t head_elements = call.panels() * kPanel * call.head_width;
  pack_keys(call, head, begin, count, call.keys + head * head_elements + begin * call.head_width);
  pack_values(call, head, begin, count, call.values + head * head_elements);
}

PALIMPSEST_BF16 void run_tile(const Bf16Attention& call, std::int64_t head, std::int64_t index, std::byte* scratch) {
  constexpr float kLog2e = 1.44269504F;
  const std::int64_t width = call.head_width, padded_tokens = call.panels() * kPanel;
  const std::int64_t first = call.first_query + index * kTileQueries;
  const std::int64_t rows = std::min(kTileQueries, call.tokens - first);
  const std::uint16_t* keys = call.keys + head * padded_tokens * width;
  const std::uint16_t* values = call.values + head * padded_tokens * width;
  Tile tile(scratch, width);
  // Rows of qkv lie a multiple of a page apart: side by side they do not fight for the same cache lines.
  for (std::int64_t r = 0; r < rows; ++r) {
    std::memcpy(tile.queries + r * width, row_of(call, first + r, 0, head), static_cast<std::size_t>(width) * 2);
  }
  std::fill_n(tile.out, rows * width, 0.0F);
  std::fill_n(tile.maximum, rows, std::numeric_limits<float>::lowest());
  std::fill_n(tile.sum, rows, 0.0F);

  for (std::int64_t begin = 0; begin < call.tokens; begin += kChunkKeys) {
    const std::int64_t count = std::min(kChunkKeys, call.tokens - begin);
    for (std::int64_t key = 0; key < count; key += kPanel) {
      multiply_panel<false>(tile.queries, width, rows, keys + (begin + key) * width, width / 2, tile.scores + key,
                            kChunkKeys);
    }
    for (std::int64_t r = 0; r < rows; ++r) softmax_row(tile, r, count, call.scale * kLog2e, width);
    for (std::int64_t column = 0; column < width; column += kPanel) {
      multiply_panel<true>(tile.weights, kChunkKeys, rows, values + column * padded_tokens + begin * kPanel,
                           (count + 1) / 2, tile.out + column, width);
    }
  }
  for (std::int64_t r = 0; r < rows; ++r) {
    store_row(call, tile.out + r * width, tile.sum[r], (first - call.first_query + r) * call.out_stride + head * width);
  }
}

}  // namespace

const Bf16AttentionKernel* bf16_attention_kernel() {
  static constexpr Bf16AttentionKernel kKernel{&pack_tokens, &run_tile, &Tile::bytes};
  return __builtin_cpu_supports("avx512bf16") != 0 && __builtin_cpu_supports("avx512dq") != 0 ? &kKernel : nullptr;
}

}  // namespace palimpsest
