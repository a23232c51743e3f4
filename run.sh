#!/usr/bin/env bash
# Builds Palimpsest and its playground, makes two pictures with the built-in checkpoint (one from a sentence, one by editing
# the first), and starts the server.
# Safe to run again: what is installed and built already is left alone.
set -euo pipefail
cd "$(dirname "$0")"

usage() {
  cat <<'TEXT'
Usage: ./run.sh [--no-install] [--no-serve] [--output FOLDER] [-- SERVE OPTIONS]

  --no-install      do not install packages; say what is missing instead
  --no-serve        make the pictures only; neither build the playground nor start the server
  --output FOLDER   where the pictures go (default: build/pictures)
  -- …              options for the server, as --port 8000; see build/release/palimpsest serve --help
TEXT
}

output=build/pictures
serve=1
while [ $# -gt 0 ]; do
  case "$1" in
    --no-install) NO_INSTALL=1 ;;
    --output) output=${2:?--output needs a folder}; shift ;;
    --no-serve) serve=0 ;;
    -h | --help) usage; exit 0 ;;
    --) shift; break ;;
    *) echo "run.sh: unknown option $1" >&2; usage >&2; exit 2 ;;
  esac
  shift
done

source tools/packages.sh
source tools/build_page.sh
install_packages PACKAGES_TO_RUN

mkdir -p build
if [ ! -f build/release/build.ninja ]; then
  cmake --preset release -DPALIMPSEST_TESTS=OFF >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
fi
cmake --build --preset release --target palimpsest

palimpsest=build/release/palimpsest
mkdir -p "$output"
"$palimpsest" generate "a red house beside a green tree at night, sign reads 'OPEN'" -o "$output/night.png" --seed 7
"$palimpsest" edit "$output/night.png" "make the house blue" -o "$output/blue.png" --seed 7

cat <<TEXT

Two pictures are ready, drawn by the small built-in checkpoint:
  $output/night.png   from a sentence
  $output/blue.png    the same picture after "make the house blue"

Next:
  $palimpsest generate "a yellow sun and a big white cat on the beach" -o cat.png
  $palimpsest edit photo.jpg "add a starry night sky to this image" --model /path/to/FLUX.1-Kontext-dev -o starry.png
  $palimpsest --help

TEXT
[ "$serve" = 1 ] || exit 0
build_page || echo "The playground was not built, for the reason above; the server works without it." >&2
exec "$palimpsest" serve "$@"
