"""Reads a picture back into a scene by drawing candidates and comparing, with nothing learned; and compares it with the wish.

For each slot every kind, colour and size is drawn and laid over the backdrop found; the nearest one wins if it comes nearer
than the empty backdrop. Words are read cell by cell, also beside the place where they belong.
"""
import functools

import numpy as np

from draw import BASE_Y, COLUMN_X, RADIUS, SKY_Y, backdrop, render, sign, thing_layer
from world import BACKGROUNDS, CELL, CELLS, COLOURS, COLUMNS, GROUND_KINDS, GROUNDS, LETTERS, SIZE, SIZES, SKY_KINDS, Thing, first_cell

WINDOWS = dict(sky=(16, 60), ground=(60, 108))       # rows that are compared
HALF_WIDTH = 22
MARGIN = 8                                           # added around a picture so that shifted windows stay inside
EMPTY_BONUS = 0.97                                   # a thing must beat the empty backdrop by this
UNTOUCHED = 8                                        # levels by which an untouched pixel may differ between the true pictures


def halved(array):
    """Means of 2x2 pixels; the last axes are (rows, columns, channels)."""
    h, w, c = array.shape[-3:]
    return array.reshape(*array.shape[:-3], h // 2, 2, w // 2, 2, c).mean((-4, -2))


def window(image, row, column):
    """The part of a padded picture in which a slot's thing lies, at half size."""
    top, bottom = WINDOWS[row]
    left = COLUMN_X[column] - HALF_WIDTH
    return halved(image[MARGIN + top:MARGIN + bottom, MARGIN + left:MARGIN + left + 2 * HALF_WIDTH])


def padded(image):
    return np.pad(np.asarray(image, np.float32), ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), mode="edge")


@functools.lru_cache(maxsize=None)
def padded_backdrop(background, ground):
    return padded(backdrop(background, ground))


@functools.lru_cache(maxsize=None)
def templates(row):
    """(kinds and colours, coverage (M, h, w, 1), colour times coverage (M, h, w, 3)) of all things of a row, at half size."""
    names, layers = [], []
    for kind in (SKY_KINDS if row == "sky" else GROUND_KINDS):
        for colour in COLOURS:
            for size in SIZES:
                thing, radius = Thing(kind, colour, size, "middle"), RADIUS[size]
                patch, corner = thing_layer(thing, COLUMN_X["middle"], SKY_Y if row == "sky" else BASE_Y - radius, radius)
                canvas = np.zeros((SIZE + 2 * MARGIN, SIZE + 2 * MARGIN, 4), np.float32)
                top, left = corner[1] + MARGIN, corner[0] + MARGIN
                canvas[top:top + patch.height, left:left + patch.width] = np.asarray(patch, np.float32)
                canvas[..., 3:] /= 255
                canvas[..., :3] *= canvas[..., 3:]
                names.append((kind, colour, size))
                layers.append(window(canvas, row, "middle"))
    layers = np.stack(layers)
    return names, layers[..., 3:], layers[..., :3]


def read_backdrop(image):
    """(background, ground) whose picture comes nearest; what stands on it counts little."""
    small = halved(image)

    def error(names):
        return np.minimum(np.abs(small - halved(padded_backdrop(*names))).mean(-1), 40).mean()
    return min(((background, ground) for background in BACKGROUNDS for ground in GROUNDS), key=error)


@functools.lru_cache(maxsize=None)
def shifted_templates(row):
    """Names, and (colour times coverage, what lets the backdrop through) of all templates at each offset of a pixel."""
    names, coverage, colour = templates(row)
    offsets = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    return names, [(np.roll(colour, offset, (1, 2)), 1 - np.roll(coverage, offset, (1, 2))) for offset in offsets]


def read_slot(image, names, row, column):
    """(kind, colour, size) of the thing in a slot, or None."""
    seen, behind = window(image, row, column), window(padded_backdrop(*names), row, column)
    best, found = EMPTY_BONUS * np.abs(seen - behind).mean(), None
    things, shifted = shifted_templates(row)
    laid_over = np.empty_like(shifted[0][0])
    for over, through in shifted:
        np.multiply(through, behind, out=laid_over)
        laid_over += over
        laid_over -= seen
        errors = np.abs(laid_over, out=laid_over).mean((1, 2, 3))
        if errors.min() < best:
            best, found = errors.min(), things[errors.argmin()]
    return found


def read_slots(image, names):
    """{(row, column): (kind, colour, size)} of the slots in which something stands."""
    slots = {(row, column): read_slot(image, names, row, column) for row in ("sky", "ground") for column in COLUMNS}
    return {slot: found for slot, found in slots.items() if found}


@functools.lru_cache(maxsize=None)
def glyphs():
    """Pictures of the letters' cells, without the strip's rounded ends."""
    return np.stack([np.asarray(sign("I" + letter + "I").convert("RGB"), np.float32)[:, CELL:2 * CELL] for letter in LETTERS])


def cell_at(image, place, column):
    top = MARGIN + (0 if place == "top" else SIZE - CELL)
    return image[top:top + CELL, MARGIN + column * CELL:MARGIN + (column + 1) * CELL]


def is_letter(cell):
    """Ink on paper."""
    return np.mean(cell.min(-1) > 190) > 0.35 and np.mean(cell.max(-1) < 110) > 0.05


def nearest_letter(cell):
    return LETTERS[int(np.abs(glyphs() - cell).mean((1, 2, 3)).argmin())]


def read_cells(image, place):
    """The eight cells of a place as a string, blank where there is no letter."""
    cells = [cell_at(image, place, column) for column in range(CELLS)]
    return "".join(nearest_letter(cell) if is_letter(cell) else " " for cell in cells)


def expected_cells(scene, place):
    if not scene.word or scene.word_place != place:
        return " " * CELLS
    return (" " * first_cell(scene.word) + scene.word).ljust(CELLS)


def check_things(things, found):
    """What is right about the things of a picture; a thing's position is judged where its kind stands anywhere."""
    right = dict(kind=[], colour=[], both=[], size=[], position=[], count=[len(found) == len(things)])
    kinds = {seen[0] for seen in found.values()}
    for wanted in things:
        kind, colour, size = found.get((wanted.row, wanted.column), (None, None, None))
        right["kind"].append(kind == wanted.kind)
        right["colour"].append(colour == wanted.colour)
        right["both"].append((kind, colour) == (wanted.kind, wanted.colour))
        right["size"].append(size == wanted.size)
        if wanted.kind in kinds:
            right["position"].append(kind == wanted.kind)
    return right


def check_word(image, scene):
    """What is right about the sign; letters anywhere else make the word wrong."""
    read = {place: read_cells(image, place) for place in ("top", "bottom")}
    exact = all(read[place] == expected_cells(scene, place) for place in read)
    if not scene.word:
        return dict(no_word=[exact])
    letters = [a == b for a, b in zip(read[scene.word_place][first_cell(scene.word):], scene.word)]
    return dict(letter=letters, word=[exact])


def check(picture, scene):
    """What is right in a picture (128, 128, 3): lists of booleans by name; `scene` is the wish."""
    image = padded(picture)
    names = read_backdrop(image)
    right = dict(background=[names[0] == scene.background], ground=[names[1] == scene.ground],
                 **check_things(scene.things, read_slots(image, names)), **check_word(image, scene))
    right["scene"] = [all(right["background"] + right["ground"] + right["both"] + right["count"] + right.get("word", right.get("no_word")))]
    return right


def read_words(image):
    """Whatever stands on signs, top and bottom."""
    return " ".join(read_cells(image, place).strip() for place in ("top", "bottom")).strip()


def check_wanted(picture, wanted):
    """What is right in a picture of which only some is known: `things` as [kind, colour, column], `background`, `ground`, `word`.

    What is missing or null may be anything; a thing without a column may stand anywhere.
    """
    image = padded(picture)
    names = read_backdrop(image)
    right = {name: [seen == wanted[name]] for name, seen in zip(("background", "ground"), names) if wanted.get(name) is not None}
    if "things" in wanted:
        found = read_slots(image, names)
        seen = [(kind, colour, column) for (_row, column), (kind, colour, _size) in found.items()]
        matches = lambda thing, other: all(a is None or a == b for a, b in zip(thing, other))
        right["thing"] = [any(matches(thing, other) for other in seen) for thing in wanted["things"]]
        right["count"] = [len(found) == len(wanted["things"])]
    if "word" in wanted:
        right["word"] = [read_words(image) == wanted["word"]]
    right["scene"] = [all(value for values in right.values() for value in values)]
    return right


def decibels(picture, other, mask):
    """PSNR between two pictures where the mask is true."""
    error = ((np.asarray(picture, float) - np.asarray(other, float)) ** 2)[mask].mean()
    return 10 * np.log10(255 ** 2 / max(error, 1e-3))


def kept_psnr(picture, source, target):
    """Decibels between a picture and the true result over the part that the edit should not touch."""
    before, after = render(source).astype(float), render(target).astype(float)
    return decibels(picture, after, np.abs(before - after).max(-1) < UNTOUCHED)


def inside(thing):
    """Pixels that surely belong to a thing, wherever its small offset puts it."""
    names, coverage, _colour = templates(thing.row)
    covered = coverage[names.index((thing.kind, thing.colour, thing.size)), ..., 0] > 0.99
    for axis in (0, 1):
        for shift in (-1, 1):
            covered = covered & np.roll(covered, shift, axis)
    mask = np.zeros((SIZE, SIZE), bool)
    top, left = WINDOWS[thing.row][0], COLUMN_X[thing.column] - HALF_WIDTH
    grown = covered.repeat(2, 0).repeat(2, 1)
    first, last = max(0, -left), min(grown.shape[1], SIZE - left)
    mask[top:top + grown.shape[0], left + first:left + last] = grown[:, first:last]
    return mask


def mean_scores(results):
    """Mean of each list over all pictures."""
    names = dict.fromkeys(name for result in results for name in result)
    pooled = {name: [value for result in results for value in result.get(name, [])] for name in names}
    return {name: float(np.mean(values)) for name, values in pooled.items() if values}
