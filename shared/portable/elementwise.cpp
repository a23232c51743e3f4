#include "shared/portable/elements.h"
#include "shared/portable/portable_backend.h"
#include "shared/tensor/op_checks.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "shared/portable/elementwise.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "shared/portable/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace palimpsest {
namespace HWY_NAMESPACE {

void activate_values(Activation act, std::int64_t count, float* x) {
  activate_row(act, x, static_cast<std::size_t>(count));
}

void add_values(std::int64_t count, float* x, const float* y) {
  map_values(
      static_cast<std::size_t>(count), x, [](FloatVector a, FloatVector b) HWY_ATTR { return hn::Add(a, b); }, x, y);
}

void multiply_values(std::int64_t count, float* x, const float* y) {
  map_values(
      static_cast<std::size_t>(count), x, [](FloatVector a, FloatVector b) HWY_ATTR { return hn::Mul(a, b); }, x, y);
}

void scale_shift_values(std::int64_t count, float* x, const float* scale, const float* shift) {
  const FloatTag d;
  const FloatVector one = hn::Set(d, 1.0F);
  map_values(
      static_cast<std::size_t>(count), x,
      [one](FloatVector v, FloatVector a, FloatVector b) HWY_ATTR { return hn::MulAdd(v, hn::Add(one, a), b); }, x,
      scale, shift);
}

void add_gated_values(std::int64_t count, float* x, const float* y, const float* gate) {
  map_values(
      static_cast<std::size_t>(count), x,
      [](FloatVector v, FloatVector w, FloatVector g) HWY_ATTR { return hn::MulAdd(w, g, v); }, x, y, gate);
}

}  // namespace HWY_NAMESPACE
}  // namespace palimpsest
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace palimpsest {
namespace {

HWY_EXPORT(activate_values);
HWY_EXPORT(add_values);
HWY_EXPORT(multiply_values);
HWY_EXPORT(scale_shift_values);
HWY_EXPORT(add_gated_values);

/// Calls kernel(column, count, x as f32) in place over elements [begin, begin + total) in short pieces.
template <typename Kernel>
void update(const Elements& x, std::int64_t begin, std::int64_t total, Kernel kernel) {
  float scratch[kChunk];
  for_chunks(total, [&](std::int64_t offset, std::int64_t count) {
    const Elements at = x.at(begin + offset);
    float* values = widened(at, count, scratch);
    kernel(offset, count, values);
    written(values, count, at);
  });
}

/// The same with a second operand: kernel(column, count, x, y).
template <typename Kernel>
void update(const Elements& x, const Elements& y, std::int64_t begin, std::int64_t total, Kernel kernel) {
  float scratch[kChunk];
  update(x, begin, total, [&](std::int64_t offset, std::int64_t count, float* values) {
    kernel(offset, count, values, widened(y.at(begin + offset), count, scratch));
  });
}

}  // namespace

void PortableBackend::activate(Tensor& x, Activation act) {
  check_float("activate", x);
  for_row_pieces(x.shape().element_count(), 1, [&](std::int64_t begin, std::int64_t end) {
    update(elements_of(x), begin, end - begin, [&](std::int64_t, std::int64_t count, float* values) {
      HWY_DYNAMIC_DISPATCH(activate_values)(act, count, values);
    });
  });
}

void PortableBackend::add(Tensor& x, const Tensor& y) {
  check_float("add", x);
  check_float("add", y);
  check_same_shape("add", x, y);
  for_row_pieces(x.shape().element_count(), 1, [&](std::int64_t begin, std::int64_t end) {
    update(elements_of(x), elements_of(y), begin, end - begin,
           [](std::int64_t, std::int64_t count, float* a, const float* b) {
             HWY_DYNAMIC_DISPATCH(add_values)
             (count, a, b);
           });
  });
}

void PortableBackend::multiply(Tensor& x, const Tensor& y) {
  check_float("multiply", x);
  check_float("multiply", y);
  check_same_shape("multiply", x, y);
  for_row_pieces(x.shape().element_count(), 1, [&](std::int64_t begin, std::int64_t end) {
    update(elements_of(x), elements_of(y), begin, end - begin,
           [](std::int64_t, std::int64_t count, float* a, const float* b) {
             HWY_DYNAMIC_DISPATCH(multiply_values)(count, a, b);
           });
  });
}

void PortableBackend::scale_shift(Tensor& x, const Tensor& scale, const Tensor& shift) {
  check_float("scale_shift", x);
  check_channel_vector("scale_shift", x, scale);
  check_channel_vector("scale_shift", x, shift);
  const std::int64_t width = x.shape()[-1];
  for_row_pieces(x.shape().row_count(), width, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      update(elements_of(x), row * width, width, [&](std::int64_t column, std::int64_t count, float* values) {
        HWY_DYNAMIC_DISPATCH(scale_shift_values)
        (count, values, scale.data<float>() + column, shift.data<float>() + column);
      });
    }
  });
}

void PortableBackend::add_gated(Tensor& x, const Tensor& y, const Tensor& gate) {
  check_float("add_gated", x);
  check_float("add_gated", y);
  check_same_shape("add_gated", x, y);
  check_channel_vector("add_gated", x, gate);
  const std::int64_t width = x.shape()[-1];
  for_row_pieces(x.shape().row_count(), width, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      update(elements_of(x), elements_of(y), row * width, width,
             [&](std::int64_t column, std::int64_t count, float* a, const float* b) {
               HWY_DYNAMIC_DISPATCH(add_gated_values)(count, a, b, gate.data<float>() + column);
             });
    }
  });
}

}  // namespace palimpsest
#endif
