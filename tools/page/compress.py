#!/usr/bin/env python3
"""Writes FILE.br and FILE.gz beside each file named, for servers that send what is already compressed.

Needs Debian's python3-brotli.
"""

import gzip
import sys

import brotli


def main() -> None:
    for name in sys.argv[1:]:
        with open(name, "rb") as file:
            plain = file.read()
        with open(name + ".br", "wb") as file:
            file.write(brotli.compress(plain, quality=11, lgwin=22))
        with open(name + ".gz", "wb") as file:
            file.write(gzip.compress(plain, compresslevel=9, mtime=0))


if __name__ == "__main__":
    main()
