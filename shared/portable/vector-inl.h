// Vector building blocks of the kernels, once for each instruction set: loops with tails, exp, activations.
#if defined(PALIMPSEST_VECTOR_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PALIMPSEST_VECTOR_INL_H
#undef PALIMPSEST_VECTOR_INL_H
#else
#define PALIMPSEST_VECTOR_INL_H
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace palimpsest {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
using FloatVector = hn::Vec<FloatTag>;

/// The first `count` lanes from memory, the others zero.
HWY_INLINE FloatVector load_part(FloatTag d, const float* from, std::size_t count) {
  HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)] = {};
  std::memcpy(lanes, from, count * sizeof(float));
  return hn::Load(d, lanes);
}

HWY_INLINE void store_part(FloatTag d, FloatVector v, float* to, std::size_t count) {
  HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)];
  hn::Store(v, d, lanes);
  std::memcpy(to, lanes, count * sizeof(float));
}

/// out[i] = f(in[i]...); out may be one of the inputs.
template <class Function, class... In>
HWY_INLINE void map_values(std::size_t count, float* out, Function f, const In*... in) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(f(hn::LoadU(d, in + i)...), d, out + i);
  if (i < count) store_part(d, f(load_part(d, in + i, count - i)...), out + i, count - i);
}

/// The sum of f(in[i]...) with f(0...) = 0, in an order that depends on the vector length only.
template <class Function, class... In>
HWY_INLINE float sum_of(std::size_t count, Function f, const In*... in) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  FloatVector sum0 = hn::Zero(d), sum1 = hn::Zero(d);
  std::size_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    sum0 = hn::Add(sum0, f(hn::LoadU(d, in + i)...));
    sum1 = hn::Add(sum1, f(hn::LoadU(d, in + i + lanes)...));
  }
  for (; i < count; i += lanes) {
    const std::size_t part = count - i < lanes ? count - i : lanes;
    sum0 = hn::Add(sum0, f(load_part(d, in + i, part)...));
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
}

/// e^x to about 2 ulp: 2^n · e^r with |r| ≤ ln(2)/2 and the Taylor polynomial of degree 7, whose remainder there is
/// below 6e-9. Exactly zero below -87.33, where the result would be subnormal; +inf is cut to e^88.3; NaN stays NaN.
HWY_INLINE FloatVector exponential(FloatTag d, FloatVector x) {
  const hn::RebindToSigned<FloatTag> di;
  const FloatVector lowest = hn::Set(d, -87.33F);
  const FloatVector y = hn::Min(hn::Set(d, 88.3F), x);  // in this order a NaN gets through
  const FloatVector n = hn::Round(hn::Mul(y, hn::Set(d, 1.44269504F)));
  // ln 2 in two parts; n times the first is exact.
  FloatVector r = hn::NegMulAdd(n, hn::Set(d, 0.693359375F), y);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4F), r);
  FloatVector p = hn::Set(d, 1.0F / 5040);
  p = hn::MulAdd(p, r, hn::Set(d, 1.0F / 720));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0F / 120));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0F / 24));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0F / 6));
  p = hn::MulAdd(p, r, hn::Set(d, 0.5F));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0F));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0F));
  const auto exponent = hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(di, n), hn::Set(di, 127)));
  return hn::IfThenZeroElse(hn::Lt(x, lowest), hn::Mul(p, hn::BitCast(d, exponent)));
}

/// x · sigmoid(z)
HWY_INLINE FloatVector times_sigmoid(FloatTag d, FloatVector x, FloatVector z) {
  return hn::Div(x, hn::Add(hn::Set(d, 1.0F), exponential(d, hn::Neg(z))));
}

/// x/2 · (1 + tanh u) = x · sigmoid(2u)
HWY_INLINE FloatVector gelu_tanh(FloatTag d, FloatVector x) {
  const FloatVector cubic = hn::Mul(hn::Mul(x, x), hn::Set(d, 0.044715F * 1.5957691216F));
  return times_sigmoid(d, x, hn::Mul(x, hn::Add(cubic, hn::Set(d, 1.5957691216F))));
}

HWY_INLINE void activate_row(Activation act, float* x, std::size_t count) {
  const FloatTag d;
  switch (act) {
    case Activation::none:
      return;
    case Activation::gelu_tanh:
      return map_values(
          count, x, [d](FloatVector v) HWY_ATTR { return gelu_tanh(d, v); }, x);
    case Activation::quick_gelu:
      return map_values(
          count, x, [d](FloatVector v) HWY_ATTR { return times_sigmoid(d, v, hn::Mul(v, hn::Set(d, 1.702F))); }, x);
    case Activation::silu:
      return map_values(
          count, x, [d](FloatVector v) HWY_ATTR { return times_sigmoid(d, v, v); }, x);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace palimpsest
HWY_AFTER_NAMESPACE();

#endif
