"""Says scenes and edits in words: captions and instructions as labelled phrases.

A caption is a list of phrases; each phrase carries what it tells about the picture ("a big red cat on the left": kind,
colour, size, column). The text encoders are pretrained on these labels, token by token.
"""
from dataclasses import dataclass, field, replace

from world import (BACKGROUNDS, COLOURS, COLUMNS, GROUNDS, KINDS, SKIES, USUAL_COLOUR, USUAL_COLUMNS, Thing,
                   random_colour, random_thing, random_word, slot_index, usual_ground)

EDITS = ("recolour", "add", "remove", "background", "text", "swap", "move", "ground")

KIND_NAMES = dict(boat=("boat", "boat", "ship"), circle=("circle", "circle", "ball"), square=("square", "square", "box"),
                  cat=("cat", "cat", "kitten"), moon=("moon", "moon", "crescent moon"))
COLOUR_NAMES = dict(purple=("purple", "purple", "violet"))
SIZE_NAMES = dict(small=("small", "little", "tiny"), big=("big", "large", "huge"))
COLUMN_NAMES = dict(left=("on the left", "at the left", "on the left side"), right=("on the right", "at the right", "on the right side"),
                    middle=("in the middle", "in the center", "in the centre"))
SKY_PHRASES = dict(day=("during the day", "under a blue sky", "on a sunny day", "with a blue sky", "in daylight", "by day"),
                   night=("at night", "at night", "under a starry sky", "under a night sky", "with a starry night sky",
                          "under the stars", "with a night sky"),
                   sunset=("at sunset", "with a sunset sky", "under a sunset sky", "at dusk", "in the evening"))
SKY_NAMES = dict(day=("a blue sky", "a day sky", "a sunny day", "a daytime sky"),
                 night=("a starry night sky", "a starry sky", "a night sky", "a starry night"),
                 sunset=("a sunset sky", "a sunset", "an evening sky"))
SKY_TIMES = dict(day=("daytime", "day"), night=("night", "nighttime"), sunset=("sunset", "evening"))
PLAIN_PHRASES = ("on a {} background", "with a {} background", "on a plain {} background", "against a {} background",
                 "with a plain {} background")
GROUND_PHRASES = dict(grass=("on grass", "on a meadow", "in a field", "on green grass", "with grass", "on a lawn"),
                      sand=("on sand", "on a beach", "at the beach", "on the beach", "in the desert"),
                      sea=("on the sea", "on water", "at sea", "on a lake", "on the water"),
                      snow=("on snow", "in the snow", "in winter", "with snow"),
                      none=("with no ground", "without ground"))
GROUND_NAMES = dict(grass=("grass", "a meadow", "green grass", "a lawn"), sand=("sand", "a beach", "the beach"),
                    sea=("the sea", "water", "a lake"), snow=("snow", "deep snow"))
SIGN_PHRASES = ("sign reads {}", "a sign that says {}", "with the word {}", "with the text {}", "a sign reads {}", "the text {}",
                "with a sign reading {}", "the word {}", "sign says {}", "with a sign that reads {}", "{} written",
                "with text that says {}", "and a sign that says {}", "the sign reads {}", "a sign saying {}")
PLACE_NAMES = dict(top=("at the top", "on top"), bottom=("at the bottom", "below"))
OPENINGS = ("a picture of", "an image of", "draw", "a drawing of", "an illustration of", "show", "create", "paint", "generate",
            "a photo of")
FILLERS = ("cute", "pretty", "beautiful", "nice", "lovely", "simple", "cozy", "old", "bright", "happy", "flat", "colorful", "tall",
           "round", "single", "lonely", "new")
RELATIONS = {("left", "middle"): ("to the left of", "left of", "on the left of"),
             ("right", "middle"): ("to the right of", "right of", "on the right of"),
             ("middle", "right"): ("beside", "next to", "beside", "next to", "by")}
SIDES = dict(left=("the left", "the left side"), right=("the right", "the right side"), middle=("the middle", "the center"))
INSTRUCTIONS = dict(
    recolour=("make {} {}", "make {} {}", "change the color of {} to {}", "turn {} {}", "paint {} {}", "change the colour of {} to {}",
              "color {} {}"),
    add=("add", "add", "put", "draw", "place"),
    remove=("remove", "remove", "delete", "erase", "take away"),
    sky=("change the background to {}", "add {} to this image", "add {}", "replace the sky with {}", "replace the background with {}",
         "give it {}", "add {} to the image"),
    time=("make it {}", "change it to {}", "turn it into {}"),
    plain=("change the background to {}", "make the background {}", "change the background to a plain {} background",
           "replace the background with a {} background", "turn the background {}"),
    no_ground=("remove the ground", "delete the ground", "take away the ground"),
    ground=("change the ground to {}", "put it on {}", "replace the ground with {}", "put everything on {}", "make the ground {}"),
    no_text=("remove the text", "delete the text", "remove the sign", "erase the word"),
    old_text=("replace '{}' with '{}'", 'replace "{}" with "{}"', "change '{}' to '{}'"),
    text=("change the text to {}", "replace the text with {}", "make the sign read {}", "change the sign to {}", "change the word to {}",
          "make the sign say {}", "let the sign say {}"),
    new_text=("add the text {}", "write {}", "add a sign that reads {}", "add the word {}", "add a sign that says {}",
              "add a sign saying {}"),
    swap=("replace {} with {}", "replace {} with {}", "change {} to {}", "turn {} into {}", "swap {} for {}"),
    move=("move", "move", "shift"))
QUOTES = ("'{}'", "'{}'", '"{}"', '"{}"', "“{}”", "{}")
EXTRA_WORDS = ("please", "of", "some", "this", "that", "it", "image", "picture", "scene", "everything", "up", "for", "style", "very",
               "same", "keep", "only", "standing", "floating", "dog", "bird", "person", "man", "woman", "car", "road", "city", "forest",
               "mountain", "river", "cloudy", "rain", "rainy", "hat", "wearing", "holding", "animal", "people", "street", "shop",
               "window", "door", "light", "dark", "gray", "grey", "gold", "silver", "two", "three", "many", "one", "all", "no", "not",
               "here", "there", "where", "is", "are", "has", "its", "his", "her", "by", "near", "behind", "above", "over", "front",
               "back", "sky", "background", "stars", "starry", "winter", "summer", "spring", "autumn", "hello", "world", "open")


@dataclass
class Phrase:
    """Words and what they tell: labels of T5's tokens by name of the head."""
    words: str
    labels: dict = field(default_factory=dict)


@dataclass
class Said:
    """One caption or instruction. `summary` holds the labels of the pooled vector."""
    phrases: list
    summary: dict
    edit: str = ""

    @property
    def text(self):
        return " ".join(phrase.words for phrase in self.phrases)


def article(words):
    return ("an " if words[0] in "aeiou" else "a ") + words


def capitalised(words):
    return words[0].upper() + words[1:]


def quoted(rng, word):
    """The word as a prompt writes it: quoted in either case, or bare capitals."""
    quote = rng.choice(QUOTES)
    return quote.format(word.lower() if quote != "{}" and rng.random() < 0.25 else word)


def kind_name(rng, kind):
    return rng.choice(KIND_NAMES.get(kind, (kind,)))


def colour_name(rng, colour):
    return rng.choice(COLOUR_NAMES.get(colour, (colour,)))


def nonsense(rng):
    return "".join(rng.choice("abcdefghijklmnoprstuvw") for _ in range(rng.randint(3, 6)))


def thing_words(rng, thing):
    """A thing without its place. The usual colour may go unsaid."""
    words = [rng.choice(SIZE_NAMES[thing.size])] if thing.size != "normal" else []
    if rng.random() < 0.08:
        words.append(nonsense(rng) if rng.random() < 0.4 else rng.choice(FILLERS))
    if thing.colour != USUAL_COLOUR[thing.kind] or rng.random() < 0.6:
        words.append(colour_name(rng, thing.colour))
    words.append(kind_name(rng, thing.kind))
    return article(" ".join(words))


def thing_labels(thing):
    return dict(kind=KINDS.index(thing.kind), colour=COLOURS.index(thing.colour), size=("normal", "small", "big").index(thing.size),
                column=COLUMNS.index(thing.column))


def relation(rng, first, second):
    """Words for `first` standing by `second`, or None if their columns have none."""
    names = RELATIONS.get((first.column, second.column))
    return rng.choice(names) if names else None


def row_phrases(rng, things, row):
    """Phrases of the things of one row; places go unsaid where they are the usual ones."""
    things = [thing for thing in things if thing.row == row]
    rng.shuffle(things)
    if rng.random() < 0.75:
        usual = sorted(things, key=lambda thing: COLUMNS.index(thing.column))
        if tuple(thing.column for thing in usual) == USUAL_COLUMNS[row].get(len(things)):
            return [[Phrase(thing_words(rng, thing), thing_labels(thing))] for thing in usual]
    if len(things) == 2 and rng.random() < 0.85:
        for first, second in (things, things[::-1]):
            link = relation(rng, first, second)
            if link:
                return [[Phrase(thing_words(rng, first), thing_labels(first)), Phrase(link),
                         Phrase(thing_words(rng, second), thing_labels(second))]]
    return [[Phrase(thing_words(rng, thing) + " " + rng.choice(COLUMN_NAMES[thing.column]), thing_labels(thing))] for thing in things]


def joined(groups):
    """a, b and c: commas hang on the word before them."""
    phrases = []
    for i, group in enumerate(groups):
        if i and i == len(groups) - 1:
            phrases.append(Phrase("and"))
        elif i:
            phrases[-1].words += ","
        phrases += group
    return phrases


def background_phrase(rng, background):
    if background in SKIES:
        return Phrase(rng.choice(SKY_PHRASES[background]), dict(background=BACKGROUNDS.index(background)))
    words = rng.choice(PLAIN_PHRASES).format(colour_name(rng, background)).replace("a orange", "an orange")
    return Phrase(words, dict(background=BACKGROUNDS.index(background)))


def sign_phrase(rng, scene):
    place = scene.word_place
    ending = "" if place == "bottom" and rng.random() < 0.6 else " " + rng.choice(PLACE_NAMES[place])
    words = rng.choice(SIGN_PHRASES).format(quoted(rng, scene.word)) + ending
    return Phrase(words, dict(word=scene.word, place=("top", "bottom").index(place)))


def scene_summary(scene):
    """What the pooled vector shall tell of a caption."""
    summary = dict(background=BACKGROUNDS.index(scene.background), ground=GROUNDS.index(scene.ground), edit=len(EDITS))
    for slot in range(6):
        thing = scene.thing_at(slot)
        summary[f"kind{slot}"] = KINDS.index(thing.kind) if thing else len(KINDS)
        summary[f"colour{slot}"] = COLOURS.index(thing.colour) if thing else len(COLOURS)
    return summary


def polished(rng, phrases):
    """Small freedoms of writing: an opening, a capital at the start, a full stop."""
    if rng.random() < 0.12:
        phrases.insert(0, Phrase(rng.choice(OPENINGS)))
    if rng.random() < 0.2:
        phrases[0] = Phrase(capitalised(phrases[0].words), phrases[0].labels)
    if rng.random() < 0.12:
        phrases[-1] = Phrase(phrases[-1].words + ".", phrases[-1].labels)
    return phrases


def caption(rng, scene):
    """A caption from which the whole scene follows."""
    groups = [row_phrases(rng, scene.things, row) for row in ("ground", "sky")]
    if rng.random() < 0.4:
        groups.reverse()
    phrases = joined(groups[0] + groups[1])
    backdrop = []
    if scene.background != "day" or rng.random() < 0.55:
        backdrop.append(background_phrase(rng, scene.background))
    if scene.ground != usual_ground(scene.background) or rng.random() < 0.35:
        backdrop.append(Phrase(rng.choice(GROUND_PHRASES[scene.ground]), dict(ground=GROUNDS.index(scene.ground))))
    rng.shuffle(backdrop)
    phrases += backdrop
    if scene.word:
        if rng.random() < 0.75:
            phrases[-1].words += ","
        phrases.append(sign_phrase(rng, scene))
    return Said(polished(rng, phrases), scene_summary(scene))


# ---- edits: each returns (instruction, target scene, labels) or None where the scene does not allow it

def with_thing(scene, old, new):
    """The scene with one thing replaced; None stands for no thing."""
    things = [thing for thing in scene.things if thing != old] + ([new] if new else [])
    return replace(scene, things=tuple(things))


def the(rng, thing):
    if rng.random() < 0.5:
        return "the " + kind_name(rng, thing.kind)
    return f"the {colour_name(rng, thing.colour)} {kind_name(rng, thing.kind)}"


def edit_recolour(rng, scene):
    thing = rng.choice(scene.things)
    new = replace(thing, colour=rng.choice([c for c in COLOURS if c not in (thing.colour, scene.background)]))
    words = rng.choice(INSTRUCTIONS["recolour"]).format(the(rng, thing), colour_name(rng, new.colour))
    return words, with_thing(scene, thing, new), dict(old=KINDS.index(thing.kind), colour=COLOURS.index(new.colour))


def edit_add(rng, scene):
    thing = random_thing(rng, scene)
    if not thing:
        return None
    words = f"{rng.choice(INSTRUCTIONS['add'])} {thing_words(rng, thing)} {rng.choice(COLUMN_NAMES[thing.column])}"
    return words, with_thing(scene, None, thing), thing_labels(thing)


def edit_remove(rng, scene):
    thing = rng.choice(scene.things)
    words = f"{rng.choice(INSTRUCTIONS['remove'])} {the(rng, thing)}"
    return words, with_thing(scene, thing, None), dict(old=KINDS.index(thing.kind))


def edit_background(rng, scene):
    choices = SKIES if rng.random() < 0.65 else COLOURS
    colours = {thing.colour for thing in scene.things}
    choices = [name for name in choices if name != scene.background and name not in colours]
    if not choices:
        return None
    background = rng.choice(choices)
    if background in SKIES:
        words = rng.choice(INSTRUCTIONS["sky"]).format(rng.choice(SKY_NAMES[background]))
        if rng.random() < 0.3:
            words = rng.choice(INSTRUCTIONS["time"]).format(rng.choice(SKY_TIMES[background]))
    else:
        words = rng.choice(INSTRUCTIONS["plain"]).format(colour_name(rng, background))
    words = words.replace("a orange", "an orange")
    return words, replace(scene, background=background), dict(background=BACKGROUNDS.index(background))


def edit_ground(rng, scene):
    ground = rng.choice([name for name in GROUNDS if name != scene.ground])
    if ground == "none":
        words = rng.choice(INSTRUCTIONS["no_ground"])
    else:
        words = rng.choice(INSTRUCTIONS["ground"]).format(rng.choice(GROUND_NAMES[ground]))
    return words, replace(scene, ground=ground), dict(ground=GROUNDS.index(ground))


def edit_text(rng, scene):
    if scene.word and rng.random() < 0.15:
        return rng.choice(INSTRUCTIONS["no_text"]), replace(scene, word=""), {}
    word = random_word(rng)
    if scene.word:
        if rng.random() < 0.25:
            words = rng.choice(INSTRUCTIONS["old_text"]).format(scene.word, word)
        else:
            words = rng.choice(INSTRUCTIONS["text"]).format(quoted(rng, word))
        return words, replace(scene, word=word), dict(word=word)
    place = rng.choice(("bottom", "bottom", "top"))
    words = rng.choice(INSTRUCTIONS["new_text"]).format(quoted(rng, word))
    if place == "top" or rng.random() < 0.4:
        words += " at the " + place
    return words, replace(scene, word=word, word_place=place), dict(word=word, place=("top", "bottom").index(place))


def edit_swap(rng, scene):
    thing = rng.choice(scene.things)
    present = {other.kind for other in scene.things}
    kinds = [kind for kind in KINDS if Thing(kind, "red", "normal", "left").row == thing.row and kind not in present]
    kind = rng.choice(kinds)
    colour = random_colour(rng, kind, (scene.background,))
    new = replace(thing, kind=kind, colour=colour)
    name = kind_name(rng, kind)
    if colour != USUAL_COLOUR[kind] or rng.random() < 0.4:
        name = f"{colour_name(rng, colour)} {name}"
    words = rng.choice(INSTRUCTIONS["swap"])
    labels = dict(old=KINDS.index(thing.kind), kind=KINDS.index(kind), colour=COLOURS.index(colour))
    return words.format(the(rng, thing), article(name)), with_thing(scene, thing, new), labels


def edit_move(rng, scene):
    thing = rng.choice(scene.things)
    columns = [column for column in COLUMNS if not scene.thing_at(slot_index(thing.row, column))]
    if not columns:
        return None
    column = rng.choice(columns)
    words = f"{rng.choice(INSTRUCTIONS['move'])} {the(rng, thing)} to {rng.choice(SIDES[column])}"
    return words, with_thing(scene, thing, replace(thing, column=column)), dict(old=KINDS.index(thing.kind), column=COLUMNS.index(column))


EDITORS = {name[5:]: function for name, function in list(globals().items()) if name.startswith("edit_")}
EDIT_WEIGHTS = dict(recolour=1.6, add=1.4, remove=1, background=1.3, text=1.2, swap=1.2, move=1.2, ground=0.8)


def edit_summary(kind, labels):
    """What the pooled vector shall tell of an instruction; only what the instruction itself says."""
    summary = dict(edit=EDITS.index(kind), old=labels.get("old", len(KINDS)), new=labels.get("kind", len(KINDS)),
                   colour=labels.get("colour", len(COLOURS)), column=labels.get("column", len(COLUMNS)))
    if kind in ("background", "ground"):
        summary[kind] = labels[kind]
    return summary


def clashes(scene):
    """A plain background of a thing's own colour would hide the thing."""
    return any(thing.colour == scene.background for thing in scene.things)


def edit(rng, scene, kind=None):
    """A random instruction on a scene that has things: (Said, target scene)."""
    while True:
        chosen = kind or rng.choices(list(EDIT_WEIGHTS), list(EDIT_WEIGHTS.values()))[0]
        made = EDITORS[chosen](rng, scene)
        if made and not clashes(made[1]):
            words, target, labels = made
            labels = dict(labels, edit=EDITS.index(chosen))
            said = Said(polished_instruction(rng, Phrase(words, labels)), edit_summary(chosen, labels), chosen)
            return said, target
        if kind:
            return None


def polished_instruction(rng, phrase):
    """Only the instruction's own words carry labels."""
    if rng.random() < 0.25:
        phrase.words = capitalised(phrase.words)
    if rng.random() < 0.12:
        phrase.words += "."
    return [phrase]


def vocabulary():
    """Every lower-case word that the templates can say, sorted."""
    tables = (KIND_NAMES, COLOUR_NAMES, SIZE_NAMES, COLUMN_NAMES, RELATIONS, SKY_PHRASES, SKY_NAMES, SKY_TIMES, GROUND_PHRASES,
              GROUND_NAMES, PLACE_NAMES, SIDES, INSTRUCTIONS)
    templates = [name for table in tables for names in table.values() for name in names]
    templates += [*KINDS, *COLOURS, *PLAIN_PHRASES, *SIGN_PHRASES, *OPENINGS, *FILLERS, *EXTRA_WORDS]
    return sorted({word for template in templates for word in template.split() if word.isalpha()})
