#!/usr/bin/env bash
# Draws the examples' pictures anew with the built-in checkpoint: web/examples/draw.sh [PATH OF palimpsest]
set -euo pipefail
cd "$(dirname "$0")"
palimpsest=${1:-../../build/release/palimpsest}

pair() {  # name, prompt, instruction, seed
  "$palimpsest" generate "$2" --seed "$4" -o "$1-before.png" >/dev/null
  "$palimpsest" edit "$1-before.png" "$3" --seed "$4" --compression 90 -o "$1-after.webp" >/dev/null
  "$palimpsest" generate "$2" --seed "$4" --compression 90 -o "$1-before.webp" >/dev/null
  rm "$1-before.png"
}

pair starry "a red house beside a green tree" "add a starry night sky to this image" 3
pair moon "a blue boat on the sea at sunset" "add a yellow moon on the left" 4
pair hello "an orange cat in the snow" "add a sign that says HELLO" 11
