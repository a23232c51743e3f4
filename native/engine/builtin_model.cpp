#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "native/engine/engine.h"
#include "shared/base/error.h"

namespace palimpsest {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> places() {
  if (const char* named = std::getenv("PALIMPSEST_BUILTIN_MODEL"); named != nullptr && *named != '\0') return {named};
  std::vector<fs::path> found;
  std::error_code problem;
  const fs::path program = fs::read_symlink("/proc/self/exe", problem);
  if (!problem) found.push_back(program.parent_path().parent_path() / "share/palimpsest/models/nano");
  found.emplace_back(PALIMPSEST_SOURCE_DIR "/models/nano");
  return found;
}

}  // namespace

std::string builtin_model_folder() {
  std::string tried;
  for (const fs::path& place : places()) {
    std::error_code problem;
    if (fs::is_directory(place, problem)) return place.string();
    tried += (tried.empty() ? "" : ", ") + place.string();
  }
  fail("MODEL_NOT_FOUND", "the built-in checkpoint was not found; looked at " + tried);
}

}  // namespace palimpsest
