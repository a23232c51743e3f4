#!/usr/bin/env python3
"""Makes latents with the transformer's own errors for the decoder's last training: sampled and not, of known pictures.

usage: sample_latents.py FOLDER CHECKPOINT FILE [--count N]
Each true latent is noised to a random middle time and brought back by the sampler with its true caption; so it carries the
transformer's errors and still belongs to its picture. FILE holds (scenes, latents).
"""
import argparse
import random

import numpy as np
import torch

from checkpoint import Checkpoint
from dataset import load_basis, render_unit
from language import caption
from latents import as_tensor, pack, unpack
from sampling import SIDE, start_noise, timesteps
from world import random_scene

BATCH = 16
START_STEP = (6, 15)            # the sampler's step at which a latent is noised, of the default number


@torch.no_grad()
def restored(model, texts, clean, noise, start):
    """Clean packed latents after noising to the time of step `start` and sampling back."""
    times = timesteps(model.settings["default_steps"], clean.shape[1])[start:]
    hidden, pooled = model.text(*model.prompter.batch(texts))
    x = torch.lerp(clean, noise, times[0])
    for now, then in zip(times[:-1], times[1:]):
        x = x + (then - now) * model.transformer(x, now.expand(len(texts)), hidden, pooled)
    return x


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("checkpoint")
    parser.add_argument("file")
    parser.add_argument("--count", type=int, default=1200)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model, basis, rng = Checkpoint(arguments.checkpoint), load_basis(arguments.folder), random.Random("generated")
    scenes, latents = [], []
    while len(scenes) < arguments.count:
        batch = [random_scene(rng) for _ in range(BATCH)]
        clean = pack(as_tensor(basis.encode(render_unit(batch))))
        noise = start_noise([len(scenes) + i for i in range(BATCH)])
        x = restored(model, [caption(rng, scene).text for scene in batch], clean, noise, rng.randint(*START_STEP))
        scenes += batch
        latents.append(unpack(x, SIDE, SIDE).half().numpy())
    torch.save((scenes, np.concatenate(latents)), arguments.file)


if __name__ == "__main__":
    main()
