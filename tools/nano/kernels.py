"""The transformer's small operations, twice: composed of PyTorch's own (any dtype), and fused for bfloat16 training.

`Plain` is the reference; `Fused` compiles kernels.cpp at first use and must agree with it (test_kernels.py).
"""
import os

import torch
import torch.nn.functional as F


def rotate(x, cosines, sines):
    """Rotates adjacent pairs of the last axis; x (N, H, T, D), tables (T, D/2)."""
    pairs = x.unflatten(-1, (-1, 2))
    a, b = pairs[..., 0], pairs[..., 1]
    return torch.stack((a * cosines - b * sines, a * sines + b * cosines), -1).flatten(-2).to(x.dtype)


def rms_norm(x, scale):
    wide = x.float()
    return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-6)).to(x.dtype) * scale


class Plain:
    """Operations of a block from PyTorch's own."""

    @staticmethod
    def modulated_norm(x, scale, shift):
        return (1 + scale[:, None]) * F.layer_norm(x, x.shape[-1:], eps=1e-6) + shift[:, None]

    @staticmethod
    def gated_residual(x, gate, update):
        return x + gate[:, None] * update

    @staticmethod
    def gelu(x):
        return x * torch.sigmoid(x * (1.5957691216 + 0.0713548163 * x * x))

    @staticmethod
    def attention(tables, heads, *streams):
        """Joint attention of streams (qkv (N, t, 3C), query scale, key scale), in order: (N, T, C)."""
        parts = []
        for qkv, query_scale, key_scale in streams:
            q, k, v = qkv.unflatten(-1, (3, heads, -1)).permute(2, 0, 3, 1, 4)
            parts.append((rms_norm(q, query_scale), rms_norm(k, key_scale), v))
        q, k, v = (torch.cat(part, 2) for part in zip(*parts))
        scores = rotate(q, *tables) @ rotate(k, *tables).transpose(2, 3) * q.shape[-1] ** -0.5
        return (torch.softmax(scores.float(), -1).to(v.dtype) @ v).transpose(1, 2).flatten(2)


_library = None


def library():
    """The compiled kernels."""
    global _library
    if _library is None:
        from torch.utils.cpp_extension import load
        here = os.path.dirname(os.path.abspath(__file__))
        _library = load("nano_kernels", [os.path.join(here, "kernels.cpp")], extra_cflags=["-std=c++17", "-O3", "-march=native", "-ffast-math"])
    return _library


class ModulatedNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale, shift):
        x, y = x.contiguous(), torch.empty(x.shape, dtype=x.dtype)
        library().modulated_norm(x, scale, shift, y)
        ctx.save_for_backward(x, scale)
        return y

    @staticmethod
    def backward(ctx, d_y):
        x, scale = ctx.saved_tensors
        d_x, d_scale, d_shift = torch.empty_like(x), *torch.empty(2, x.shape[0], x.shape[2], dtype=x.dtype)
        library().modulated_norm_backward(x, scale, d_y.contiguous(), d_x, d_scale, d_shift)
        return d_x, d_scale, d_shift


class GatedResidual(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, gate, update):
        x, update = x.contiguous(), update.contiguous()
        y = torch.empty_like(x)
        library().gated_residual(x, gate, update, y)
        ctx.save_for_backward(gate, update)
        return y

    @staticmethod
    def backward(ctx, d_y):
        gate, update = ctx.saved_tensors
        d_y, d_update = d_y.contiguous(), torch.empty_like(update)
        d_gate = torch.empty(update.shape[0], update.shape[2], dtype=update.dtype)
        library().gated_residual_backward(gate, update, d_y, d_gate, d_update)
        return d_y, d_gate, d_update


class Gelu(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        x = x.contiguous()
        y = torch.empty_like(x)
        library().gelu(x, y)
        ctx.save_for_backward(x)
        return y

    @staticmethod
    def backward(ctx, d_y):
        x, = ctx.saved_tensors
        d_x = torch.empty_like(x)
        library().gelu_backward(x, d_y.contiguous(), d_x)
        return d_x


class JointAttention(torch.autograd.Function):
    """Arguments: cosines, sines, heads, then (qkv, query scale, key scale) of each stream."""

    @staticmethod
    def forward(ctx, cosines, sines, heads, *flat):
        streams = [flat[i:i + 3] for i in range(0, len(flat), 3)]
        n, tokens = flat[0].shape[0], sum(stream[0].shape[1] for stream in streams)
        width = flat[0].shape[2] // 3 // heads
        q, k, v = torch.empty(3, n, heads, tokens, width, dtype=flat[0].dtype)
        first = 0
        for qkv, query_scale, key_scale in streams:
            library().norm_rope(qkv.contiguous(), query_scale, key_scale, cosines, sines, q, k, v, first, width ** -0.5)
            first += qkv.shape[1]
        q, k, v = (part.flatten(0, 1) for part in (q, k, v))
        weights = torch.bmm(q, k.transpose(1, 2))
        library().softmax(weights)
        ctx.save_for_backward(cosines, sines, q, k, v, weights, *flat)
        ctx.heads = heads
        return torch.bmm(weights, v).view(n, heads, tokens, width).transpose(1, 2).flatten(2)

    @staticmethod
    def backward(ctx, d_out):
        cosines, sines, q, k, v, weights, *flat = ctx.saved_tensors
        n, tokens = d_out.shape[:2]
        d_out = d_out.view(n, tokens, ctx.heads, -1).transpose(1, 2).flatten(0, 1)
        d_v = torch.bmm(weights.transpose(1, 2), d_out)
        d_scores = torch.bmm(d_out, v.transpose(1, 2))
        library().softmax_backward(weights, d_scores)
        d_q, d_k = torch.bmm(d_scores, k), torch.bmm(d_scores.transpose(1, 2), q)
        d_q, d_k, d_v = (part.contiguous().view(n, ctx.heads, tokens, -1) for part in (d_q, d_k, d_v))
        gradients, first = [None, None, None], 0
        for i in range(0, len(flat), 3):
            qkv, query_scale, key_scale = flat[i].contiguous(), flat[i + 1], flat[i + 2]
            d_qkv, d_scales = torch.empty_like(qkv), torch.empty(2, q.shape[-1])
            library().norm_rope_backward(qkv, query_scale, key_scale, cosines, sines, d_q, d_k, d_v, d_qkv, d_scales, first,
                                         q.shape[-1] ** -0.5)
            first += qkv.shape[1]
            gradients += [d_qkv, *d_scales.to(qkv.dtype)]
        return tuple(gradients)


class Fused:
    """The same operations through kernels.cpp; bfloat16 only, head width 32."""
    modulated_norm = ModulatedNorm.apply
    gated_residual = GatedResidual.apply
    gelu = Gelu.apply

    @staticmethod
    def attention(tables, heads, *streams):
        return JointAttention.apply(*tables, heads, *(tensor for stream in streams for tensor in stream))
