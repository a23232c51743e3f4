#!/usr/bin/env bash
# Installs what is missing, builds everything and runs every test: natively, shared/ as WebAssembly under Node, the official
# OpenAI client against the real server, and the playground in Chromium.
set -euo pipefail
cd "$(dirname "$0")"

usage() {
  cat <<'TEXT'
Usage: ./test.sh [--no-install] [--no-wasm] [--sanitizers]

  --no-install   do not install packages; say what is missing instead
  --no-wasm      leave out what needs the WebAssembly build: its tests, the playground and the browser
  --sanitizers   also run the native tests under address and undefined-behaviour sanitizers (takes longer)
TEXT
}

wasm=1
sanitizers=0
while [ $# -gt 0 ]; do
  case "$1" in
    --no-install) NO_INSTALL=1 ;;
    --no-wasm) wasm=0 ;;
    --sanitizers) sanitizers=1 ;;
    -h | --help) usage; exit 0 ;;
    *) echo "test.sh: unknown option $1" >&2; usage >&2; exit 2 ;;
  esac
  shift
done

source tools/packages.sh
drop_nodejs_if_present
install_packages PACKAGES_TO_RUN PACKAGES_FOR_PAGE PACKAGES_TO_TEST

build_and_test() {
  local preset=$1
  shift
  mkdir -p build
  cmake --preset "$preset" "$@" >"build/configure-$preset.log" 2>&1 || { cat "build/configure-$preset.log"; exit 1; }
  cmake --build --preset "$preset"
  ctest --preset "$preset" --output-on-failure
}

tools/fetch_imgui.sh build/third_party/imgui
if [ "$sanitizers" = 1 ]; then build_and_test asan; fi
if [ "$wasm" = 1 ]; then build_and_test wasm -DPALIMPSEST_TESTS=ON; fi
build_and_test release -DPALIMPSEST_TESTS=ON

echo "The official client, generated programs and the server as a process:"
(cd tests/clients && npm ci --no-audit --no-fund --silent && node --test)

if [ "$wasm" = 1 ]; then
  echo "The playground in Chromium:"
  (cd tests/browser && npm ci --no-audit --no-fund --silent && npm test --silent)
fi
