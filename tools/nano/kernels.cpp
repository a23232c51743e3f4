// Fused bfloat16 kernels of the transformer's small operations, forward and backward, for one thread.
// Matrices are contiguous; N batch, T tokens, C channels, H heads, D head width. kernels.py binds them to autograd.
#include <torch/extension.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

using at::Tensor;
using Bf16 = uint16_t;

constexpr int64_t kHeadWidth = 32;
constexpr float kEpsilon = 1e-6f;

inline float widen(Bf16 value) {
  const uint32_t bits = static_cast<uint32_t>(value) << 16;
  float result;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}

inline Bf16 narrow(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return static_cast<Bf16>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

Bf16* data(const Tensor& tensor) {
  TORCH_CHECK(tensor.is_contiguous(), "the kernels take contiguous tensors");
  return reinterpret_cast<Bf16*>(tensor.data_ptr<at::BFloat16>());
}

// Modulation parts are column slices of one matrix: their rows may lie apart.
struct Rows {
  explicit Rows(const Tensor& tensor)
      : first(reinterpret_cast<Bf16*>(tensor.data_ptr<at::BFloat16>())), stride(tensor.stride(0)) {
    TORCH_CHECK(tensor.stride(-1) == 1, "the kernels take rows of adjacent values");
  }
  const Bf16* operator[](int64_t row) const { return first + row * stride; }
  Bf16* first;
  int64_t stride;
};

inline float fast_exp(float x) {
  x = std::clamp(x, -80.0f, 80.0f) * 1.44269504f;
  const float whole = std::floor(x + 0.5f);
  const float r = (x - whole) * 0.69314718f;
  const float p = 1 + r * (1 + r * (0.5f + r * (0.16666667f + r * (0.041666667f + r * 0.0083333333f))));
  const int32_t bits = (static_cast<int32_t>(whole) + 127) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return p * power;
}

struct HeadVector {
  float values[kHeadWidth];
  explicit HeadVector(const Bf16* source) {
    for (int64_t i = 0; i < kHeadWidth; ++i) values[i] = widen(source[i]);
  }
  float inverse_rms() const {
    float sum = 0;
    for (float value : values) sum += value * value;
    return 1 / std::sqrt(sum / kHeadWidth + kEpsilon);
  }
};

// qkv (N, t, 3, H, D) of one stream to q, k, v (N, H, T, D) at rows first_token...; q and k are RMS-normalised, scaled and
// rotated (cosines, sines: (T, D/2) float32), q is multiplied by query_factor.
void norm_rope(const Tensor& qkv, const Tensor& query_scale, const Tensor& key_scale, const Tensor& cosines,
               const Tensor& sines, const Tensor& q, const Tensor& k, const Tensor& v, int64_t first_token,
               double query_factor) {
  const int64_t batch = qkv.size(0), count = qkv.size(1), heads = q.size(1), tokens = q.size(2);
  const Bf16* source = data(qkv);
  Bf16* targets[3] = {data(q), data(k), data(v)};
  const HeadVector scales[2] = {HeadVector(data(query_scale)), HeadVector(data(key_scale))};
  for (int64_t row = 0; row < batch * count; ++row) {
    const int64_t token = first_token + row % count;
    const float* cosine = cosines.data_ptr<float>() + token * kHeadWidth / 2;
    const float* sine = sines.data_ptr<float>() + token * kHeadWidth / 2;
    for (int part = 0; part < 3; ++part) {
      for (int64_t head = 0; head < heads; ++head, source += kHeadWidth) {
        Bf16* target = targets[part] + ((row / count * heads + head) * tokens + token) * kHeadWidth;
        if (part == 2) {
          std::memcpy(target, source, kHeadWidth * sizeof(Bf16));
          continue;
        }
        HeadVector x(source);
        const float factor = x.inverse_rms() * (part == 0 ? static_cast<float>(query_factor) : 1.0f);
        for (int64_t i = 0; i < kHeadWidth; ++i) x.values[i] *= factor * scales[part].values[i];
        for (int64_t i = 0; i < kHeadWidth / 2; ++i) {
          const float a = x.values[2 * i], b = x.values[2 * i + 1];
          target[2 * i] = narrow(a * cosine[i] - b * sine[i]);
          target[2 * i + 1] = narrow(a * sine[i] + b * cosine[i]);
        }
      }
    }
  }
}

// Gradients of norm_rope: d_qkv like qkv, d_scales (2, D) float32.
void norm_rope_backward(const Tensor& qkv, const Tensor& query_scale, const Tensor& key_scale, const Tensor& cosines,
                        const Tensor& sines, const Tensor& d_q, const Tensor& d_k, const Tensor& d_v, const Tensor& d_qkv,
                        const Tensor& d_scales, int64_t first_token, double query_factor) {
  const int64_t batch = qkv.size(0), count = qkv.size(1), heads = d_q.size(1), tokens = d_q.size(2);
  const Bf16* source = data(qkv);
  Bf16* target = data(d_qkv);
  const Bf16* gradients[3] = {data(d_q), data(d_k), data(d_v)};
  const HeadVector scales[2] = {HeadVector(data(query_scale)), HeadVector(data(key_scale))};
  float sums[2][kHeadWidth] = {};
  for (int64_t row = 0; row < batch * count; ++row) {
    const int64_t token = first_token + row % count;
    const float* cosine = cosines.data_ptr<float>() + token * kHeadWidth / 2;
    const float* sine = sines.data_ptr<float>() + token * kHeadWidth / 2;
    for (int part = 0; part < 3; ++part) {
      for (int64_t head = 0; head < heads; ++head, source += kHeadWidth, target += kHeadWidth) {
        const Bf16* gradient = gradients[part] + ((row / count * heads + head) * tokens + token) * kHeadWidth;
        if (part == 2) {
          std::memcpy(target, gradient, kHeadWidth * sizeof(Bf16));
          continue;
        }
        const HeadVector x(source), g(gradient);
        const float factor = part == 0 ? static_cast<float>(query_factor) : 1.0f;
        const float r = x.inverse_rms();
        float d[kHeadWidth];
        for (int64_t i = 0; i < kHeadWidth / 2; ++i) {
          d[2 * i] = (g.values[2 * i] * cosine[i] + g.values[2 * i + 1] * sine[i]) * factor;
          d[2 * i + 1] = (g.values[2 * i + 1] * cosine[i] - g.values[2 * i] * sine[i]) * factor;
        }
        float along = 0;
        for (int64_t i = 0; i < kHeadWidth; ++i) {
          sums[part][i] += d[i] * x.values[i] * r;
          d[i] *= scales[part].values[i];
          along += d[i] * x.values[i];
        }
        along *= r * r * r / kHeadWidth;
        for (int64_t i = 0; i < kHeadWidth; ++i) target[i] = narrow(d[i] * r - x.values[i] * along);
      }
    }
  }
  std::memcpy(d_scales.data_ptr<float>(), sums, sizeof sums);
}

// Layer norm of one row without affine; returns 1/deviation.
float normalise(const Bf16* source, std::vector<float>& row) {
  const size_t width = row.size();
  float mean = 0, variance = 0;
  for (size_t i = 0; i < width; ++i) mean += row[i] = widen(source[i]);
  mean /= static_cast<float>(width);
  for (size_t i = 0; i < width; ++i) {
    row[i] -= mean;
    variance += row[i] * row[i];
  }
  const float r = 1 / std::sqrt(variance / static_cast<float>(width) + kEpsilon);
  for (size_t i = 0; i < width; ++i) row[i] *= r;
  return r;
}

// y = (1 + scale) * LayerNorm(x) + shift; x (N, T, C), scale and shift (N, C).
void modulated_norm(const Tensor& x, const Tensor& scale, const Tensor& shift, const Tensor& y) {
  const int64_t tokens = x.size(1), width = x.size(2);
  const Rows scales(scale), shifts(shift);
  std::vector<float> row(static_cast<size_t>(width));
  for (int64_t i = 0; i < x.size(0) * tokens; ++i) {
    normalise(data(x) + i * width, row);
    const Bf16 *a = scales[i / tokens], *b = shifts[i / tokens];
    Bf16* target = data(y) + i * width;
    for (int64_t c = 0; c < width; ++c) target[c] = narrow(row[static_cast<size_t>(c)] * (1 + widen(a[c])) + widen(b[c]));
  }
}

void modulated_norm_backward(const Tensor& x, const Tensor& scale, const Tensor& d_y, const Tensor& d_x,
                             const Tensor& d_scale, const Tensor& d_shift) {
  const int64_t tokens = x.size(1), width = x.size(2);
  const Rows scales(scale);
  const size_t size = static_cast<size_t>(width);
  std::vector<float> row(size), inner(size), factor(size), sum_scale(size), sum_shift(size);
  for (int64_t n = 0; n < x.size(0); ++n) {
    std::fill(sum_scale.begin(), sum_scale.end(), 0.0f);
    std::fill(sum_shift.begin(), sum_shift.end(), 0.0f);
    for (size_t c = 0; c < size; ++c) factor[c] = 1 + widen(scales[n][c]);
    for (int64_t i = n * tokens; i < (n + 1) * tokens; ++i) {
      const float r = normalise(data(x) + i * width, row);
      const Bf16* gradient = data(d_y) + i * width;
      Bf16* target = data(d_x) + i * width;
      float mean = 0, along = 0;
      for (size_t c = 0; c < size; ++c) {
        const float d = widen(gradient[c]);
        sum_shift[c] += d;
        sum_scale[c] += d * row[c];
        inner[c] = d * factor[c];
        mean += inner[c];
        along += inner[c] * row[c];
      }
      mean /= static_cast<float>(width);
      along /= static_cast<float>(width);
      for (size_t c = 0; c < size; ++c) target[c] = narrow(r * (inner[c] - mean - row[c] * along));
    }
    for (size_t c = 0; c < size; ++c) {
      data(d_scale)[n * width + static_cast<int64_t>(c)] = narrow(sum_scale[c]);
      data(d_shift)[n * width + static_cast<int64_t>(c)] = narrow(sum_shift[c]);
    }
  }
}

// y = x + gate * update; x, update (N, T, C), gate (N, C).
void gated_residual(const Tensor& x, const Tensor& gate, const Tensor& update, const Tensor& y) {
  const int64_t tokens = x.size(1), width = x.size(2);
  const Rows gates(gate);
  const Bf16 *from = data(x), *added = data(update);
  Bf16* target = data(y);
  for (int64_t i = 0; i < x.size(0) * tokens; ++i) {
    const Bf16* g = gates[i / tokens];
    for (int64_t c = i * width; c < (i + 1) * width; ++c)
      target[c] = narrow(widen(from[c]) + widen(g[c - i * width]) * widen(added[c]));
  }
}

void gated_residual_backward(const Tensor& gate, const Tensor& update, const Tensor& d_y, const Tensor& d_gate,
                             const Tensor& d_update) {
  const int64_t tokens = update.size(1), width = update.size(2);
  const Rows gates(gate);
  const size_t size = static_cast<size_t>(width);
  std::vector<float> sum(size), factor(size);
  for (int64_t n = 0; n < update.size(0); ++n) {
    for (size_t c = 0; c < size; ++c) {
      sum[c] = 0;
      factor[c] = widen(gates[n][c]);
    }
    for (int64_t i = n * tokens; i < (n + 1) * tokens; ++i) {
      const Bf16 *gradient = data(d_y) + i * width, *added = data(update) + i * width;
      Bf16* target = data(d_update) + i * width;
      for (size_t c = 0; c < size; ++c) {
        const float d = widen(gradient[c]);
        sum[c] += d * widen(added[c]);
        target[c] = narrow(d * factor[c]);
      }
    }
    for (size_t c = 0; c < size; ++c) data(d_gate)[n * width + static_cast<int64_t>(c)] = narrow(sum[c]);
  }
}

// The tanh form of GELU is x * sigmoid(2 * sqrt(2 / pi) * (x + 0.044715 x^3)).
inline float gelu_gate(float x) { return 1 / (1 + fast_exp(-x * (1.5957691216f + 0.0713548163f * x * x))); }

void gelu(const Tensor& x, const Tensor& y) {
  const Bf16* source = data(x);
  Bf16* target = data(y);
  for (int64_t i = 0; i < x.numel(); ++i) {
    const float v = widen(source[i]);
    target[i] = narrow(v * gelu_gate(v));
  }
}

void gelu_backward(const Tensor& x, const Tensor& d_y, const Tensor& d_x) {
  const Bf16 *source = data(x), *gradient = data(d_y);
  Bf16* target = data(d_x);
  for (int64_t i = 0; i < x.numel(); ++i) {
    const float v = widen(source[i]), s = gelu_gate(v);
    target[i] = narrow(widen(gradient[i]) * s * (1 + v * (1 - s) * (1.5957691216f + 0.2140644488f * v * v)));
  }
}

// Softmax over the last axis, in place.
void softmax(const Tensor& x) {
  const int64_t width = x.size(-1);
  std::vector<float> row(static_cast<size_t>(width));
  Bf16* values = data(x);
  for (int64_t i = 0; i < x.numel() / width; ++i, values += width) {
    float largest = -1e30f, sum = 0;
    for (int64_t c = 0; c < width; ++c) largest = std::max(largest, row[static_cast<size_t>(c)] = widen(values[c]));
    for (float& value : row) sum += value = fast_exp(value - largest);
    for (int64_t c = 0; c < width; ++c) values[c] = narrow(row[static_cast<size_t>(c)] / sum);
  }
}

// Turns the gradient of the softmax's result y into that of its input, in place.
void softmax_backward(const Tensor& y, const Tensor& gradient) {
  const int64_t width = y.size(-1);
  const Bf16* values = data(y);
  Bf16* d = data(gradient);
  for (int64_t i = 0; i < y.numel() / width; ++i, values += width, d += width) {
    float along = 0;
    for (int64_t c = 0; c < width; ++c) along += widen(values[c]) * widen(d[c]);
    for (int64_t c = 0; c < width; ++c) d[c] = narrow(widen(values[c]) * (widen(d[c]) - along));
  }
}

}  // namespace

PYBIND11_MODULE(TORCH_EXTENSION_NAME, module) {
  module.def("norm_rope", &norm_rope);
  module.def("norm_rope_backward", &norm_rope_backward);
  module.def("modulated_norm", &modulated_norm);
  module.def("modulated_norm_backward", &modulated_norm_backward);
  module.def("gated_residual", &gated_residual);
  module.def("gated_residual_backward", &gated_residual_backward);
  module.def("gelu", &gelu);
  module.def("gelu_backward", &gelu_backward);
  module.def("softmax", &softmax);
  module.def("softmax_backward", &softmax_backward);
}
