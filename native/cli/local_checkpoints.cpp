#include "native/cli/local_checkpoints.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "native/checkpoint/model_folder.h"
#include "native/server/http_types.h"

namespace palimpsest {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBuiltinName = "kontext-nano";

bool is_weight_file(const fs::path& path) {
  return path.extension() == ".safetensors";
}

bool is_model_folder(const fs::path& path) {
  std::error_code problem;
  return fs::exists(path / "model_index.json", problem) || fs::is_directory(path / "transformer", problem);
}

std::string name_of_path(const std::string& path) {
  std::error_code problem;
  if (fs::is_regular_file(path, problem)) return fs::path(path).stem().string();
  return ModelFolder(path).name();
}

bool is_same_place(const std::string& a, const std::string& b) {
  std::error_code problem;
  return fs::equivalent(a, b, problem);
}

/// The built-in folder, or empty where this installation has none.
std::string builtin_folder() {
  try {
    return builtin_model_folder();
  } catch (const PalimpsestError&) {
    return "";
  }
}

class List {
 public:
  void add(std::string name, EngineOptions engine, bool is_builtin) {
    const bool is_taken = std::any_of(found_.begin(), found_.end(), [&](const LocalCheckpoint& other) {
      return equal_ignoring_case(other.name, name);
    });
    if (!is_taken) found_.push_back({std::move(name), std::move(engine), is_builtin});
  }
  std::vector<LocalCheckpoint> take() && { return std::move(found_); }

 private:
  std::vector<LocalCheckpoint> found_;
};

void add_named(const EngineOptions& engine, const std::string& builtin, List& list) {
  if (!engine.model.empty()) {
    const bool is_builtin = !builtin.empty() && is_same_place(engine.model, builtin);
    list.add(is_builtin ? kBuiltinName : name_of_path(engine.model), engine, is_builtin);
  } else if (!engine.transformer.empty()) {
    list.add(name_of_path(engine.transformer), engine, false);
  }
}

void add_folder(const std::string& models, const EngineOptions& engine, List& list) {
  std::error_code problem;
  fs::directory_iterator entries(models, problem);
  if (problem) {
    throw PalimpsestError(
        {"MODEL_NOT_FOUND", "the folder " + models + " cannot be read: " + problem.message(), "--models"});
  }
  std::set<fs::path> paths;
  for (const fs::directory_entry& entry : entries) {
    const bool is_model = entry.is_directory() ? is_model_folder(entry.path()) : is_weight_file(entry.path());
    if (is_model) paths.insert(entry.path());
  }
  for (const fs::path& path : paths) {
    EngineOptions options;
    options.backend = engine.backend;
    options.model = path.string();
    list.add(is_weight_file(path) ? path.stem().string() : path.filename().string(), std::move(options), false);
  }
}

}  // namespace

std::vector<LocalCheckpoint> local_checkpoints(const EngineOptions& engine, const std::string& models) {
  const std::string builtin = builtin_folder();
  List list;
  add_named(engine, builtin, list);
  if (!models.empty()) add_folder(models, engine, list);
  if (!builtin.empty()) {
    EngineOptions options;
    options.backend = engine.backend;
    options.model = builtin;
    list.add(kBuiltinName, std::move(options), true);
  }
  std::vector<LocalCheckpoint> found = std::move(list).take();
  if (found.empty()) builtin_model_folder();  // says where it looked
  return found;
}

}  // namespace palimpsest
