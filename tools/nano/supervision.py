"""What the renderer knows about each image token: labels of the auxiliary head, and weights of the loss."""
import functools

import numpy as np

from draw import backdrop
from latents import to_unit
from world import BACKGROUNDS, CELLS, COLOURS, GROUNDS, KINDS, LETTERS, SIZES, first_cell

HEADS = dict(kind=len(KINDS) + 1, colour=len(COLOURS) + 1, size=len(SIZES) + 1, background=len(BACKGROUNDS), ground=len(GROUNDS),
             letter=len(LETTERS) + 1)
TOKEN_COLUMN = np.array([0, 0, 0, 1, 1, 2, 2, 2])                       # slot column of each token column
TOKEN_ROW = np.array([0, 0, 0, 0, 1, 1, 1, 1])
SLOTS = (TOKEN_ROW[:, None] * 3 + TOKEN_COLUMN[None]).ravel()
HOLDS_THINGS = np.isin(np.arange(CELLS), (1, 2, 3, 4, 5, 6)).repeat(CELLS)
DIFFERENT = 0.04                # mean difference of latents above which a token counts as changed


def word_cells(scene):
    """Tokens of the word's letters."""
    start = first_cell(scene.word) + (0 if scene.word_place == "top" else CELLS * (CELLS - 1))
    return range(start, start + len(scene.word))


def cells_beside(scene):
    """Tokens left and right of the word, where no further letter shall appear."""
    if not scene.word:
        return []
    cells = word_cells(scene)
    return [cell for cell in (cells[0] - 1, cells[-1] + 1) if 0 <= cell < CELLS * CELLS and cell // CELLS == cells[0] // CELLS]


def token_labels(scene):
    """Labels (64, 6) in the order of HEADS, and their weights (64, 6)."""
    slots = np.array([[KINDS.index(t.kind), COLOURS.index(t.colour), SIZES.index(t.size)] if t else [len(KINDS), len(COLOURS), len(SIZES)]
                      for t in (scene.thing_at(slot) for slot in range(6))])
    labels = np.empty((CELLS * CELLS, 6), np.int64)
    labels[:, :3] = slots[SLOTS]
    labels[:, 3:] = BACKGROUNDS.index(scene.background), GROUNDS.index(scene.ground), len(LETTERS)
    weights = np.zeros((CELLS * CELLS, 6), np.float32)
    weights[:, :3] = (np.where(labels[:, 0] < len(KINDS), 1.0, 0.15) * HOLDS_THINGS)[:, None]
    weights[:, 3:5] = 0.3
    weights[:CELLS, 5] = weights[-CELLS:, 5] = 0.15
    for cell, letter in zip(word_cells(scene), scene.word):
        labels[cell, 5], weights[cell, 5] = LETTERS.index(letter), 2.0
    return labels, weights


@functools.lru_cache(maxsize=None)
def backdrop_latents(basis, background, ground):
    return basis.encode(to_unit(np.asarray(backdrop(background, ground)))[None])[0]


def token_difference(a, b):
    """Mean absolute difference of two latents (16, 16, 16) over each token's 2x2 pixels: (64)."""
    return np.abs(a - b).mean(0).reshape(CELLS, 2, CELLS, 2).mean((1, 3)).ravel()


def drawing_weights(basis, scene, latent):
    """Loss weights (64) of a picture made from words: more where something stands on the backdrop."""
    weights = np.ones(CELLS * CELLS, np.float32)
    weights[token_difference(latent, backdrop_latents(basis, scene.background, scene.ground)) > DIFFERENT] = 2.5
    weights[cells_beside(scene)] = 2.5
    return weights


def editing_weights(scene, source_latent, latent):
    """Loss weights (64) of an edit: more where the picture changes, or copying would be the easy optimum."""
    weights = np.ones(CELLS * CELLS, np.float32)
    weights[cells_beside(scene)] = 2.5
    weights[token_difference(latent, source_latent) > DIFFERENT] = 4
    return weights
