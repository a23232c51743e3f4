"""Turns captions into the token ids of both encoders, and into the labels of their pretraining."""
import os

import torch

from language import EDITS
from tokenizers import EOS, PAD, T5_TOKENS, ClipTokenizer, T5Tokenizer
from world import BACKGROUNDS, COLOURS, COLUMNS, GROUNDS, KINDS, first_cell

IGNORE = -100
TOKEN_HEADS = dict(kind=len(KINDS), old=len(KINDS), colour=len(COLOURS), size=3, column=3, background=len(BACKGROUNDS),
                   ground=len(GROUNDS), cell=8, place=2, edit=len(EDITS) + 1)
POOLED_HEADS = {**{f"kind{i}": len(KINDS) + 1 for i in range(6)}, **{f"colour{i}": len(COLOURS) + 1 for i in range(6)},
                "background": len(BACKGROUNDS), "ground": len(GROUNDS), "edit": len(EDITS) + 1, "old": len(KINDS) + 1,
                "new": len(KINDS) + 1, "colour": len(COLOURS) + 1, "column": len(COLUMNS) + 1}


def padded(rows, fill, length):
    return torch.tensor([row + [fill] * (length - len(row)) for row in rows])


class Prompter:
    """Both tokenizers of a checkpoint folder."""

    def __init__(self, folder):
        self.t5 = T5Tokenizer(os.path.join(folder, "tokenizer_2"))
        self.clip = ClipTokenizer(os.path.join(folder, "tokenizer"))

    def t5_ids(self, text):
        return self.t5.pieces(text)[:T5_TOKENS - 1] + [EOS]

    def batch(self, texts, full=False):
        """(t5 ids, clip ids), padded to the longest text, or to the full length as inference does it."""
        t5 = [self.t5_ids(text) for text in texts]
        clip = [self.clip.encode(text) for text in texts]
        return (padded(t5, PAD, T5_TOKENS if full else max(map(len, t5))),
                padded(clip, self.clip.end, 77 if full else max(map(len, clip))))

    def token_labels(self, said):
        """One list of labels (in the order of TOKEN_HEADS) for each T5 token of a caption, without the end mark."""
        rows = []
        for phrase in said.phrases:
            ids = self.t5.pieces(phrase.words)
            known = dict(phrase.labels)
            known.setdefault("edit", len(EDITS))
            word = known.pop("word", "")
            labels = [[known.get(head, IGNORE) for head in TOKEN_HEADS] for _ in ids]
            letters = [i for i, token in enumerate(ids) if self.t5.is_letter(token)][-len(word):] if word else []
            for i, at in enumerate(letters):
                labels[at][list(TOKEN_HEADS).index("cell")] = first_cell(word) + i
            rows += labels
        return rows

    @staticmethod
    def pooled_labels(said):
        return [said.summary.get(head, IGNORE) for head in POOLED_HEADS]
