// Softmax attention in tiles of queries and keys: scores never exist as a whole, and the running maximum and sum of
// each row rescale what was added before. Milakov & Gimelshein 2018 (online softmax); Dao et al. 2022 (tiling).
#include <algorithm>
#include <limits>
#include <type_traits>

#include "shared/portable/elements.h"
#include "shared/portable/portable_backend.h"
#include "shared/tensor/op_checks.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "shared/portable/attention.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "shared/portable/gemm-inl.h"
#include "shared/portable/vector-inl.h"

#ifndef PALIMPSEST_PORTABLE_ATTENTION_PLAN
#define PALIMPSEST_PORTABLE_ATTENTION_PLAN
namespace palimpsest {

/// One attention call: sizes, where things lie, and k and v of all heads as f32 panels.
struct AttentionPlan {
  std::int64_t tokens = 0, heads = 0, head_width = 0;
  std::int64_t tile_queries = 0, tiles = 0;
  float scale = 1.0F;
  bool causal = false;
  const float* relative_bias = nullptr;
  std::int64_t first_query = 0;
  Elements qkv, out;
  std::int64_t out_stride = 0;
  std::int64_t panel_width = 0;
  float* keys = nullptr;    ///< [heads][token panels][head_width][panel_width]
  float* values = nullptr;  ///< [heads][width panels][tokens][panel_width]

  std::int64_t token_panels() const { return (tokens + panel_width - 1) / panel_width; }
  std::int64_t width_panels() const { return (head_width + panel_width - 1) / panel_width; }
  std::int64_t key_floats() const { return token_panels() * panel_width * head_width; }
  std::int64_t value_floats() const { return width_panels() * panel_width * tokens; }
  /// Part 0, 1, 2: q, k, v.
  Elements row(std::int64_t token, int part, std::int64_t head) const {
    return qkv.at(((token * 3 + part) * heads + head) * head_width);
  }
};

}  // namespace palimpsest
#endif

HWY_BEFORE_NAMESPACE();
namespace palimpsest {
namespace HWY_NAMESPACE {

std::int64_t attention_panel_width() {
  return tile_width();
}

/// Packs keys and values of one panel of tokens; keys beyond the last are zero.
void pack_tokens(const AttentionPlan& plan, std::int64_t head, std::int64_t panel) {
  const std::int64_t width = plan.panel_width;
  const std::int64_t begin = panel * width;
  const std::int64_t count = std::min(width, plan.tokens - begin);
  FloatScratch scratch(plan.head_width);
  float* keys = plan.keys + head * plan.key_floats() + begin * plan.head_width;
  if (count < width) std::fill_n(keys, width * plan.head_width, 0.0F);
  for (std::int64_t t = 0; t < count; ++t) {
    const float* key = widened(plan.row(begin + t, 1, head), plan.head_width, scratch.data());
    for (std::int64_t i = 0; i < plan.head_width; ++i) keys[i * width + t] = key[i];
    const float* value = widened(plan.row(begin + t, 2, head), plan.head_width, scratch.data());
    float* values = plan.values + head * plan.value_floats() + (begin + t) * width;
    for (std::int64_t first = 0; first < plan.head_width; first += width, values += plan.tokens * width) {
      const std::int64_t part = std::min(width, plan.head_width - first);
      std::copy_n(value + first, part, values);
      std::fill_n(values + part, width - part, 0.0F);
    }
  }
}

/// Running state of a tile of queries. Left-hand blocks have rows kBlockStride apart.
struct QueryTile {
  QueryTile(const AttentionPlan& plan, std::int64_t head_index, std::int64_t tile)
      : head(head_index),
        first(plan.first_query + tile * plan.tile_queries),
        rows(std::min(plan.tile_queries, plan.tokens - first)),
        depth_blocks((plan.head_width + kBlockDepth - 1) / kBlockDepth),
        out_stride(plan.width_panels() * plan.panel_width),
        queries(rows * depth_blocks * kBlockStride),
        scores(rows * kBlockStride),
        out(rows * out_stride),
        maximum(rows),
        sum(rows) {
    std::fill_n(out.data(), rows * out_stride, 0.0F);
    std::fill_n(maximum.data(), rows, std::numeric_limits<float>::lowest());
    std::fill_n(sum.data(), rows, 0.0F);
  }

  std::int64_t head, first, rows, depth_blocks, out_stride;
  FloatScratch queries;  ///< [depth_blocks][rows][kBlockStride], scaled
  FloatScratch scores;   ///< [rows][kBlockStride]: scores, then weights
  FloatScratch out;      ///< [rows][out_stride], not yet divided by the sum
  FloatScratch maximum, sum;
};

void load_queries(const AttentionPlan& plan, QueryTile& tile) {
  const FloatTag d;
  const FloatVector scale = hn::Set(d, plan.scale);
  for (std::int64_t block = 0; block < tile.depth_blocks; ++block) {
    const std::int64_t begin = block * kBlockDepth;
    const std::int64_t count = std::min(kBlockDepth, plan.head_width - begin);
    for (std::int64_t row = 0; row < tile.rows; ++row) {
      float* to = tile.queries.data() + (block * tile.rows + row) * kBlockStride;
      widen(plan.row(tile.first + row, 0, tile.head).at(begin), count, to);
      map_values(
          static_cast<std::size_t>(count), to, [scale](FloatVector v) HWY_ATTR { return hn::Mul(v, scale); }, to);
    }
  }
}

void compute_scores(const AttentionPlan& plan, QueryTile& tile, std::int64_t key_begin, std::int64_t keys) {
  const std::int64_t width = plan.panel_width;
  const float* packed = plan.keys + tile.head * plan.key_floats();
  for (std::int64_t key = 0; key < keys; key += width) {
    float* scores = tile.scores.data() + key;
    for (std::int64_t row = 0; row < tile.rows; ++row) std::fill_n(scores + row * kBlockStride, width, 0.0F);
    for (std::int64_t block = 0; block < tile.depth_blocks; ++block) {
      const std::int64_t begin = block * kBlockDepth;
      const float* panel = packed + (key_begin + key) * plan.head_width + begin * width;
      multiply_panel(tile.queries.data() + block * tile.rows * kBlockStride, tile.rows, panel,
                     std::min(kBlockDepth, plan.head_width - begin), scores, kBlockStride);
    }
  }
}

/// Adds the bias and hides the keys that a query must not see.
void bias_and_mask(const AttentionPlan& plan, const QueryTile& tile, std::int64_t row, std::int64_t key_begin,
                   std::int64_t keys, float* scores) {
  const std::int64_t query = tile.first + row;
  if (plan.relative_bias != nullptr) {
    const float* bias = plan.relative_bias + tile.head * (2 * plan.tokens - 1) + (key_begin - query + plan.tokens - 1);
    map_values(
        static_cast<std::size_t>(keys), scores, [](FloatVector s, FloatVector b) HWY_ATTR { return hn::Add(s, b); },
        scores, bias);
  }
  if (plan.causal) {
    for (std::int64_t key = std::max<std::int64_t>(0, query + 1 - key_begin); key < keys; ++key) {
      scores[key] = -std::numeric_limits<float>::infinity();
    }
  }
}

/// The largest of `count` values and `least`.
HWY_INLINE float maximum_of(const float* values, std::size_t count, float least) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  FloatVector largest = hn::Set(d, least);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) largest = hn::Max(largest, hn::LoadU(d, values + i));
  float result = hn::GetLane(hn::MaxOfLanes(d, largest));
  for (; i < count; ++i) result = std::max(result, values[i]);
  return result;
}

/// Turns a row of scores into weights e^(score - maximum) and rescales what the row has gathered so far.
void softmax_row(QueryTile& tile, std::int64_t row, std::int64_t keys, float* scores) {
  const FloatTag d;
  const auto n = static_cast<std::size_t>(keys);
  const float before = tile.maximum.data()[row];
  const float now = maximum_of(scores, n, before);
  const FloatVector shift = hn::Set(d, now);
  map_values(
      n, scores, [d, shift](FloatVector s) HWY_ATTR { return exponential(d, hn::Sub(s, shift)); }, scores);
  const float added = sum_of(
      n, [](FloatVector w) HWY_ATTR { return w; }, scores);
  const float factor = hn::GetLane(exponential(d, hn::Set(d, before - now)));
  tile.sum.data()[row] = tile.sum.data()[row] * factor + added;
  tile.maximum.data()[row] = now;
  if (factor == 1.0F) return;
  float* out = tile.out.data() + row * tile.out_stride;
  const FloatVector rescale = hn::Set(d, factor);
  map_values(
      static_cast<std::size_t>(tile.out_stride), out, [rescale](FloatVector v) HWY_ATTR { return hn::Mul(v, rescale); },
      out);
}

void add_weighted_values(const AttentionPlan& plan, QueryTile& tile, std::int64_t key_begin, std::int64_t keys) {
  const float* packed = plan.values + tile.head * plan.value_floats();
  for (std::int64_t panel = 0; panel < plan.width_panels(); ++panel) {
    multiply_panel(tile.scores.data(), tile.rows, packed + (panel * plan.tokens + key_begin) * plan.panel_width, keys,
                   tile.out.data() + panel * plan.panel_width, tile.out_stride);
  }
}

void store_queries(const AttentionPlan& plan, QueryTile& tile) {
  const FloatTag d;
  for (std::int64_t row = 0; row < tile.rows; ++row) {
    float* values = tile.out.data() + row * tile.out_stride;
    const FloatVector factor = hn::Set(d, 1.0F / tile.sum.data()[row]);
    map_values(
        static_cast<std::size_t>(plan.head_width), values,
        [factor](FloatVector v) HWY_ATTR { return hn::Mul(v, factor); }, values);
    const std::int64_t out_row = tile.first - plan.first_query + row;
    narrow(values, plan.head_width, plan.out.at(out_row * plan.out_stride + tile.head * plan.head_width));
  }
}

void attend_tile(const AttentionPlan& plan, std::int64_t head, std::int64_t tile_index) {
  QueryTile tile(plan, head, tile_index);
  load_queries(plan, tile);
  const std::int64_t visible = plan.causal ? tile.first + tile.rows : plan.tokens;
  for (std::int64_t begin = 0; begin < visible; begin += kBlockDepth) {
    const std::int64_t keys = std::min(kBlockDepth, visible - begin);
    compute_scores(plan, tile, begin, keys);
    for (std::int64_t row = 0; row < tile.rows; ++row) {
      float* scores = tile.scores.data() + row * kBlockStride;
      bias_and_mask(plan, tile, row, begin, keys, scores);
      softmax_row(tile, row, keys, scores);
    }
    add_weighted_values(plan, tile, begin, keys);
  }
  store_queries(plan, tile);
}

}  // namespace HWY_NAMESPACE
}  // namespace palimpsest
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace palimpsest {
namespace {

HWY_EXPORT(attention_panel_width);
HWY_EXPORT(pack_tokens);
HWY_EXPORT(attend_tile);

/// Queries of a task, from the sizes alone: large enough to use a loaded panel often, small enough for many tasks.
void choose_tiles(AttentionPlan& plan) {
  constexpr std::int64_t kEnoughTasks = 48;
  const std::int64_t queries = plan.tokens - plan.first_query;
  plan.tile_queries = 96;
  while (plan.tile_queries > 24 && plan.heads * (queries / plan.tile_queries) < kEnoughTasks) plan.tile_queries /= 2;
  plan.tiles = (queries + plan.tile_queries - 1) / plan.tile_queries;
}

}  // namespace

void PortableBackend::attention(const Tensor& qkv, std::int64_t heads, const AttentionOptions& options, Tensor& out,
                                std::int64_t out_column) {
  AttentionPlan plan;
  plan.head_width = check_attention(qkv, heads, options, out, out_column);
  plan.tokens = qkv.shape()[0];
  plan.heads = heads;
  plan.scale = options.scale;
  plan.causal = options.causal;
  plan.relative_bias = options.relative_bias != nullptr ? options.relative_bias->data<float>() : nullptr;
  plan.first_query = options.first_query;
  plan.qkv = elements_of(qkv);
  plan.out = elements_of(out).at(out_column);
  plan.out_stride = out.shape()[1];
  plan.panel_width = HWY_DYNAMIC_DISPATCH(attention_panel_width)();
  if (out.shape()[0] == 0 || plan.head_width == 0) return;
  choose_tiles(plan);

  const Tensor packed = allocate({heads, plan.key_floats() + plan.value_floats()}, DType::f32);
  plan.keys = packed.data<float>();
  plan.values = plan.keys + heads * plan.key_floats();
  const std::int64_t panels = plan.token_panels();
  parallel_.run(heads * panels, [&](std::int64_t index) {
    HWY_DYNAMIC_DISPATCH(pack_tokens)(plan, index / panels, index % panels);
  });
  parallel_.run(heads * plan.tiles, [&](std::int64_t index) {
    HWY_DYNAMIC_DISPATCH(attend_tile)(plan, index / plan.tiles, index % plan.tiles);
  });
}

}  // namespace palimpsest
#endif
