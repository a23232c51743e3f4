"""The FLUX.1 Kontext transformer at a small width, with the names and the maths of the reference implementation."""
import math

import torch
import torch.nn.functional as F
from torch import nn

from kernels import Plain

CONFIG = dict(width=128, heads=4, axes=(4, 14, 14), double_blocks=2, single_blocks=4, pooled=64, context=128, tokens=64)
QK_SCALE = 1.6                  # start of the QK-norm scales: sharp enough to copy one token out of many


def time_embedding(t, size=256):
    """Cosines, then sines, of 1000 t at 128 frequencies."""
    frequencies = torch.exp(-math.log(10000) * torch.arange(size // 2).float() / (size // 2))
    angles = 1000 * t.float()[:, None] * frequencies
    return torch.cat((angles.cos(), angles.sin()), -1)


def position_ids(text_tokens, rows, columns, has_reference):
    """(T, 3): text at the origin, image tokens at (0, row, column), those of the reference at (1, row, column)."""
    grid = torch.stack((torch.zeros(rows * columns), torch.arange(rows).repeat_interleave(columns).float(),
                        torch.arange(columns).repeat(rows).float()), -1)
    parts = [torch.zeros(text_tokens, 3), grid]
    if has_reference:
        parts.append(grid + torch.tensor([1.0, 0, 0]))
    return torch.cat(parts)


def rotation_tables(ids, axes):
    """Cosines and sines (T, head width / 2) of the three axes side by side."""
    angles = [ids[:, i:i + 1].double() / 10000 ** (torch.arange(0, size, 2).double() / size) for i, size in enumerate(axes)]
    angles = torch.cat(angles, -1)
    return angles.cos().float(), angles.sin().float()


class Scale(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.scale = nn.Parameter(torch.full((width,), QK_SCALE))


class QKNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.query_norm, self.key_norm = Scale(width), Scale(width)


class SelfAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.qkv, self.norm, self.proj = nn.Linear(width, 3 * width), QKNorm(width // heads), nn.Linear(width, width)

    def stream(self, x):
        return self.qkv(x), self.norm.query_norm.scale, self.norm.key_norm.scale


class Modulation(nn.Module):
    def __init__(self, width, parts):
        super().__init__()
        self.lin, self.parts = nn.Linear(width, parts * width), parts
        nn.init.zeros_(self.lin.weight)
        nn.init.zeros_(self.lin.bias)

    def forward(self, vec):
        return self.lin(F.silu(vec)).chunk(self.parts, -1)


class DoubleStreamBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.operations = heads, Plain
        for name in ("img", "txt"):
            setattr(self, name + "_mod", Modulation(width, 6))
            setattr(self, name + "_attn", SelfAttention(width, heads))
            setattr(self, name + "_mlp", nn.Sequential(nn.Linear(width, 4 * width), nn.Identity(), nn.Linear(4 * width, width)))

    def forward(self, img, txt, vec, tables):
        ops = self.operations
        img_mod, txt_mod = self.img_mod(vec), self.txt_mod(vec)
        streams = (self.txt_attn.stream(ops.modulated_norm(txt, txt_mod[1], txt_mod[0])),
                   self.img_attn.stream(ops.modulated_norm(img, img_mod[1], img_mod[0])))
        mixed = ops.attention(tables, self.heads, *streams)                       # text before image
        count = txt.shape[1]
        img = ops.gated_residual(img, img_mod[2], self.img_attn.proj(mixed[:, count:]))
        txt = ops.gated_residual(txt, txt_mod[2], self.txt_attn.proj(mixed[:, :count]))
        return self.feed(img, img_mod, self.img_mlp), self.feed(txt, txt_mod, self.txt_mlp)

    def feed(self, x, mod, mlp):
        ops = self.operations
        return ops.gated_residual(x, mod[5], mlp[2](ops.gelu(mlp[0](ops.modulated_norm(x, mod[4], mod[3])))))


class SingleStreamBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.width, self.heads, self.operations = width, heads, Plain
        self.linear1, self.linear2 = nn.Linear(width, 7 * width), nn.Linear(5 * width, width)
        self.norm, self.modulation = QKNorm(width // heads), Modulation(width, 3)

    def forward(self, x, vec, tables):
        ops, split = self.operations, 3 * self.width
        shift, scale, gate = self.modulation(vec)
        y = ops.modulated_norm(x, scale, shift)
        weight, bias = self.linear1.weight, self.linear1.bias
        qkv = F.linear(y, weight[:split], bias[:split])
        mixed = ops.attention(tables, self.heads, (qkv, self.norm.query_norm.scale, self.norm.key_norm.scale))
        mlp = ops.gelu(F.linear(y, weight[split:], bias[split:]))
        return ops.gated_residual(x, gate, self.linear2(torch.cat((mixed, mlp), -1)))


class MlpEmbedder(nn.Module):
    def __init__(self, inputs, width):
        super().__init__()
        self.in_layer, self.out_layer = nn.Linear(inputs, width), nn.Linear(width, width)

    def forward(self, x):
        return self.out_layer(F.silu(self.in_layer(x)))


class LastLayer(nn.Module):
    def __init__(self, width, outputs):
        super().__init__()
        self.linear = nn.Linear(width, outputs)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))
        for parameter in (*self.linear.parameters(), *self.adaLN_modulation.parameters()):
            nn.init.zeros_(parameter)

    def forward(self, x, vec):
        shift, scale = self.adaLN_modulation(vec).chunk(2, -1)
        return self.linear(Plain.modulated_norm(x, scale, shift))


class FluxTransformer(nn.Module):
    """Predicts the velocity noise - picture of packed latents."""

    def __init__(self):
        super().__init__()
        width, heads = CONFIG["width"], CONFIG["heads"]
        self.img_in, self.txt_in = nn.Linear(CONFIG["tokens"], width), nn.Linear(CONFIG["context"], width)
        self.time_in, self.vector_in = MlpEmbedder(256, width), MlpEmbedder(CONFIG["pooled"], width)
        self.double_blocks = nn.ModuleList(DoubleStreamBlock(width, heads) for _ in range(CONFIG["double_blocks"]))
        self.single_blocks = nn.ModuleList(SingleStreamBlock(width, heads) for _ in range(CONFIG["single_blocks"]))
        self.final_layer = LastLayer(width, CONFIG["tokens"])
        self.tables = {}

    def use(self, operations):
        """Chooses the implementation of the blocks' small operations: kernels.Plain or kernels.Fused."""
        for block in (*self.double_blocks, *self.single_blocks):
            block.operations = operations
        return self

    def rotation(self, text_tokens, image_tokens, has_reference):
        key = text_tokens, image_tokens, has_reference
        if key not in self.tables:
            side = math.isqrt(image_tokens)
            self.tables[key] = rotation_tables(position_ids(text_tokens, side, side, has_reference), CONFIG["axes"])
        return self.tables[key]

    def forward(self, img, t, txt, pooled, reference=None, with_features=False):
        """img, reference (N, 64, 64) square packed latents; t (N); txt (N, T, 128); pooled (N, 64)."""
        dtype, count = self.img_in.weight.dtype, img.shape[1]
        tables = self.rotation(txt.shape[1], count, reference is not None)
        vec = self.time_in(time_embedding(t).to(dtype)) + self.vector_in(pooled.to(dtype))
        txt = self.txt_in(txt.to(dtype))
        img = self.img_in((img if reference is None else torch.cat((img, reference), 1)).to(dtype))
        for block in self.double_blocks:
            img, txt = block(img, txt, vec, tables)
        features = img[:, :count]
        x = torch.cat((txt, img), 1)
        for block in self.single_blocks:
            x = block(x, vec, tables)
        velocity = self.final_layer(x[:, txt.shape[1]:txt.shape[1] + count], vec)
        return (velocity, features) if with_features else velocity
