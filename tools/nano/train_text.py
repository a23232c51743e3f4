#!/usr/bin/env python3
"""Pretrains the text encoders to read scenes and edits out of words.

usage: train_text.py FOLDER --minutes M
Each T5 token predicts what its phrase says (kind, colour, size, column, backdrop, the letter's cell, the edit), the pooled
CLIP vector the scene as a whole. Without this the transformer's short training never learns to bind words to places.
"""
import argparse
import os
import random

import torch
import torch.nn.functional as F
from torch import nn

import tokenizers
import training
from language import FILLERS, caption, edit
from prompts import IGNORE, POOLED_HEADS, TOKEN_HEADS, Prompter, padded
from text_encoders import CLIP_CONFIG, T5_CONFIG, TextEncoders
from tokenizers import SPACE, T5_TOKENS
from world import random_scene

BATCH = 32
SHARE_EDITS = 0.4


class Pretraining(nn.Module):
    def __init__(self, prompter):
        super().__init__()
        self.encoders = TextEncoders(prompter.t5.rows, len(prompter.clip.ids))
        self.token_heads = nn.Linear(T5_CONFIG["d_model"], sum(TOKEN_HEADS.values()))
        self.pooled_heads = nn.Linear(CLIP_CONFIG["hidden_size"], sum(POOLED_HEADS.values()))

    def forward(self, t5_ids, clip_ids):
        hidden, pooled = self.encoders(t5_ids, clip_ids)
        return self.token_heads(hidden).float(), self.pooled_heads(pooled).float()


def random_said(rng):
    scene = random_scene(rng)
    return edit(rng, scene)[0] if rng.random() < SHARE_EDITS else caption(rng, scene)


def make_batch(rng, prompter, count):
    """(t5 ids, clip ids, token labels (N, T, heads), pooled labels (N, heads))."""
    said = [random_said(rng) for _ in range(count)]
    t5, clip = prompter.batch([one.text for one in said], full=rng.random() < 0.1)
    nothing = [IGNORE] * len(TOKEN_HEADS)
    labels = padded([prompter.token_labels(one)[:T5_TOKENS - 1] for one in said], nothing, t5.shape[1])
    return t5, clip, labels, torch.tensor([prompter.pooled_labels(one) for one in said])


def head_losses(logits, labels, heads, prefix, meter):
    """Sum of the cross entropies of all heads; their accuracies go to the meter."""
    loss, start = 0.0, 0
    for i, (name, classes) in enumerate(heads.items()):
        part, wanted = logits[..., start:start + classes].reshape(-1, classes), labels[..., i].reshape(-1)
        start += classes
        known = wanted != IGNORE
        if known.any():
            loss = loss + F.cross_entropy(part[known], wanted[known])
            meter.add(**{prefix + name: float((part[known].argmax(-1) == wanted[known]).float().mean())})
    return loss


@torch.no_grad()
def settle_unseen(saved, prompter):
    """Gives tokens that no caption held the embedding of a known one.

    That is the same word in lower case, else an empty adjective for words and the full stop for characters.
    """
    pieces = {prompter.t5.model.id_to_piece(i): i for i in range(prompter.t5.model.get_piece_size())}
    fill(saved, "encoders.t5.shared.weight", pieces, SPACE + FILLERS[0])
    fill(saved, "encoders.clip.text_model.embeddings.token_embedding.weight", prompter.clip.ids, FILLERS[0] + "</w>")


def fill(saved, name, ids, filler):
    """Rows whose gradient was always zero have no second moment."""
    embedding = saved["weights"][name]
    seen = saved["optimiser"]["second"][saved["optimiser"]["names"].index(name)].sum(1) > 0
    for token, row in ids.items():
        if not seen[row]:
            known = ids.get(token.lower())
            other = filler if len(token) > 1 else "."
            embedding[row] = embedding[known if known is not None and seen[known] else ids[other]]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--minutes", type=float, required=True)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    if not os.path.exists(os.path.join(arguments.folder, "tokenizer_2")):
        tokenizers.build(arguments.folder)
    prompter, rng = Prompter(arguments.folder), random.Random(f"text/{os.getpid()}")
    model = Pretraining(prompter)

    def step(progress, meter):
        t5, clip, labels, pooled_labels = make_batch(rng, prompter, BATCH)
        tokens, pooled = model(t5, clip)
        return head_losses(tokens, labels, TOKEN_HEADS, "t.", meter) + 0.4 * head_losses(pooled, pooled_labels, POOLED_HEADS, "p.", meter)

    # T5 sees order only through its bias by distance, which must grow large: it gets ten times the rate
    optimiser = training.Optimiser(list(model.named_parameters()), adam_rate=3e-3,
                                   rate_of=lambda name: 10.0 if "relative_attention_bias" in name else 1.0,
                                   is_muon=lambda name: not any(part in name for part in ("embedding", "shared", "bias", "heads")))
    path = os.path.join(arguments.folder, "text.pt")
    training.run(path, optimiser, arguments.minutes, step, hold=0.4)
    saved = torch.load(path)
    settle_unseen(saved, prompter)
    training.write_atomically(saved, path)


if __name__ == "__main__":
    main()
