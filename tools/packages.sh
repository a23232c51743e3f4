# Debian packages and what each is for; sourced by run.sh and test.sh. One line a package: name, then the reason.

PACKAGES_TO_RUN=(
  "g++                  the compiler"
  "cmake                configures the build"
  "ninja-build          builds"
  "ccache               makes building again quick"
  "pkg-config           finds the libraries below"
  "libhwy-dev           Highway: portable vector instructions"
  "libdnnl-dev          oneDNN: matrix products and convolutions on the CPU"
  "nlohmann-json3-dev   reads JSON"
  "libfmt-dev           formats text"
  "libcli11-dev         command line options"
  "libspng-dev          reads PNG"
  "libdeflate-dev       compresses PNG"
  "libjpeg62-turbo-dev  reads and writes JPEG"
  "libwebp-dev          reads and writes WebP"
  "libgif-dev           reads and writes GIF"
  "libavif-dev          reads and writes AVIF"
  "liblcms2-dev         converts colour profiles to sRGB"
  "libsqlite3-dev       keeps jobs and the gallery"
  "libssl-dev           SHA-256 of stored pictures"
  "libcurl4-openssl-dev calls hosted providers"
  "libboost1.81-dev     Beast and Asio: the HTTP server"
)

PACKAGES_FOR_PAGE=(
  "emscripten           compiles the playground to WebAssembly"
  "python3-fonttools    takes the characters that the page needs out of the fonts"
  "python3-brotli       compresses the page's files"
  "fonts-inter          the playground's font"
  "fonts-jetbrains-mono the playground's font for numbers and code"
  "fonts-material-design-icons-iconfont the playground's icons"
)

PACKAGES_TO_TEST=(
  "doctest-dev          the test framework"
  "libsentencepiece-dev the tokenizer that ours is compared with"
  "nodejs               runs the WebAssembly tests, the clients' and the browser's"
  "npm                  fetches the official client that the server is tested with, and what steers the browser"
  "chromium             the browser that the playground is tested in"
  "curl                 runs the commands that the playground generates"
)

# Installs what is missing of the lists named as arguments. With NO_INSTALL=1, or without the right to install, it
# only says what is missing and fails if something is.
install_packages() {
  local missing=() entry name list
  for list in "$@"; do
    declare -n entries="$list"
    for entry in "${entries[@]}"; do
      read -r name _ <<<"$entry"
      if ! dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed; then
        missing+=("$name")
        printf '  missing: %s\n' "$entry"
      fi
    done
  done
  [ ${#missing[@]} -eq 0 ] && return 0

  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo)
    if [ "${NO_INSTALL:-0}" != 1 ] && ! command -v sudo >/dev/null; then
      echo "Neither root nor sudo is available to install these packages." >&2
      NO_INSTALL=1
    fi
  fi
  if [ "${NO_INSTALL:-0}" = 1 ]; then
    echo "Please install: ${missing[*]}" >&2
    return 1
  fi
  echo "Installing ${#missing[@]} Debian package(s) …"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Node.js and npm may come from elsewhere; what is on the PATH is as good as the package.
drop_nodejs_if_present() {
  local kept=() entry name
  for entry in "${PACKAGES_TO_TEST[@]}"; do
    read -r name _ <<<"$entry"
    case "$name" in
      nodejs) command -v node >/dev/null && continue ;;
      npm) command -v npm >/dev/null && continue ;;
    esac
    kept+=("$entry")
  done
  PACKAGES_TO_TEST=("${kept[@]}")
}
