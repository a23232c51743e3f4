#!/usr/bin/env python3
"""Writes a font file with only the characters asked for, small enough for a web page.

The result stays an OpenType file: the page hands the same bytes to the browser and to the canvas, and neither reads
the other's compressed kind. Needs Debian's python3-fonttools.
"""

import argparse
import re

from fontTools import subset


def characters(ranges: str) -> list[int]:
    """Code points of "20-17F,20AC"."""
    points = []
    for part in ranges.split(","):
        first, _, last = part.partition("-")
        points += range(int(first, 16), int(last or first, 16) + 1)
    return points


def characters_named_in(header: str) -> list[int]:
    """Code points that a C++ header writes as \\uXXXX."""
    with open(header, encoding="utf-8") as text:
        return [int(digits, 16) for digits in re.findall(r"\\u([0-9A-Fa-f]{4})", text.read())]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    parser.add_argument("target")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--ranges", help="as 20-17F,20AC")
    which.add_argument("--named-in", metavar="HEADER", help="the characters that a C++ header writes as \\uXXXX")
    arguments = parser.parse_args()
    points = characters(arguments.ranges) if arguments.ranges else characters_named_in(arguments.named_in)

    options = subset.Options(layout_features=["kern"], hinting=False, notdef_outline=True)
    font = subset.load_font(arguments.source, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=points)
    subsetter.subset(font)
    subset.save_font(font, arguments.target, options)


if __name__ == "__main__":
    main()
