#include <cmath>

#include "shared/portable/elements.h"
#include "shared/portable/portable_backend.h"
#include "shared/tensor/op_checks.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "shared/portable/rope.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "shared/portable/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace palimpsest {
namespace HWY_NAMESPACE {

/// Pairs (a, b) with (cos, sin) become (a cos - b sin, b cos + a sin): adjacent values are a pair, not the two halves.
void rotate_head(float* x, std::int64_t width, const float* pe) {
  const FloatTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + 2 * lanes <= width; i += 2 * lanes) {
    FloatVector a, b, cosine, sine;
    hn::LoadInterleaved2(d, x + i, a, b);
    hn::LoadInterleaved2(d, pe + i, cosine, sine);
    hn::StoreInterleaved2(hn::NegMulAdd(b, sine, hn::Mul(a, cosine)), hn::MulAdd(a, sine, hn::Mul(b, cosine)), d,
                          x + i);
  }
  for (; i < width; i += 2) {
    const float a = x[i], b = x[i + 1];
    x[i] = a * pe[i] - b * pe[i + 1];
    x[i + 1] = b * pe[i] + a * pe[i + 1];
  }
}

void norm_rotate_head(float* x, std::int64_t width, const float* weight, const float* pe) {
  const FloatTag d;
  const auto n = static_cast<std::size_t>(width);
  const float squares = sum_of(
      n, [](FloatVector v) HWY_ATTR { return hn::Mul(v, v); }, x);
  const FloatVector factor = hn::Set(d, 1.0F / std::sqrt(squares / static_cast<float>(width) + 1e-6F));
  map_values(
      n, x, [factor](FloatVector v, FloatVector w) HWY_ATTR { return hn::Mul(hn::Mul(v, factor), w); }, x, weight);
  rotate_head(x, width, pe);
}

}  // namespace HWY_NAMESPACE
}  // namespace palimpsest
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace palimpsest {
namespace {

HWY_EXPORT(rotate_head);
HWY_EXPORT(norm_rotate_head);

/// Calls kernel(head values as f32) in place for `heads` heads that follow one another.
template <typename Kernel>
void for_heads(const Elements& x, std::int64_t heads, std::int64_t width, float* scratch, Kernel kernel) {
  for (std::int64_t head = 0; head < heads; ++head) {
    const Elements at = x.at(head * width);
    float* values = widened(at, width, scratch);
    kernel(values);
    written(values, width, at);
  }
}

}  // namespace

void PortableBackend::rope(Tensor& x, const Tensor& pe) {
  check_float("rope", x);
  check_rope(x, pe);
  const std::int64_t heads = x.shape()[1], width = x.shape()[2];
  for_row_pieces(x.shape()[0], heads * width, [&](std::int64_t begin, std::int64_t end) {
    FloatScratch scratch(width);
    for (std::int64_t t = begin; t < end; ++t) {
      for_heads(elements_of(x).at(t * heads * width), heads, width, scratch.data(), [&](float* head) {
        HWY_DYNAMIC_DISPATCH(rotate_head)(head, width, pe.data<float>() + t * width);
      });
    }
  });
}

void PortableBackend::qk_norm_rope(Tensor& qkv, std::int64_t heads, const Tensor& q_weight, const Tensor& k_weight,
                                   const Tensor& pe) {
  check_float("qk_norm_rope", qkv);
  check_qk_norm_rope(qkv, heads, q_weight, k_weight, pe);
  const std::int64_t row = qkv.shape()[1], width = row / (3 * heads);
  for_row_pieces(qkv.shape()[0], row, [&](std::int64_t begin, std::int64_t end) {
    FloatScratch scratch(width);
    for (std::int64_t t = begin; t < end; ++t) {
      const float* pe_row = pe.data<float>() + t * width;
      for (int part = 0; part < 2; ++part) {
        const float* weight = (part == 0 ? q_weight : k_weight).data<float>();
        for_heads(elements_of(qkv).at(t * row + part * heads * width), heads, width, scratch.data(), [&](float* head) {
          HWY_DYNAMIC_DISPATCH(norm_rotate_head)(head, width, weight, pe_row);
        });
      }
    }
  });
}

}  // namespace palimpsest
#endif
