"""Draws a scene as a flat illustration of 128x128 pixels (RGB, uint8).

Backdrops and letters are drawn once and kept; things are drawn at three times the size and averaged down.
"""
import functools
import math
import random

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from world import CELL, COLUMNS, SIZE, first_cell

SCALE = 3                       # supersampling
PATCH = 56                      # side of the square in which one thing is drawn
COLUMN_X = dict(zip(COLUMNS, (24, 64, 104)))
SKY_Y = 35                      # centre of things in the sky
BASE_Y = 103                    # where things on the ground stand
RADIUS = dict(normal=16.5, small=13.0, big=20.0)
FONT_FILE = "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"

PALETTE = dict(red=(224, 60, 56), orange=(243, 138, 44), yellow=(250, 208, 62), green=(70, 166, 90), blue=(56, 108, 220),
               purple=(140, 78, 188), pink=(246, 140, 182), brown=(140, 94, 60), white=(248, 247, 242), black=(42, 42, 52))
GROUND_COLOURS = dict(grass=((126, 196, 96), (98, 174, 80)), sand=((242, 218, 158), (230, 198, 132)),
                      sea=((66, 150, 212), (40, 112, 184)), snow=((244, 248, 253), (222, 232, 244)))
GROUND_TINT = dict(night=(0.42, 0.47, 0.66), sunset=(0.94, 0.80, 0.76))
SKY_STOPS = dict(day=((98, 176, 244), (160, 212, 250), (214, 238, 252)), night=((16, 20, 56), (34, 38, 92), (66, 66, 132)),
                 sunset=((92, 66, 150), (226, 118, 130), (255, 186, 104)))
INK = (34, 34, 44)
PAPER = (253, 248, 236)
WOOD = (112, 76, 52)


def blend(colour, other, amount):
    return tuple(round(a + (b - a) * amount) for a, b in zip(colour, other))


class Pen:
    """Draws on a supersampled canvas in units of a thing's radius around its centre."""

    def __init__(self, canvas, centre, radius):
        self.draw, self.centre, self.radius = ImageDraw.Draw(canvas), centre, radius

    def at(self, x, y):
        return ((self.centre[0] + x * self.radius) * SCALE, (self.centre[1] + y * self.radius) * SCALE)

    def oval(self, x, y, rx, ry, fill):
        self.draw.ellipse([self.at(x - rx, y - ry), self.at(x + rx, y + ry)], fill=fill)

    def box(self, x0, y0, x1, y1, fill, corner=0.0):
        ends = [self.at(x0, y0), self.at(x1, y1)]
        self.draw.rounded_rectangle(ends, corner * self.radius * SCALE, fill=fill)

    def shape(self, points, fill):
        self.draw.polygon([self.at(x, y) for x, y in points], fill=fill)

    def rays(self, outer, inner, count, fill):
        turns = [(outer if i % 2 == 0 else inner, math.pi * (i / count - 0.5)) for i in range(2 * count)]
        self.shape([(r * math.cos(a), r * math.sin(a)) for r, a in turns], fill)


# One function per kind. Things on the ground fill -1..1 downwards so that they stand at y = 1.

def draw_sun(pen, main, shade, light):
    pen.rays(1.08, 0.74, 12, shade)
    pen.oval(0, 0, 0.72, 0.72, main)


def draw_moon(pen, main, shade, light):
    outer = [(math.cos(a), math.sin(a)) for a in (math.pi * (0.5 + i / 24) for i in range(25))]
    inner = [(0.42 * math.cos(a), math.sin(a)) for a in (math.pi * (1.5 - i / 24) for i in range(25))]
    pen.shape([(x + 0.35, y) for x, y in outer + inner], main)
    pen.oval(-0.38, 0.22, 0.13, 0.13, shade)
    pen.oval(-0.30, -0.36, 0.09, 0.09, shade)


def draw_cloud(pen, main, shade, light):
    pen.box(-1.1, 0.0, 1.1, 0.62, shade, 0.3)
    pen.oval(-0.62, 0.08, 0.50, 0.46, main)
    pen.oval(0.64, 0.12, 0.46, 0.42, main)
    pen.oval(0.02, -0.16, 0.62, 0.62, main)
    pen.box(-1.0, 0.05, 1.0, 0.5, main, 0.2)


def draw_star(pen, main, shade, light):
    pen.rays(1.1, 0.47, 5, main)


def draw_house(pen, main, shade, light):
    pen.box(-0.82, -0.2, 0.82, 1.0, main)
    pen.box(0.42, -1.0, 0.66, -0.3, shade)
    pen.shape([(-1.12, -0.12), (1.12, -0.12), (0, -1.1)], shade)
    pen.box(-0.52, 0.3, -0.08, 1.0, WOOD)
    pen.box(0.2, 0.2, 0.62, 0.6, (255, 240, 170))


def draw_tree(pen, main, shade, light):
    pen.box(-0.17, 0.1, 0.17, 1.0, WOOD)
    pen.oval(-0.42, 0.0, 0.48, 0.46, shade)
    pen.oval(0.42, 0.0, 0.48, 0.46, shade)
    pen.oval(0, -0.42, 0.68, 0.66, main)
    pen.oval(0, -0.02, 0.56, 0.42, main)


def draw_cat(pen, main, shade, light):
    eye = INK if sum(main) > 200 else (236, 226, 110)
    pen.shape([(-0.92, -1.0), (-0.1, -0.5), (-0.86, 0.05)], main)
    pen.shape([(0.92, -1.0), (0.1, -0.5), (0.86, 0.05)], main)
    pen.oval(0, 0.2, 0.95, 0.80, main)
    pen.oval(0, 0.52, 0.44, 0.34, light)
    pen.oval(-0.38, 0.04, 0.13, 0.17, eye)
    pen.oval(0.38, 0.04, 0.13, 0.17, eye)
    pen.shape([(-0.13, 0.36), (0.13, 0.36), (0, 0.52)], (226, 100, 124))


def draw_boat(pen, main, shade, light):
    pen.box(-0.11, -1.0, -0.01, 0.5, WOOD)
    pen.shape([(0.06, -1.0), (0.06, 0.26), (0.88, 0.26)], (252, 248, 238))
    pen.shape([(-0.18, -0.7), (-0.18, 0.26), (-0.72, 0.26)], (236, 228, 212))
    pen.shape([(-1.12, 0.4), (1.12, 0.4), (0.74, 1.0), (-0.74, 1.0)], main)
    pen.box(-1.12, 0.4, 1.12, 0.56, shade)


def draw_car(pen, main, shade, light):
    pen.shape([(-0.7, 0.15), (-0.45, -0.4), (0.42, -0.4), (0.72, 0.15)], shade)
    pen.shape([(-0.52, 0.1), (-0.36, -0.26), (-0.04, -0.26), (-0.04, 0.1)], (196, 228, 246))
    pen.shape([(0.07, 0.1), (0.07, -0.26), (0.35, -0.26), (0.53, 0.1)], (196, 228, 246))
    pen.box(-1.12, 0.1, 1.12, 0.74, main, 0.2)
    for x in (-0.6, 0.6):
        pen.oval(x, 0.72, 0.29, 0.29, INK)
        pen.oval(x, 0.72, 0.12, 0.12, (206, 206, 214))


def draw_flower(pen, main, shade, light):
    pen.box(-0.08, -0.1, 0.08, 1.0, (62, 130, 70))
    pen.oval(0.34, 0.66, 0.3, 0.14, (62, 130, 70))
    for i in range(6):
        turn = math.pi * (i / 3 + 1 / 6)
        pen.oval(0.5 * math.cos(turn), -0.36 + 0.5 * math.sin(turn), 0.36, 0.36, main)
    pen.oval(0, -0.36, 0.30, 0.30, (250, 214, 90) if main != PALETTE["yellow"] else (196, 120, 50))


def draw_heart(pen, main, shade, light):
    pen.oval(-0.47, -0.36, 0.54, 0.54, main)
    pen.oval(0.47, -0.36, 0.54, 0.54, main)
    pen.shape([(-0.96, -0.12), (0, -0.4), (0.96, -0.12), (0, 1.0)], main)
    pen.oval(-0.52, -0.46, 0.16, 0.16, light)


def draw_circle(pen, main, shade, light):
    pen.oval(0, 0, 1.0, 1.0, shade)
    pen.oval(0, 0, 0.88, 0.88, main)


def draw_square(pen, main, shade, light):
    pen.box(-0.95, -0.9, 0.95, 1.0, shade, 0.08)
    pen.box(-0.83, -0.78, 0.83, 0.88, main, 0.04)


DRAWERS = {name[5:]: function for name, function in list(globals().items()) if name.startswith("draw_")}


def place(thing, seed):
    """(x, y, radius) of a thing in pixels, with the offsets that the scene's seed gives it."""
    rng = random.Random(f"{seed}/{thing.kind}")
    radius = RADIUS[thing.size] * rng.uniform(0.97, 1.03)
    x = COLUMN_X[thing.column] + rng.uniform(-2, 2)
    y = (SKY_Y if thing.row == "sky" else BASE_Y - radius) + rng.uniform(-1, 1)
    return x, y, radius


def thing_layer(thing, x, y, radius):
    """A thing as an RGBA patch, and the pixel at which its upper left corner lies."""
    corner = (round(x) - PATCH // 2, round(y) - PATCH // 2)
    main = PALETTE[thing.colour]
    shade = blend(main, (30, 24, 60), 0.28)
    light = blend(main, (255, 255, 255), 0.45)
    canvas = Image.new("RGBA", (PATCH * SCALE, PATCH * SCALE), shade + (0,))
    DRAWERS[thing.kind](Pen(canvas, (x - corner[0], y - corner[1]), radius), main, shade, light)
    return canvas.reduce(SCALE), corner


def vertical_gradient(stops):
    at = np.linspace(0, len(stops) - 1, SIZE)
    rows = np.stack([np.interp(at, range(len(stops)), [stop[c] for stop in stops]) for c in range(3)], -1)
    return Image.fromarray(np.repeat(rows[:, None].round().astype(np.uint8), SIZE, 1))


def hill(draw, height, swing, phase, fill):
    ridge = [(x * SCALE, (height + swing * math.sin(x / SIZE * 2 * math.pi + phase)) * SCALE) for x in range(SIZE + 1)]
    draw.polygon(ridge + [(SIZE * SCALE, SIZE * SCALE), (0, SIZE * SCALE)], fill=fill)


def draw_stars(draw):
    for i in range(18):
        x, y, radius = (i * 37 + 11) % 125 + 2, (i * 29 + 5) % 74 + 3, 1.7 if i % 3 == 0 else 1.1
        draw.ellipse([v * SCALE for v in (x - radius, y - radius, x + radius, y + radius)], fill=(255, 250, 220))


def draw_ground(draw, ground, tint):
    light, dark = (tuple(round(v * t) for v, t in zip(colour, tint)) for colour in GROUND_COLOURS[ground])
    if ground == "sea":
        hill(draw, 86, 0, 0, light)
        hill(draw, 104, 1.5, 0, dark)
        crest = blend(light, (255, 255, 255), 0.35)
        for x, y in ((8, 94), (52, 96), (96, 94), (30, 112), (78, 114)):
            draw.arc([v * SCALE for v in (x, y - 5, x + 20, y + 4)], 20, 160, fill=crest, width=2 * SCALE)
    else:
        hill(draw, 86, 3, 2.0, light)
        hill(draw, 98, 4, 5.2, dark)


@functools.lru_cache(maxsize=None)
def backdrop(background, ground):
    """Background and ground without anything on them."""
    if background in SKY_STOPS:
        image = vertical_gradient(SKY_STOPS[background])
    else:
        colour = PALETTE[background]
        image = vertical_gradient((blend(colour, (255, 255, 255), 0.22), colour))
    image = image.resize((SIZE * SCALE, SIZE * SCALE), Image.NEAREST)
    draw = ImageDraw.Draw(image)
    if background == "night":
        draw_stars(draw)
    if ground != "none":
        draw_ground(draw, ground, GROUND_TINT.get(background, (1, 1, 1)))
    return image.reduce(SCALE)


@functools.lru_cache(maxsize=None)
def font():
    return ImageFont.truetype(FONT_FILE, 14 * SCALE)


@functools.lru_cache(maxsize=4096)
def sign(word):
    """A paper strip with one letter in each cell, as RGBA."""
    width = len(word) * CELL
    canvas = Image.new("RGBA", (width * SCALE, CELL * SCALE), PAPER + (0,))
    draw = ImageDraw.Draw(canvas)
    draw.rounded_rectangle([0, 0, width * SCALE - 1, CELL * SCALE - 1], 3 * SCALE, fill=PAPER)
    for i, letter in enumerate(word):
        draw.text(((i + 0.5) * CELL * SCALE, CELL / 2 * SCALE), letter, font=font(), fill=INK, anchor="mm")
    return canvas.reduce(SCALE)


def render(scene):
    """The picture of a scene: uint8 array (128, 128, 3)."""
    image = backdrop(scene.background, scene.ground).copy()
    for thing in scene.things:
        layer, corner = thing_layer(thing, *place(thing, scene.seed))
        image.paste(layer, corner, layer)
    if scene.word:
        strip = sign(scene.word)
        image.paste(strip, (first_cell(scene.word) * CELL, 0 if scene.word_place == "top" else SIZE - CELL), strip)
    return np.asarray(image)
