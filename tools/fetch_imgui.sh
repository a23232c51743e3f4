#!/usr/bin/env bash
# Unpacks the sources of Dear ImGui (Debian's source package: its binary package has none) into the folder given.
# The source line is derived from the machine's own apt configuration, whatever its format; nothing on the machine is
# changed. Elsewhere than on Debian: configure with -DPALIMPSEST_IMGUI_DIR=/folder/of/imgui instead.
set -euo pipefail

target=${1:?usage: tools/fetch_imgui.sh FOLDER}
if [ -f "$target/imgui.h" ]; then exit 0; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial"
# The unpacker runs as another user where apt drops its privileges.
chmod 755 "$work"

apt-get indextargets --format 'deb-src $(SITE) $(RELEASE) $(COMPONENT)' "Created-By: Packages" "Origin: Debian" |
  sort -u >"$work/sources.list"
if [ ! -s "$work/sources.list" ]; then
  echo "apt knows no Debian package lists; run apt-get update first." >&2
  exit 1
fi

# As root apt would drop to a user that cannot write here.
options=(-qq -o APT::Sandbox::User=root -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/lists")
apt-get "${options[@]}" update
(cd "$work" && apt-get "${options[@]}" source --download-only imgui)
mkdir -p "$target"
tar -xf "$work"/imgui_*.orig.tar.* --strip-components=1 -C "$target"
echo "Dear ImGui $(sed -n 's/^#define IMGUI_VERSION *"\(.*\)"/\1/p' "$target/imgui.h") is in $target"
