#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Folders = std::set<std::string>;

// Folder -> the folders whose headers it may include, besides its own.
const std::map<std::string, Folders>& allowed_includes() {
  static const std::map<std::string, Folders> table = [] {
    std::map<std::string, Folders> rules;
    const Folders engine_shared = {"shared/base",   "shared/tensor",   "shared/weights", "shared/tokenizer",
                                   "shared/models", "shared/pipeline", "shared/api",     "shared/image"};
    rules["shared/base"] = {};
    rules["shared/catalog"] = {"shared/base"};
    rules["shared/image"] = {"shared/base"};
    rules["shared/api"] = {"shared/base", "shared/catalog", "shared/image"};
    rules["shared/tensor"] = {"shared/base"};
    rules["shared/portable"] = {"shared/base", "shared/tensor"};
    rules["shared/weights"] = {"shared/base", "shared/tensor"};
    rules["shared/tokenizer"] = {"shared/base", "shared/tensor"};
    rules["shared/models"] = {"shared/base", "shared/tensor", "shared/weights"};
    rules["shared/pipeline"] = engine_shared;
    rules["shared/verify"] = engine_shared;
    rules["native/checkpoint"] = {"shared/base", "shared/tensor", "shared/weights"};
    rules["native/backends"] = {"shared/base", "shared/tensor", "shared/portable", "native/backends/onednn",
                                "native/backends/cuda"};
    rules["native/backends/onednn"] = {"shared/base", "shared/tensor", "shared/portable"};
    rules["native/backends/cuda"] = {"shared/base", "shared/tensor"};
    rules["native/imaging"] = {"shared/base", "shared/image"};
    rules["native/storage"] = {"shared/base", "shared/api", "shared/image"};
    rules["native/jobs"] = {"shared/base",     "shared/catalog", "shared/api",    "shared/image",
                            "shared/pipeline", "native/storage", "native/engine", "native/imaging"};
    rules["native/providers"] = {"shared/base", "shared/catalog", "shared/api",    "shared/image",
                                 "native/jobs", "native/storage", "native/imaging"};
    return rules;
  }();
  return table;
}

// Header -> the one folder that may include it.
const std::vector<std::pair<std::regex, std::string>>& sole_homes() {
  static const std::vector<std::pair<std::regex, std::string>> homes = {
      {std::regex("nlohmann/.*"), "shared/base"},
      {std::regex("hwy/.*"), "shared/portable"},
      {std::regex("(dnnl|oneapi/).*"), "native/backends/onednn"},
      {std::regex("(cuda|cublas|cudnn).*"), "native/backends/cuda"},
      {std::regex("(spng|jpeglib|turbojpeg|webp/.*|gif_lib|avif/.*|lcms2|libdeflate|stb_image)(\\.h)?"),
       "native/imaging"},
      {std::regex("sqlite3\\.h"), "native/storage"},
      {std::regex("curl/.*"), "native/providers"},
      {std::regex("boost/.*"), "native/server"},
      {std::regex("CLI/.*"), "native/cli"},
      {std::regex("sys/mman\\.h"), "native/checkpoint"},
      {std::regex("(imgui|emscripten|GLES).*"), "web"},
  };
  return homes;
}

struct Include {
  std::string path;
  int line;
};

std::vector<Include> includes_of(const fs::path& file) {
  static const std::regex pattern("^\\s*#\\s*include\\s*[<\"]([^>\"]+)[>\"]");
  std::vector<Include> found;
  std::ifstream stream(file);
  std::string text;
  for (int line = 1; std::getline(stream, text); ++line) {
    std::smatch match;
    if (std::regex_search(text, match, pattern)) found.push_back({match[1].str(), line});
  }
  return found;
}

bool is_source(const fs::path& path) {
  static const Folders extensions = {".h", ".cpp", ".cu", ".cuh", ".inc"};
  return extensions.count(path.extension().string()) != 0;
}

bool starts_with(const std::string& text, const std::string& prefix) {
  return text.rfind(prefix, 0) == 0;
}

// The folder itself or one in it; not `webp`.
bool is_web(const std::string& folder) {
  return starts_with(folder + "/", "web/");
}

const fs::path kRoot = PALIMPSEST_SOURCE_DIR;

template <typename Visit>
void for_each_source(Visit visit) {
  for (const char* top : {"shared", "native", "web"}) {
    if (!fs::exists(kRoot / top)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / top)) {
      if (entry.is_regular_file() && is_source(entry.path())) visit(fs::relative(entry.path(), kRoot));
    }
  }
}

}  // namespace

TEST_CASE("a folder includes only the folders that its row of the include table names") {
  int checked = 0;
  for_each_source([&](const fs::path& file) {
    const std::string folder = file.parent_path().generic_string();
    const auto rule = allowed_includes().find(folder);
    for (const Include& include : includes_of(kRoot / file)) {
      const std::string target = fs::path(include.path).parent_path().generic_string();
      const bool ours = starts_with(target, "shared/") || starts_with(target, "native/") || is_web(target);
      if (!ours || target == folder || starts_with(target, folder + "/")) continue;
      ++checked;
      CAPTURE(file.generic_string());
      CAPTURE(include.line);
      CAPTURE(include.path);
      if (starts_with(folder, "shared/")) CHECK(starts_with(target, "shared/"));
      if (is_web(folder)) CHECK_FALSE(starts_with(target, "native/"));
      if (starts_with(folder, "native/")) CHECK_FALSE(is_web(target));
      if (rule != allowed_includes().end()) CHECK(rule->second.count(target) == 1);
    }
  });
  CHECK(checked > 20);  // the walk really found the sources
}

TEST_CASE("a third-party header is included by its one home only") {
  for_each_source([&](const fs::path& file) {
    const std::string folder = file.parent_path().generic_string();
    for (const Include& include : includes_of(kRoot / file)) {
      for (const auto& [pattern, home] : sole_homes()) {
        if (!std::regex_match(include.path, pattern)) continue;
        CAPTURE(file.generic_string());
        CAPTURE(include.line);
        CAPTURE(include.path);
        // oneDNN's folder may use Highway too: it derives from the portable backend.
        const bool exception = folder == "native/backends/onednn" && home == "shared/portable";
        CHECK((starts_with(folder, home) || exception));
      }
    }
  });
}

TEST_CASE("quoted includes are written from the root of the repository") {
  for_each_source([&](const fs::path& file) {
    static const std::regex quoted("^\\s*#\\s*include\\s*\"([^\"]+)\"");
    std::ifstream stream(kRoot / file);
    for (std::string text; std::getline(stream, text);) {
      std::smatch match;
      if (!std::regex_search(text, match, quoted)) continue;
      CAPTURE(file.generic_string());
      CAPTURE(text);
      CHECK(fs::exists(kRoot / match[1].str()));
    }
  });
}

TEST_CASE("every header is guarded by pragma once") {
  for_each_source([&](const fs::path& file) {
    if (file.extension() != ".h") return;
    std::ifstream stream(kRoot / file);
    const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    CAPTURE(file.generic_string());
    // Highway's per-target headers are included once for each target and have guards of their own.
    CHECK((text.find("#pragma once") != std::string::npos || text.find("HWY_TARGET_TOGGLE") != std::string::npos));
  });
}
