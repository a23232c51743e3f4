"""Draws pictures with a checkpoint in PyTorch: the reference to which the engine's pictures are compared."""
import math

import numpy as np
import torch

from latents import as_tensor, pack, to_pixels, to_unit, unpack

SIDE = 16                       # latent pixels along a side


def timesteps(steps, tokens):
    """Times from 1 to 0, shifted by the number of image tokens."""
    mu = 0.5 + (tokens - 256) * (1.15 - 0.5) / (4096 - 256)
    even = torch.linspace(1, 0, steps + 1, dtype=torch.float64)
    shifted = math.exp(mu) / (math.exp(mu) + (1 / even.clamp(min=1e-9) - 1))
    return torch.where(even > 0, shifted, torch.zeros(())).float()


def start_noise(seeds):
    """Packed noise as the reference draws it, one generator for each picture."""
    return pack(torch.cat([torch.randn(1, 16, SIDE, SIDE, generator=torch.Generator().manual_seed(seed)) for seed in seeds]))


@torch.no_grad()
def encode(model, pictures):
    """Packed latents of uint8 pictures (N, 128, 128, 3)."""
    images = as_tensor(to_unit(np.stack(pictures)).transpose(0, 3, 1, 2))
    return pack(model.encoder(images)[:, :16])


@torch.no_grad()
def sample(model, texts, noise, reference=None, steps=None, full=True):
    """Packed latents (N, 64, 64) of prompts; `full` pads the prompts to their full length, as the engine does."""
    hidden, pooled = model.text(*model.prompter.batch(texts, full=full))
    times = timesteps(steps or model.settings["default_steps"], noise.shape[1])
    x = noise
    for now, then in zip(times[:-1], times[1:]):
        velocity = model.transformer(x, now.expand(len(texts)), hidden, pooled, reference)
        x = x + (then - now) * velocity
    return x


@torch.no_grad()
def decode(model, tokens):
    """Pictures in -1..1 (N, 128, 128, 3) of packed latents, not clamped."""
    return model.decoder(unpack(tokens, SIDE, SIDE)).permute(0, 2, 3, 1).numpy()


def draw(model, texts, seeds, sources=None, steps=None, full=True, batch=16):
    """uint8 pictures of prompts, or of edits when `sources` (uint8 pictures) are given."""
    pictures = []
    for start in range(0, len(texts), batch):
        chosen = slice(start, start + batch)
        reference = encode(model, sources[chosen]) if sources is not None else None
        tokens = sample(model, texts[chosen], start_noise(seeds[chosen]), reference, steps, full)
        pictures += list(to_pixels(decode(model, tokens)))
    return pictures
