#!/usr/bin/env python3
"""Puts a checkpoint's weights into a training folder, so that its parts can be trained further.

usage: resume.py CHECKPOINT FOLDER
Writes the tokenizers and text.pt, transformer.pt, encoder.pt, decoder.pt, as far as FOLDER does not hold them yet. The
trainers start from these weights with a fresh schedule; the auxiliary heads, which no checkpoint holds, start anew.
"""
import argparse
import os
import shutil

import torch

from checkpoint import Checkpoint


def parts(checkpoint):
    """Weights under the names of each trainer's module."""
    prefixed = lambda prefix, model: {prefix + name: value for name, value in model.state_dict().items()}
    return {"text.pt": prefixed("encoders.", checkpoint.text), "transformer.pt": prefixed("flux.", checkpoint.transformer),
            "encoder.pt": checkpoint.encoder.state_dict(), "decoder.pt": checkpoint.decoder.state_dict()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("folder")
    arguments = parser.parse_args()
    os.makedirs(arguments.folder, exist_ok=True)
    for name in ("tokenizer", "tokenizer_2"):
        shutil.copytree(os.path.join(arguments.checkpoint, name), os.path.join(arguments.folder, name), dirs_exist_ok=True)
    for name, weights in parts(Checkpoint(arguments.checkpoint)).items():
        path = os.path.join(arguments.folder, name)
        if not os.path.exists(path):
            torch.save(dict(weights=weights), path)


if __name__ == "__main__":
    main()
