# build_page builds the playground into build/web/dist; sourced by run.sh after packages.sh. Fails with the reason said
# where something is missing or cannot be fetched.

build_page() {
  install_packages PACKAGES_FOR_PAGE || return 1
  tools/fetch_imgui.sh build/third_party/imgui || return 1
  # Also anew where an earlier build folder was configured without Dear ImGui or with the tests.
  cmake --preset wasm -DPALIMPSEST_TESTS=OFF >build/configure-wasm.log 2>&1 || { cat build/configure-wasm.log >&2; return 1; }
  cmake --build --preset wasm --target page
}
