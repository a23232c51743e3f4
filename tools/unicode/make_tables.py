"""Writes shared/tokenizer/unicode_tables.inc: the Unicode facts that the CLIP tokenizer needs, from Python's unicodedata.

    python3 tools/unicode/make_tables.py > shared/tokenizer/unicode_tables.inc

Covered, for every code point of the Unicode version named in the output: the general categories L* and N*, the white
space of regular expressions, lower-casing as str.lower() does it, and canonical (de)composition with its classes.
Hangul syllables are composed by arithmetic and take no room here.
"""
import unicodedata

WIDTH = 118
SPACES = [*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
HANGUL = range(0xAC00, 0xD7A4)
SIGMA, FINAL_SIGMA = "\u03a3", "\u03c2"


def ranges(code_points):
    """Neighbouring code points joined into [first, last]."""
    joined = []
    for c in sorted(code_points):
        if joined and joined[-1][1] == c - 1:
            joined[-1][1] = c
        else:
            joined.append([c, c])
    return joined


def class_ranges(class_of):
    """(first, last, class) over runs of one class; code points of class 0 are left out."""
    rows = []
    for c in CODE_POINTS:
        value = class_of(c)
        if value and rows and rows[-1][1] == c - 1 and rows[-1][2] == value:
            rows[-1][1] = c
        elif value:
            rows.append([c, c, value])
    return rows


def lower_ranges():
    """(first, last, stride, delta): code points first, first + stride … last become themselves plus delta."""
    rows = []
    for c in CODE_POINTS:
        lower = chr(c).lower()
        if lower == chr(c) or len(lower) != 1:
            continue
        delta = ord(lower) - c
        if rows and rows[-1][3] == delta:
            gap = c - rows[-1][1]
            if gap in (1, 2) and (rows[-1][0] == rows[-1][1] or rows[-1][2] == gap):
                rows[-1][1:3] = [c, gap]
                continue
        rows.append([c, c, 1, delta])
    return rows


def sigma_context(c):
    """How a code point decides the form of a sigma: 1 cased, 2 case-ignorable, 0 neither, asked of str.lower() itself."""
    after = ("A" + SIGMA + chr(c)).lower()[1]
    before_cased = ("A" + SIGMA + chr(c) + "A").lower()[1]
    if after != FINAL_SIGMA:
        return 1
    return 2 if before_cased != FINAL_SIGMA else 0


def decompositions():
    """(code point, first, second or 0): one level of canonical decomposition."""
    rows = []
    for c in CODE_POINTS:
        text = unicodedata.decomposition(chr(c))
        if text and not text.startswith("<") and c not in HANGUL:
            parts = [int(part, 16) for part in text.split()]
            rows.append((c, parts[0], parts[1] if len(parts) == 2 else 0))
    return rows


def compositions(pairs):
    """(first, second, composed), sorted: the pairs that normalisation puts together again."""
    composed = lambda first, second: unicodedata.normalize("NFC", chr(first) + chr(second))
    return sorted((first, second, c) for c, first, second in pairs if second and composed(first, second) == chr(c))


def table(comment, kind, name, rows):
    print(f"\n// {comment}\nconstexpr {kind} {name}[] = {{")
    line = ""
    for row in rows:
        entry = "{" + ",".join(f"{value:#x}" if value > 9 else str(value) for value in row) + "},"
        if len(line) + len(entry) > WIDTH:
            print(" ", line)
            line = ""
        line += entry
    print(" ", line)
    print("};")


def main():
    pairs = decompositions()
    print(f"// Made by tools/unicode/make_tables.py from Unicode {unicodedata.unidata_version}; do not edit.")
    table("White space, as \\s of regular expressions has it.", "Range", "kSpaces", ranges(SPACES))
    for name, initial in (("kLetters", "L"), ("kNumbers", "N")):
        members = [c for c in CODE_POINTS if unicodedata.category(chr(c))[0] == initial]
        table(f"General category {initial}*.", "Range", name, ranges(members))
    table("Lower case by a constant step.", "LowerRange", "kLower", lower_ranges())
    table("1 cased, 2 case-ignorable.", "ClassRange", "kSigmaContext", class_ranges(sigma_context))
    table("Canonical combining class.", "ClassRange", "kCombining", class_ranges(lambda c: unicodedata.combining(chr(c))))
    table("Canonical decomposition, one level.", "Triple", "kDecompositions", pairs)
    table("Canonical composition.", "Triple", "kCompositions", compositions(pairs))


if __name__ == "__main__":
    main()
