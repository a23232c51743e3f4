"""The AutoEncoder of FLUX.1 (diffusers' AutoencoderKL layout and names), at a small width."""
import torch
import torch.nn.functional as F
from torch import nn

from latents import CHANNELS

WIDTHS = (16, 32, 64, 64)
LAYERS = 1
GROUPS = 4


def group_norm(channels):
    return nn.GroupNorm(GROUPS, channels, eps=1e-6)


class Resnet(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.norm1, self.conv1 = group_norm(inputs), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm2, self.conv2 = group_norm(outputs), nn.Conv2d(outputs, outputs, 3, padding=1)
        if inputs != outputs:
            self.conv_shortcut = nn.Conv2d(inputs, outputs, 1)
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x):
        h = self.conv2(F.silu(self.norm2(self.conv1(F.silu(self.norm1(x))))))
        return h + (self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x)


class Attention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.group_norm = group_norm(channels)
        self.to_q, self.to_k, self.to_v = (nn.Linear(channels, channels) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])
        nn.init.zeros_(self.to_out[0].weight)

    def forward(self, x):
        n, c, h, w = x.shape
        tokens = self.group_norm(x).flatten(2).transpose(1, 2)
        weights = torch.softmax(self.to_q(tokens) @ self.to_k(tokens).transpose(1, 2) * c ** -0.5, -1)
        return x + self.to_out[0](weights @ self.to_v(tokens)).transpose(1, 2).reshape(n, c, h, w)


class Downsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x):
        return self.conv(F.pad(x, (0, 1, 0, 1)))         # one column and row of zeros, right and bottom only


class Upsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Level(nn.Module):
    """The resnets of one resolution and the change to the next."""

    def __init__(self, inputs, outputs, count, sampler_name=None, sampler=None):
        super().__init__()
        self.resnets = nn.ModuleList(Resnet(inputs if i == 0 else outputs, outputs) for i in range(count))
        self.sampler_name = sampler_name
        if sampler_name:
            setattr(self, sampler_name, nn.ModuleList([sampler(outputs)]))

    def forward(self, x):
        for resnet in self.resnets:
            x = resnet(x)
        return getattr(self, self.sampler_name)[0](x) if self.sampler_name else x


class Middle(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.resnets = nn.ModuleList([Resnet(channels, channels), Resnet(channels, channels)])
        self.attentions = nn.ModuleList([Attention(channels)])

    def forward(self, x):
        return self.resnets[1](self.attentions[0](self.resnets[0](x)))


class Encoder(nn.Module):
    """Pictures (N, 3, H, W) in -1..1 to (N, 32, H/8, W/8): mean, then log variance."""

    def __init__(self):
        super().__init__()
        self.conv_in = nn.Conv2d(3, WIDTHS[0], 3, padding=1)
        inputs, last = (WIDTHS[0],) + WIDTHS, len(WIDTHS) - 1
        self.down_blocks = nn.ModuleList(Level(inputs[i], width, LAYERS, "downsamplers" if i < last else None, Downsample)
                                         for i, width in enumerate(WIDTHS))
        self.mid_block = Middle(WIDTHS[-1])
        self.conv_norm_out = group_norm(WIDTHS[-1])
        self.conv_out = nn.Conv2d(WIDTHS[-1], 2 * CHANNELS, 3, padding=1)

    def forward(self, x):
        x = self.conv_in(x)
        for level in self.down_blocks:
            x = level(x)
        return self.conv_out(F.silu(self.conv_norm_out(self.mid_block(x))))


class Decoder(nn.Module):
    """Latents (N, 16, h, w) to pictures (N, 3, 8h, 8w), nominally in -1..1."""

    def __init__(self):
        super().__init__()
        widths, last = WIDTHS[::-1], len(WIDTHS) - 1
        self.conv_in = nn.Conv2d(CHANNELS, widths[0], 3, padding=1)
        self.mid_block = Middle(widths[0])
        inputs = (widths[0],) + widths
        self.up_blocks = nn.ModuleList(Level(inputs[i], width, LAYERS + 1, "upsamplers" if i < last else None, Upsample)
                                       for i, width in enumerate(widths))
        self.conv_norm_out = group_norm(widths[-1])
        self.conv_out = nn.Conv2d(widths[-1], 3, 3, padding=1)

    def forward(self, x):
        x = self.mid_block(self.conv_in(x))
        for level in self.up_blocks:
            x = level(x)
        return self.conv_out(F.silu(self.conv_norm_out(x)))
