"""Sheets of pictures with their words: the first cases of each group, nothing picked."""
import textwrap

from PIL import Image, ImageDraw, ImageFont

from cases import CHAIN_STEPS, read_picture, source_path
from draw import FONT_FILE
from world import SIZE

PROMPTS, EDITS = 24, 8
COLUMNS = 8                     # pictures side by side
STEP, LINE, LINES = SIZE + 8, 11, 6


def tile_rows(cases, pictures, folder, picture_folder):
    """Rows of (pictures, words): prompts, then edits as pairs of source and result."""
    of_group = lambda group: [case for case in cases if case["group"] == group]
    tiles = [([pictures[case["id"]]], case["prompt"]) for case in of_group("generate")[:PROMPTS]]
    rows = [tiles[i:i + COLUMNS] for i in range(0, len(tiles), COLUMNS)]
    edits = [([read_picture(source_path(case, folder, picture_folder)), pictures[case["id"]]], case["prompt"])
             for case in of_group("edit")[:EDITS]]
    rows += [edits[i:i + COLUMNS // 2] for i in range(0, len(edits), COLUMNS // 2)]
    return rows


def chain_rows(cases, pictures):
    chains = [case for case in cases if case["group"] == "chain"]
    chains = [chains[i:i + CHAIN_STEPS + 1] for i in range(0, len(chains), CHAIN_STEPS + 1)]
    return [[([pictures[case["id"]]], case["prompt"]) for case in chain] for chain in chains]


def sheet(rows):
    """All rows on white, the words below each picture or pair."""
    height = STEP + LINE * LINES
    width = max(sum(len(images) for images, _ in row) for row in rows)
    made = Image.new("RGB", (width * STEP + 8, len(rows) * height + 8), "white")
    pen, font = ImageDraw.Draw(made), ImageFont.truetype(FONT_FILE.replace("-Bold", ""), 9)
    for i, row in enumerate(rows):
        x, top = 8, i * height + 8
        for images, prompt in row:
            for at, line in enumerate(textwrap.wrap(prompt, 24 * len(images))[:LINES]):
                pen.text((x, top + SIZE + 4 + at * LINE), line, font=font, fill="black")
            for image in images:
                made.paste(Image.fromarray(image), (x, top))
                x += STEP
    return made
