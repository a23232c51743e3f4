"""T5 v1.1 encoder and CLIP text encoder with the names of transformers' checkpoints, at a small width."""
import math

import torch
from torch import nn

from tokenizers import CLIP_TOKENS

T5_CONFIG = dict(d_model=128, d_kv=32, d_ff=256, num_layers=2, num_heads=4, relative_attention_num_buckets=32,
                 relative_attention_max_distance=128, layer_norm_epsilon=1e-6)
CLIP_CONFIG = dict(hidden_size=64, intermediate_size=256, num_hidden_layers=2, num_attention_heads=2,
                   max_position_embeddings=CLIP_TOKENS, layer_norm_eps=1e-5)


class RmsNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        wide = x.float()
        return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-6)).to(x.dtype) * self.weight


def linear(inputs, outputs):
    return nn.Linear(inputs, outputs, bias=False)


def relative_buckets(length):
    """Bucket of each (query, key) pair: 16 for keys after the query, then exact up to 8 and logarithmic up to 128."""
    relative = torch.arange(length)[None] - torch.arange(length)[:, None]
    distance = relative.abs()
    far = 8 + (torch.log(distance.clamp(min=1).float() / 8) / math.log(128 / 8) * 8).long()
    return (relative > 0).long() * 16 + torch.where(distance < 8, distance, far.clamp(max=15))


class SelfAttention(nn.Module):
    """T5's: no scaling of the scores, a bias by distance."""

    def __init__(self, has_bias):
        super().__init__()
        width, inner = T5_CONFIG["d_model"], T5_CONFIG["num_heads"] * T5_CONFIG["d_kv"]
        self.q, self.k, self.v, self.o = linear(width, inner), linear(width, inner), linear(width, inner), linear(inner, width)
        if has_bias:
            self.relative_attention_bias = nn.Embedding(32, T5_CONFIG["num_heads"])
            nn.init.normal_(self.relative_attention_bias.weight, std=0.3)

    def forward(self, x, bias):
        n, t, _ = x.shape
        q, k, v = (part(x).view(n, t, T5_CONFIG["num_heads"], -1).transpose(1, 2) for part in (self.q, self.k, self.v))
        mixed = torch.softmax((q @ k.transpose(2, 3) + bias).float(), -1).to(x.dtype) @ v
        return self.o(mixed.transpose(1, 2).reshape(n, t, -1))


class GatedMlp(nn.Module):
    def __init__(self):
        super().__init__()
        width, inner = T5_CONFIG["d_model"], T5_CONFIG["d_ff"]
        self.wi_0, self.wi_1, self.wo = linear(width, inner), linear(width, inner), linear(inner, width)

    def forward(self, x):
        return self.wo(gelu_tanh(self.wi_0(x)) * self.wi_1(x))


def gelu_tanh(x):
    return x * torch.sigmoid(x * (1.5957691216 + 0.0713548163 * x * x))


class T5Layer(nn.Module):
    """A part and the norm before it; `name` is the part's name in the checkpoint."""

    def __init__(self, name, part):
        super().__init__()
        self.name, self.layer_norm = name, RmsNorm(T5_CONFIG["d_model"])
        setattr(self, name, part)

    def forward(self, x, *inputs):
        return x + getattr(self, self.name)(self.layer_norm(x), *inputs)


class T5Block(nn.Module):
    def __init__(self, index):
        super().__init__()
        self.layer = nn.ModuleList([T5Layer("SelfAttention", SelfAttention(index == 0)), T5Layer("DenseReluDense", GatedMlp())])


class T5Stack(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = nn.ModuleList(T5Block(i) for i in range(T5_CONFIG["num_layers"]))
        self.final_layer_norm = RmsNorm(T5_CONFIG["d_model"])


class T5Encoder(nn.Module):
    """Token ids (N, T) to hidden states (N, T, 128); padding is not masked."""

    def __init__(self, rows):
        super().__init__()
        self.shared = nn.Embedding(rows, T5_CONFIG["d_model"])
        self.encoder = T5Stack()
        nn.init.normal_(self.shared.weight, std=1.0)

    def forward(self, ids):
        x = self.shared(ids)
        bias = self.encoder.block[0].layer[0].SelfAttention.relative_attention_bias
        bias = bias(relative_buckets(ids.shape[1])).permute(2, 0, 1)[None]
        for block in self.encoder.block:
            x = block.layer[1](block.layer[0](x, bias))
        return self.encoder.final_layer_norm(x)


class ClipAttention(nn.Module):
    def __init__(self):
        super().__init__()
        width = CLIP_CONFIG["hidden_size"]
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x):
        n, t, width = x.shape
        heads = CLIP_CONFIG["num_attention_heads"]
        q, k, v = (part(x).view(n, t, heads, -1).transpose(1, 2) for part in (self.q_proj, self.k_proj, self.v_proj))
        scores = (q @ k.transpose(2, 3)).float() * (width // heads) ** -0.5
        later = torch.ones(t, t, dtype=torch.bool).triu(1)
        mixed = torch.softmax(scores.masked_fill(later, float("-inf")), -1).to(x.dtype) @ v
        return self.out_proj(mixed.transpose(1, 2).reshape(n, t, width))


class ClipMlp(nn.Module):
    def __init__(self):
        super().__init__()
        width, inner = CLIP_CONFIG["hidden_size"], CLIP_CONFIG["intermediate_size"]
        self.fc1, self.fc2 = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x):
        x = self.fc1(x)
        return self.fc2(x * torch.sigmoid(1.702 * x))


class ClipLayer(nn.Module):
    def __init__(self):
        super().__init__()
        width = CLIP_CONFIG["hidden_size"]
        self.layer_norm1, self.self_attn = nn.LayerNorm(width), ClipAttention()
        self.layer_norm2, self.mlp = nn.LayerNorm(width), ClipMlp()

    def forward(self, x):
        x = x + self.self_attn(self.layer_norm1(x))
        return x + self.mlp(self.layer_norm2(x))


class ClipEmbeddings(nn.Module):
    def __init__(self, rows):
        super().__init__()
        self.token_embedding = nn.Embedding(rows, CLIP_CONFIG["hidden_size"])
        self.position_embedding = nn.Embedding(CLIP_TOKENS, CLIP_CONFIG["hidden_size"])
        nn.init.normal_(self.token_embedding.weight, std=0.5)
        nn.init.normal_(self.position_embedding.weight, std=0.1)

    def forward(self, ids):
        return self.token_embedding(ids) + self.position_embedding.weight[:ids.shape[1]]


class ClipStack(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(ClipLayer() for _ in range(CLIP_CONFIG["num_hidden_layers"]))


class ClipTextModel(nn.Module):
    def __init__(self, rows):
        super().__init__()
        self.embeddings, self.encoder = ClipEmbeddings(rows), ClipStack()
        self.final_layer_norm = nn.LayerNorm(CLIP_CONFIG["hidden_size"])


class ClipEncoder(nn.Module):
    """Token ids (N, T) to the pooled vector (N, 64): the row of the first end mark, the largest id."""

    def __init__(self, rows):
        super().__init__()
        self.text_model = ClipTextModel(rows)
        self.end = rows - 1

    def forward(self, ids):
        x = self.text_model.embeddings(ids)
        for layer in self.text_model.encoder.layers:
            x = layer(x)
        return self.text_model.final_layer_norm(x)[torch.arange(len(ids)), (ids == self.end).int().argmax(1)]


class TextEncoders(nn.Module):
    """Both encoders side by side, as the transformer uses them."""

    def __init__(self, t5_rows, clip_rows):
        super().__init__()
        self.t5, self.clip = T5Encoder(t5_rows), ClipEncoder(clip_rows)

    def forward(self, t5_ids, clip_ids):
        return self.t5(t5_ids), self.clip(clip_ids)
