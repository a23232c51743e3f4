#pragma once

#include <cstddef>
#include <cstdint>

namespace palimpsest {

/// One softmax attention over bf16 rows, all heads; addresses and strides count bf16 elements.
struct Bf16Attention {
  std::int64_t tokens = 0, heads = 0, head_width = 0;
  std::int64_t first_query = 0;
  float scale = 1.0F;                  ///< above 0
  const std::uint16_t* qkv = nullptr;  ///< [tokens][3][heads][head_width]
  std::uint16_t* keys = nullptr;       ///< packed by pack_tokens: packed_elements()
  std::uint16_t* values = nullptr;     ///< packed by pack_tokens: packed_elements()
  void* out = nullptr;                 ///< row of query first_query, column of head 0
  std::int64_t out_stride = 0;         ///< elements between rows of out
  bool out_is_f32 = false;             ///< else bf16

  static constexpr std::int64_t kTileQueries = 96;
  static constexpr std::int64_t kPanel = 64;  ///< keys, or columns of values, that a tile of the product is wide
  static constexpr std::int64_t kChunkKeys = 256;

  std::int64_t panels() const { return (tokens + kPanel - 1) / kPanel; }
  std::int64_t tiles() const { return (tokens - first_query + kTileQueries - 1) / kTileQueries; }
  std::int64_t packed_elements() const { return heads * panels() * kPanel * head_width; }
};

/// The kernels of one instruction set.
struct Bf16AttentionKernel {
  /// Packs keys and values of one head and one panel of tokens. Independent for each pair.
  void (*pack_tokens)(const Bf16Attention& call, std::int64_t head, std::int64_t panel);
  /// Computes one tile of queries of one head; `scratch` has scratch_bytes(head_width), aligned to 64.
  void (*run_tile)(const Bf16Attention& call, std::int64_t head, std::int64_t tile, std::byte* scratch);
  std::size_t (*scratch_bytes)(std::int64_t head_width);
};

/// nullptr where the processor has no bf16 products. Head widths are multiples of Bf16Attention::kPanel.
const Bf16AttentionKernel* bf16_attention_kernel();

}  // namespace palimpsest
