#!/usr/bin/env python3
"""Makes the training data: pairs of scenes with an instruction between them, and their latents.

usage: dataset.py FOLDER [--pairs N] [--seed S]
writes basis.npz (once), latents-S.npy (pairs, 2, 16, 16, 16; float16) and pairs-S.pkl ([(source, target, Said)]).
"""
import argparse
import os
import pickle
import random

import numpy as np

from draw import render
from language import edit
from latents import Basis, to_unit
from world import random_scene

BASIS_SCENES = 1500
BATCH = 250


def random_pair(rng):
    source = random_scene(rng)
    said, target = edit(rng, source)
    return source, target, said


def render_unit(scenes):
    return to_unit(np.stack([render(scene) for scene in scenes]))


def load_basis(folder):
    """The basis of the latent space; fitted when it does not exist yet."""
    path = os.path.join(folder, "basis.npz")
    if not os.path.exists(path):
        rng = random.Random(7)
        Basis.fit(render_unit([random_scene(rng) for _ in range(BASIS_SCENES)])).save(path)
    return Basis.load(path)


def make(folder, count, seed):
    basis, rng = load_basis(folder), random.Random(f"pairs/{seed}")
    latents = np.empty((count, 2, 16, 16, 16), np.float16)
    pairs = []
    for start in range(0, count, BATCH):
        batch = [random_pair(rng) for _ in range(min(BATCH, count - start))]
        images = render_unit([scene for source, target, _ in batch for scene in (source, target)])
        latents[start:start + len(batch)] = basis.encode(images).reshape(-1, 2, 16, 16, 16)
        pairs += batch
    np.save(os.path.join(folder, f"latents-{seed}.npy"), latents)
    with open(os.path.join(folder, f"pairs-{seed}.pkl"), "wb") as file:
        pickle.dump(pairs, file)


def load(folder):
    """All pairs of a folder and their latents: (pairs, [latents of each file])."""
    pairs, latents = [], []
    for name in sorted(os.listdir(folder)):
        if name.startswith("pairs-"):
            with open(os.path.join(folder, name), "rb") as file:
                pairs += pickle.load(file)
            latents.append(np.load(os.path.join(folder, name.replace("pairs", "latents").replace(".pkl", ".npy"))))
    return pairs, np.concatenate(latents)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--pairs", type=int, default=20000)
    parser.add_argument("--seed", default="0")
    arguments = parser.parse_args()
    os.makedirs(arguments.folder, exist_ok=True)
    make(arguments.folder, arguments.pairs, arguments.seed)
