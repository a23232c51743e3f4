#pragma once

#include "shared/tensor/backend.h"

namespace palimpsest {

// Shape and dtype checks of the ops, one for all backends; an implementation calls its check first.
// Each throws PalimpsestError `invalid_value` with a message "[op] …" that names both shapes.

/// A tensor that an op computes with: not empty, f32 or bf16.
void check_float(const char* op, const Tensor& x);
void check_linear(const Tensor& x, const LinearWeight& w, const Tensor& out, std::int64_t out_column);
void check_linear_residual(const Tensor& x, const LinearWeight& w, const Tensor* gate, const Tensor& residual);
/// Also returns the head width.
std::int64_t check_attention(const Tensor& qkv, std::int64_t heads, const AttentionOptions& options, const Tensor& out,
                             std::int64_t out_column);
void check_qk_norm_rope(const Tensor& qkv, std::int64_t heads, const Tensor& q_weight, const Tensor& k_weight,
                        const Tensor& pe);
void check_rope(const Tensor& x, const Tensor& pe);
/// For a per-channel f32 vector such as a norm weight, gate, scale or shift.
void check_channel_vector(const char* op, const Tensor& x, const Tensor& vector);
void check_group_norm(const Tensor& x, std::int64_t groups, const Tensor& weight, const Tensor& bias);
/// Also returns the shape of the result.
Shape check_conv2d(const Tensor& x, const ConvWeight& w, const ConvOptions& options, const Tensor* residual);
void check_same_shape(const char* op, const Tensor& x, const Tensor& y);
void check_columns(const char* op, const Tensor& x, std::int64_t begin, std::int64_t count);
void check_embedding(const Tensor& table, const Tensor& ids);
/// The stacked weight parts agree in columns and, where there are biases, their lengths add up to the rows.
/// Returns {rows, columns}.
Shape check_linear_parts(std::span<const HostView> weights, std::span<const HostView> biases);
void check_conv_parts(const HostView& weight, const HostView& bias);

}  // namespace palimpsest
