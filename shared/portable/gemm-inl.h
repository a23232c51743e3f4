// The register tile of all matrix products, once for each instruction set.
#if defined(PALIMPSEST_GEMM_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PALIMPSEST_GEMM_INL_H
#undef PALIMPSEST_GEMM_INL_H
#else
#define PALIMPSEST_GEMM_INL_H
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

HWY_BEFORE_NAMESPACE();
namespace palimpsest {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Rows of a tile: with two vectors of columns they fill, but do not exceed, 32 or 16 registers. WebAssembly is at its
// best with 4 (6 spill in V8). Only 32 registers have room to widen bf16 panels on the way.
#if HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON
inline constexpr int kTileRows = 12;
inline constexpr bool kWidensInTile = true;
#else
inline constexpr int kTileRows = HWY_TARGET == HWY_AVX2 ? 6 : 4;
inline constexpr bool kWidensInTile = false;
#endif

/// Depth of a block: a panel of that depth stays in the first-level cache while the tiles of many rows pass.
inline constexpr std::int64_t kBlockDepth = 256;
/// Row stride of left-hand blocks in floats, constant so that a tile needs one pointer; the extra cache line keeps the
/// rows out of one another's cache sets.
inline constexpr std::int64_t kBlockStride = kBlockDepth + 16;

using TileTag = hn::ScalableTag<float>;
using TileVector = hn::Vec<TileTag>;

inline std::int64_t tile_width() {
  return 2 * static_cast<std::int64_t>(hn::Lanes(TileTag()));
}

/// Accumulators of kRows rows by two vectors. A recursive struct, not an array: compilers keep it in registers.
template <int kRows>
struct Tile {
  Tile<kRows - 1> above;
  TileVector left, right;

  HWY_INLINE void load(const float* c, std::int64_t stride) {
    above.load(c, stride);
    left = hn::LoadU(TileTag(), c + (kRows - 1) * stride);
    right = hn::LoadU(TileTag(), c + (kRows - 1) * stride + hn::Lanes(TileTag()));
  }
  HWY_INLINE void store(float* c, std::int64_t stride) const {
    above.store(c, stride);
    hn::StoreU(left, TileTag(), c + (kRows - 1) * stride);
    hn::StoreU(right, TileTag(), c + (kRows - 1) * stride + hn::Lanes(TileTag()));
  }
  /// Adds a[row] · (b_left, b_right).
  HWY_INLINE void multiply_add(const float* a, TileVector b_left, TileVector b_right) {
    above.multiply_add(a, b_left, b_right);
    const TileVector factor = hn::Set(TileTag(), a[(kRows - 1) * kBlockStride]);
    left = hn::MulAdd(factor, b_left, left);
    right = hn::MulAdd(factor, b_right, right);
  }
};
template <>
struct Tile<0> {
  HWY_INLINE void load(const float*, std::int64_t) {}
  HWY_INLINE void store(float*, std::int64_t) const {}
  HWY_INLINE void multiply_add(const float*, TileVector, TileVector) {}
};

template <int kRows>
HWY_INLINE void step_f32(Tile<kRows>& tile, const float* a, const float* b, std::int64_t depth) {
  const TileTag d;
  for (std::int64_t k = 0; k < depth; ++k) {
    tile.multiply_add(a + k, hn::LoadU(d, b), hn::LoadU(d, b + hn::Lanes(d)));
    b += 2 * hn::Lanes(d);
  }
}

/// Two depths at a time: bf16 panels hold both in one 32-bit lane, the even one in the low half. An odd depth reads
/// one value of `a` too far, which meets a zero weight; blocks have room for it and hold a finite value there.
template <int kRows>
HWY_INLINE void step_bf16(Tile<kRows>& tile, const float* a, const std::uint32_t* b, std::int64_t depth) {
  const TileTag d;
  const hn::RebindToUnsigned<TileTag> du32;
  const auto high = hn::Set(du32, 0xffff0000U);
  for (std::int64_t k = 0; k < depth; k += 2) {
    const auto left = hn::LoadU(du32, b);
    const auto right = hn::LoadU(du32, b + hn::Lanes(d));
    tile.multiply_add(a + k, hn::BitCast(d, hn::ShiftLeft<16>(left)), hn::BitCast(d, hn::ShiftLeft<16>(right)));
    tile.multiply_add(a + k + 1, hn::BitCast(d, hn::And(left, high)), hn::BitCast(d, hn::And(right, high)));
    b += 2 * hn::Lanes(d);
  }
}

/// c[kRows][tile_width()] += a[kRows][depth] · b[depth][tile_width()]; rows of `a` are kBlockStride apart.
template <int kRows, typename T>
HWY_NOINLINE void multiply_tile(const float* HWY_RESTRICT a, const T* HWY_RESTRICT b, std::int64_t depth,
                                float* HWY_RESTRICT c, std::int64_t c_stride) {
  Tile<kRows> tile;
  tile.load(c, c_stride);
  if constexpr (std::is_same_v<T, float>) {
    step_f32(tile, a, b, depth);
  } else {
    step_bf16(tile, a, b, depth);
  }
  tile.store(c, c_stride);
}

/// Panel rows [0, depth) of bf16 pairs as f32 rows; an odd depth gets a row of zeros more.
inline void widen_panel(const std::uint32_t* from, std::int64_t depth, float* to) {
  const TileTag d;
  const hn::RebindToUnsigned<TileTag> du32;
  const std::int64_t width = tile_width();
  const auto high = hn::Set(du32, 0xffff0000U);
  for (std::int64_t k = 0; k < depth; k += 2, from += width, to += 2 * width) {
    for (std::int64_t i = 0; i < width; i += static_cast<std::int64_t>(hn::Lanes(d))) {
      const auto pairs = hn::LoadU(du32, from + i);
      hn::StoreU(hn::BitCast(d, hn::ShiftLeft<16>(pairs)), d, to + i);
      hn::StoreU(hn::BitCast(d, hn::And(pairs, high)), d, to + width + i);
    }
  }
}

/// The same for any number of rows.
template <typename T>
void multiply_panel(const float* a, std::int64_t rows, const T* b, std::int64_t depth, float* c,
                    std::int64_t c_stride) {
  std::int64_t row = 0;
  const auto run = [&](auto tile_rows) HWY_ATTR {
    constexpr int kRows = decltype(tile_rows)::value;
    for (; row + kRows <= rows; row += kRows) {
      multiply_tile<kRows>(a + row * kBlockStride, b, depth, c + row * c_stride, c_stride);
    }
  };
  run(std::integral_constant<int, kTileRows>());
  run(std::integral_constant<int, kTileRows / 2>());
  run(std::integral_constant<int, 1>());
}

}  // namespace HWY_NAMESPACE
}  // namespace palimpsest
HWY_AFTER_NAMESPACE();

#endif
