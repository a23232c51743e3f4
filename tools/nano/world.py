"""The world that the built-in checkpoint draws: kinds, colours, backdrops, and random scenes.

A scene is plain data. `draw.py` turns it into pixels, `language.py` into words, `score.py` reads it back from pixels.
Things stand in six slots: a sky row and a ground row of three columns each.
"""
from dataclasses import dataclass, replace

SIZE = 128                      # pixels along a side
CELL = 16                       # pixels along a side of one letter cell and of one transformer token
CELLS = SIZE // CELL

SKY_KINDS = ("sun", "moon", "cloud", "star")
GROUND_KINDS = ("house", "tree", "cat", "boat", "car", "flower", "heart", "circle", "square")
KINDS = SKY_KINDS + GROUND_KINDS
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "white", "black")
SIZES = ("normal", "small", "big")
COLUMNS = ("left", "middle", "right")
SKIES = ("day", "night", "sunset")
BACKGROUNDS = SKIES + COLOURS
GROUNDS = ("none", "grass", "sand", "sea", "snow")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MAX_WORD = 6

# What a prompt means when it names no colour.
USUAL_COLOUR = dict(sun="yellow", moon="yellow", cloud="white", star="yellow", house="red", tree="green", cat="orange",
                    boat="blue", car="red", flower="pink", heart="red", circle="blue", square="green")
# Where things stand when a prompt names no place, in order of mention.
USUAL_COLUMNS = {
    "sky": {1: ("right",), 2: ("left", "right"), 3: ("left", "middle", "right")},
    "ground": {1: ("middle",), 2: ("left", "right"), 3: ("left", "middle", "right")},
}
WORDS = """CAT DOG SUN OPEN SALE HELLO LOVE HOME CAFE STOP GO YES NO HI BAR ZOO PIZZA TEA SHOP PARK BOOK FLUX MOON STAR
BOAT HOUSE TREE HEART HAPPY DAY NIGHT SKY SEA NEW FUN ART MAP BUS TAXI JAZZ KIWI QUIZ VAN WAX EXIT CLOSED WORLD PEACE
BAKERY HOTEL MUSIC""".split()


@dataclass(frozen=True)
class Thing:
    """One object: what it is, and the slot in which it stands."""
    kind: str
    colour: str
    size: str
    column: str

    @property
    def row(self):
        return "sky" if self.kind in SKY_KINDS else "ground"

    @property
    def slot(self):
        return slot_index(self.row, self.column)


@dataclass(frozen=True)
class Scene:
    """A whole picture; `seed` fixes the small offsets of its things, nothing that a prompt could name."""
    things: tuple
    background: str
    ground: str
    word: str = ""
    word_place: str = "bottom"
    seed: int = 0

    def thing_at(self, slot):
        return next((thing for thing in self.things if thing.slot == slot), None)

    def to_json(self):
        fields = dict(vars(self))
        fields["things"] = [vars(thing) for thing in self.things]
        return fields

    @staticmethod
    def from_json(fields):
        return Scene(**{**fields, "things": tuple(Thing(**thing) for thing in fields["things"])})


def slot_index(row, column):
    """0..5: the sky row first, each from left to right."""
    return (0 if row == "sky" else 3) + COLUMNS.index(column)


def usual_ground(background):
    """The ground that a prompt means when it names none."""
    return "grass" if background in SKIES else "none"


def first_cell(word):
    """Column of the letter cell at which a word starts, so that it stands in the middle."""
    return (CELLS - len(word)) // 2


def random_word(rng):
    if rng.random() < 0.4:
        return rng.choice(WORDS)
    return "".join(rng.choice(LETTERS) for _ in range(rng.randint(2, MAX_WORD)))


def random_colour(rng, kind, forbidden=()):
    if rng.random() < 0.3 and USUAL_COLOUR[kind] not in forbidden:
        return USUAL_COLOUR[kind]
    return rng.choice([colour for colour in COLOURS if colour not in forbidden])


def random_thing(rng, scene):
    """A thing that fits into a free slot of the scene, or None; no kind occurs twice."""
    taken = {thing.slot for thing in scene.things}
    present = {thing.kind for thing in scene.things}
    for _ in range(20):
        kind = rng.choice(KINDS)
        row = "sky" if kind in SKY_KINDS else "ground"
        column = rng.choice(COLUMNS + USUAL_COLUMNS[row][1])
        if kind not in present and slot_index(row, column) not in taken:
            colour = random_colour(rng, kind, (scene.background,))
            return Thing(kind, colour, rng.choice(("normal", "normal", "small", "big")), column)
    return None


def random_backdrop(rng):
    if rng.random() < 0.6:
        return rng.choice(SKIES), rng.choice(("grass", "grass", "sand", "sea", "snow", "none"))
    return rng.choice(COLOURS), rng.choice(("none", "none", "none", "grass", "sand", "sea", "snow"))


def random_scene(rng):
    background, ground = random_backdrop(rng)
    scene = Scene((), background, ground, seed=rng.getrandbits(30))
    for _ in range(rng.choice((1, 1, 2, 2, 3))):
        thing = random_thing(rng, scene)
        if thing:
            scene = replace(scene, things=scene.things + (thing,))
    if rng.random() < 0.4:
        scene = replace(scene, word=random_word(rng), word_place=rng.choice(("bottom", "bottom", "top")))
    return scene
