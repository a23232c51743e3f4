#!/usr/bin/env python3
"""Trains one half of the AutoEncoder against the fixed latents, on pictures drawn as it goes.

usage: train_autoencoder.py FOLDER decoder|encoder --minutes M [--generated FILE]
The decoder learns to paint sharp pictures from latents with a little noise on them; with --generated FILE (see
`sample_latents.py`) a share of its latents carries the transformer's own errors.
"""
import argparse
import os
import random

import numpy as np
import torch
import torch.nn.functional as F

import training
from autoencoder import Decoder, Encoder
from dataset import load_basis, render_unit
from latents import CHANNELS, as_tensor
from world import random_scene

PICTURES = 4                    # drawn per step
CROPS = 2                       # taken from each
CROP = 8                        # latent pixels along a side of a crop
NOISE = 0.12                    # largest deviation of the noise on the decoder's latents
SHARE_GENERATED = 0.5


def crops(rng, images, latents):
    """Random aligned crops: latents (N, 16, 8, 8) and pictures (N, 3, 64, 64)."""
    parts = []
    for image, latent in zip(images, latents):
        for _ in range(CROPS):
            row, column = rng.randint(0, 16 - CROP), rng.randint(0, 16 - CROP)
            parts.append((latent[:, row:row + CROP, column:column + CROP],
                          image[row * 8:(row + CROP) * 8, column * 8:(column + CROP) * 8].transpose(2, 0, 1)))
    return as_tensor(np.stack([part[0] for part in parts])).float(), as_tensor(np.stack([part[1] for part in parts])).float()


def edges(images):
    return images[..., 1:, :] - images[..., :-1, :], images[..., 1:] - images[..., :-1]


def picture_loss(made, wanted):
    """Absolute error, squared error, and absolute error of the edges."""
    edge = sum((a - b).abs().mean() for a, b in zip(edges(made), edges(wanted)))
    return (made - wanted).abs().mean() + 0.5 * F.mse_loss(made, wanted) + 0.5 * edge


def psnr(made, wanted):
    return float((10 * torch.log10(4 / (made.clamp(-1, 1) - wanted).pow(2).mean((1, 2, 3)))).mean())


def decoder_step(model, batch, meter):
    latents, images = batch
    noisy = latents + NOISE * torch.rand(len(latents), 1, 1, 1) * torch.randn_like(latents)
    made = model(noisy.bfloat16()).float()
    loss = picture_loss(made, images)
    meter.add(loss=loss.item(), psnr=psnr(made.detach(), images))
    return loss


def encoder_step(model, batch, meter):
    latents, images = batch
    loss = F.mse_loss(model(images.bfloat16())[:, :CHANNELS].float(), latents)
    meter.add(mse=loss.item())
    return loss


def fresh_batch(rng, basis):
    images = render_unit([random_scene(rng) for _ in range(PICTURES)])
    return crops(rng, images, basis.encode(images))


def generated_batch(rng, basis, generated):
    """Pictures that belong to latents which the transformer made of them."""
    scenes, latents = generated
    chosen = [rng.randrange(len(scenes)) for _ in range(PICTURES)]
    return crops(rng, render_unit([scenes[i] for i in chosen]), latents[chosen].astype(np.float32))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("half", choices=("decoder", "encoder"))
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--generated", help="latents sampled by the transformer, for the decoder's last minutes")
    parser.add_argument("--start", help="weights to start from, with --generated")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    basis, rng = load_basis(arguments.folder), random.Random(f"autoencoder/{arguments.half}/{os.getpid()}")
    model = (Decoder if arguments.half == "decoder" else Encoder)()
    if arguments.start:
        model.load_state_dict(torch.load(arguments.start)["weights"])
    model.bfloat16()
    generated = torch.load(arguments.generated) if arguments.generated else None
    advance = decoder_step if arguments.half == "decoder" else encoder_step

    def step(progress, meter):
        if generated and rng.random() < SHARE_GENERATED:
            return advance(model, generated_batch(rng, basis, generated), meter)
        return advance(model, fresh_batch(rng, basis), meter)

    rate = (2e-3 if arguments.half == "decoder" else 3e-3) * (0.3 if generated else 1)
    optimiser = training.Optimiser(list(model.named_parameters()), rate)
    name = arguments.half + ("-generated" if generated else "") + ".pt"
    training.run(os.path.join(arguments.folder, name), optimiser, arguments.minutes, step, hold=0.3)


if __name__ == "__main__":
    main()
