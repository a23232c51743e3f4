"""Writes integrity.json of a page's folder: the SHA-384 of each file as in <script integrity>, for pages that load them from
elsewhere. Usage: integrity.py FOLDER"""
import base64
import hashlib
import json
import pathlib
import sys

folder = pathlib.Path(sys.argv[1])
hashes = {}
for path in sorted(folder.rglob("*")):
    name = path.relative_to(folder).as_posix()
    if path.is_file() and path.suffix not in (".br", ".gz") and name != "integrity.json":
        hashes[name] = "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()
(folder / "integrity.json").write_text(json.dumps(hashes, indent=2) + "\n")
