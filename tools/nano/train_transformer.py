#!/usr/bin/env python3
"""Trains the transformer by flow matching on drawn scenes and edits, with frozen pretrained text encoders.

usage: train_transformer.py FOLDER --minutes M
Needs the data (dataset.py) and the text encoders (train_text.py) of FOLDER; writes transformer.pt there.
"""
import argparse
import os
import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import training
from dataset import load, load_basis
from kernels import Fused
from language import caption
from latents import as_tensor, pack
from prompts import Prompter
from supervision import HEADS, drawing_weights, editing_weights, token_labels
from text_encoders import TextEncoders
from transformer import CONFIG, FluxTransformer

BATCH = 32                      # pictures from words in a step; a step of edits has fewer, since its sequences are longer
EDIT_BATCH = 22
SHARE_EDITS = 0.5
SHARE_UNSAID = 0.05             # prompts replaced by the empty one
AUXILIARY = 0.5                 # weight of the auxiliary head's loss


class Training(nn.Module):
    """The transformer and the auxiliary head, which export leaves out."""

    def __init__(self):
        super().__init__()
        self.flux = FluxTransformer()
        self.auxiliary = nn.Linear(CONFIG["width"], sum(HEADS.values()))


def load_text_encoders(folder, prompter):
    """The pretrained encoders with the weights that will be exported, in float32."""
    encoders = TextEncoders(prompter.t5.rows, len(prompter.clip.ids))
    weights = torch.load(os.path.join(folder, "text.pt"))["weights"]
    encoders.load_state_dict({name[len("encoders."):]: value.bfloat16().float() for name, value in weights.items()
                              if name.startswith("encoders.")})
    return encoders.requires_grad_(False)


def sample_times(count, progress):
    """Times of a batch: dense near 1, where the prompt decides; more even towards the end, where grain is removed."""
    share_high = 0.4 if progress < 0.6 else 0.3
    t = torch.sigmoid(torch.randn(count) + 0.6)
    t = torch.where(torch.rand(count) < 0.3, torch.rand(count), t)
    t = torch.where(torch.rand(count) < share_high, 0.75 + 0.25 * torch.rand(count), t)
    return t.clamp(1e-3, 1)


class Examples:
    """Draws batches out of the stored pairs."""

    def __init__(self, folder, prompter, rng):
        self.basis, self.prompter, self.rng = load_basis(folder), prompter, rng
        self.pairs, self.latents = load(folder)

    def drawing(self):
        """(text, scene, latent, source latent or None, loss weights) of a picture made from words."""
        while True:
            index, side = self.rng.randrange(len(self.pairs)), self.rng.randrange(2)
            scene = self.pairs[index][side]
            if scene.things:
                latent = self.latents[index, side].astype(np.float32)
                return caption(self.rng, scene).text, scene, latent, None, drawing_weights(self.basis, scene, latent)

    def editing(self):
        index = self.rng.randrange(len(self.pairs))
        _source, target, said = self.pairs[index]
        before, after = self.latents[index].astype(np.float32)
        return said.text, target, after, before, editing_weights(target, before, after)

    def batch(self):
        """Texts, latents, references or None, loss weights, labels, label weights; all of one sort."""
        edits = self.rng.random() < SHARE_EDITS
        examples = [self.editing() if edits else self.drawing() for _ in range(EDIT_BATCH if edits else BATCH)]
        texts, scenes, latents, sources, weights = zip(*examples)
        labels, label_weights = zip(*(token_labels(scene) for scene in scenes))
        unsaid = np.array([self.rng.random() < SHARE_UNSAID for _ in texts])
        texts = ["" if empty else text for text, empty in zip(texts, unsaid)]
        label_weights = np.stack(label_weights) * ~unsaid[:, None, None]
        as_tokens = lambda arrays: pack(as_tensor(np.stack(arrays)))
        return (texts, as_tokens(latents), as_tokens(sources) if edits else None, as_tensor(np.stack(weights)),
                as_tensor(np.stack(labels)), as_tensor(label_weights))


def auxiliary_loss(logits, labels, weights, t, meter, prefix):
    """Weighted cross entropy of all heads; accuracies at t > .8 go to the meter, the early sign of success."""
    loss, start = 0.0, 0
    for i, (name, classes) in enumerate(HEADS.items()):
        part, wanted, weight = logits[..., start:start + classes], labels[..., i], weights[..., i]
        start += classes
        errors = F.cross_entropy(part.flatten(0, 1), wanted.flatten(), reduction="none").view(wanted.shape)
        loss = loss + (errors * weight).sum() / (weight.sum() + 1)
        counted = (weight >= 0.3) & (t > 0.8)[:, None]
        if counted.any():
            meter.add(**{prefix + name: float((part.argmax(-1) == wanted)[counted].float().mean())})
    return loss / len(HEADS)


def make_step(model, encoders, examples, counters):
    def step(progress, meter):
        texts, clean, references, weights, labels, label_weights = examples.batch()
        prefix = "d." if references is None else "e."
        counters["examples"] = counters.get("examples", 0) + len(texts)
        t, noise = sample_times(len(texts), progress), torch.randn_like(clean)
        mixed = torch.lerp(clean, noise, t[:, None, None])
        with torch.no_grad():
            hidden, pooled = encoders(*examples.prompter.batch(texts))
        velocity, features = model.flux(mixed, t, hidden, pooled, references, with_features=True)
        errors = (velocity.float() - (noise - clean)).pow(2).mean(-1)
        loss = (errors * weights).sum() / weights.sum()
        logits = model.auxiliary(F.layer_norm(features, features.shape[-1:])).float()
        auxiliary = auxiliary_loss(logits, labels, label_weights, t, meter, prefix)
        meter.add(**{prefix + "loss": loss.item(), prefix + "even": errors.mean().item()})
        return loss + AUXILIARY * auxiliary
    return step


def is_muon(name):
    """Matrices inside the blocks; not what touches pixels, time or the pooled vector."""
    return not any(part in name for part in ("mod", "final", "time_in", "vector_in", "img_in", "adaLN", "auxiliary"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--minutes", type=float, required=True)
    arguments = parser.parse_args()
    torch.manual_seed(os.getpid())
    torch.set_num_threads(1)
    prompter = Prompter(arguments.folder)
    encoders = load_text_encoders(arguments.folder, prompter)
    examples = Examples(arguments.folder, prompter, random.Random(f"transformer/{os.getpid()}"))
    model = Training().bfloat16()
    model.flux.use(Fused)
    optimiser = training.Optimiser(list(model.named_parameters()), adam_rate=2e-3, muon_rate=0.02, is_muon=is_muon, average=0.997,
                                   rate_of=lambda name: 3.0 if "_norm.scale" in name else 1.0)
    counters = {}
    step = make_step(model, encoders, examples, counters)
    training.run(os.path.join(arguments.folder, "transformer.pt"), optimiser, arguments.minutes, step, hold=0.4, extra=counters)


if __name__ == "__main__":
    main()
