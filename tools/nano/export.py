#!/usr/bin/env python3
"""Writes a checkpoint folder out of the trainers' states, then loads it and compares it with them.

usage: export.py FOLDER CHECKPOINT
FOLDER holds text.pt, transformer.pt, encoder.pt, decoder.pt (or decoder-generated.pt, which is preferred) and basis.npz.
The checkpoint is written beside its place first, and moved there file by file.
"""
import argparse
import os
import tempfile

import torch

import checkpoint
from autoencoder import Decoder, Encoder
from dataset import load_basis
from latents import CHANNELS
from prompts import Prompter
from text_encoders import TextEncoders
from transformer import FluxTransformer

LOG_VARIANCE = -30.0            # the encoder is deterministic: its log variance says so


def averages(folder, name, prefix=""):
    """A trainer's averaged weights; a part that has not been trained yet is left out with a word."""
    path = os.path.join(folder, name)
    weights = torch.load(path)["weights"]
    return {key[len(prefix):]: value for key, value in weights.items() if key.startswith(prefix)}


def autoencoder_weights(folder):
    decoder = "decoder-generated.pt" if os.path.exists(os.path.join(folder, "decoder-generated.pt")) else "decoder.pt"
    encoder = averages(folder, "encoder.pt")
    encoder["conv_out.weight"][CHANNELS:] = 0
    encoder["conv_out.bias"][CHANNELS:] = LOG_VARIANCE
    return {**{"encoder." + key: value for key, value in encoder.items()},
            **{"decoder." + key: value for key, value in averages(folder, decoder).items()}}


def trained_weights(folder):
    """The four parts of the checkpoint under their files' names."""
    return dict(transformer=checkpoint.to_diffusers(averages(folder, "transformer.pt", "flux.")), vae=autoencoder_weights(folder),
                text_encoder=averages(folder, "text.pt", "encoders.clip."), text_encoder_2=averages(folder, "text.pt", "encoders.t5."))


def rounded(weights):
    return {name: value.bfloat16().float() for name, value in weights.items()}


def outputs(text, transformer, encoder, decoder, prompter):
    """What the models make of fixed inputs."""
    torch.manual_seed(3)
    noise, image = torch.randn(1, 64, 64), torch.rand(1, 3, 128, 128) * 2 - 1
    hidden, pooled = text(*prompter.batch(["a red house beside a green tree at night, sign reads 'OPEN'"], full=True))
    return [hidden, pooled, transformer(noise, torch.tensor([0.8]), hidden, pooled, noise.flip(1)), encoder(image)[:, :CHANNELS],
            decoder(torch.randn(1, CHANNELS, 16, 16))]


@torch.no_grad()
def check(folder, written):
    """The written files hold the trained weights: the same inputs give the same outputs, bit for bit."""
    prompter = Prompter(folder)
    text, transformer = TextEncoders(prompter.t5.rows, len(prompter.clip.ids)), FluxTransformer()
    text.load_state_dict(rounded(averages(folder, "text.pt", "encoders.")))
    transformer.load_state_dict(rounded(averages(folder, "transformer.pt", "flux.")))
    vae = rounded(autoencoder_weights(folder))
    encoder, decoder = Encoder(), Decoder()
    for model, prefix in ((encoder, "encoder."), (decoder, "decoder.")):
        model.load_state_dict({name[len(prefix):]: value for name, value in vae.items() if name.startswith(prefix)})
    loaded = checkpoint.Checkpoint(written)
    wanted = outputs(text, transformer, encoder, decoder, prompter)
    got = outputs(loaded.text, loaded.transformer, loaded.encoder, loaded.decoder, loaded.prompter)
    for name, a, b in zip(("T5", "CLIP", "transformer", "encoder", "decoder"), wanted, got):
        if not torch.equal(a, b):
            raise SystemExit(f"{name} of the written checkpoint differs from the trained one by {(a - b).abs().max():.3g}")


def move_over(source, target):
    """Replaces the files of one folder by those of another, one by one."""
    for root, _folders, names in os.walk(source):
        place = os.path.join(target, os.path.relpath(root, source))
        os.makedirs(place, exist_ok=True)
        for name in names:
            os.replace(os.path.join(root, name), os.path.join(place, name))
            os.chmod(os.path.join(place, name), 0o644)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("checkpoint")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    os.makedirs(arguments.checkpoint, exist_ok=True)
    parent = os.path.dirname(os.path.abspath(arguments.checkpoint))
    with tempfile.TemporaryDirectory(dir=parent, prefix=".export-") as written:
        checkpoint.write(written, trained_weights(arguments.folder), load_basis(arguments.folder))
        check(arguments.folder, written)
        move_over(written, arguments.checkpoint)
    size = sum(os.path.getsize(os.path.join(root, name)) for root, _, names in os.walk(arguments.checkpoint) for name in names)
    print(f"{arguments.checkpoint}: {size / 1e6:.1f} MB, reloaded and equal")


if __name__ == "__main__":
    main()
