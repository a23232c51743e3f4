#include "native/checkpoint/model_folder.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "native/checkpoint/regular_file.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxNames = 10'000;
constexpr std::size_t kMaxConfigBytes = std::size_t{1} << 20;

/// The folder of all revisions where `folder` is one snapshot of the Hugging Face cache; otherwise empty.
fs::path cache_repository(const fs::path& folder) {
  const fs::path repository = folder.parent_path().parent_path();
  std::error_code ignored;
  const bool is_cache =
      folder.parent_path().filename() == "snapshots" && fs::is_directory(repository / "blobs", ignored);
  return is_cache ? repository : fs::path();
}

bool is_below(const fs::path& path, const fs::path& root) {
  const auto [end_of_root, unused] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  return end_of_root == root.end();
}

}  // namespace

ModelFolder::ModelFolder(const std::string& path) : path_(path) {
  const std::string where = printable(path, 300);
  std::error_code error;
  const fs::path canonical = fs::canonical(path, error);
  if (error) fail("MODEL_NOT_FOUND", where + ": there is no such folder");
  if (!fs::is_directory(canonical, error)) fail("MODEL_PATH_REFUSED", where + ": is not a folder");
  canonical_ = canonical.string();
  const fs::path repository = cache_repository(canonical);
  root_ = repository.empty() ? canonical_ : repository.string();
}

std::string ModelFolder::name() const {
  const std::string last = fs::path(root_).filename().string();
  const std::size_t organisation_end = last.rfind("--");
  return root_ == canonical_ || organisation_end == std::string::npos ? last : last.substr(organisation_end + 2);
}

bool ModelFolder::has(const std::string& relative) const {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(fs::path(canonical_) / relative, ignored));
}

std::vector<std::string> ModelFolder::names_in(const std::string& relative) const {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(fs::path(canonical_) / relative, error), end; !error && entry != end;
       entry.increment(error)) {
    if (names.size() == kMaxNames)
      fail("MODEL_LIMIT", describe(relative) + ": the folder holds more than " + std::to_string(kMaxNames) + " files");
    names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string ModelFolder::file(const std::string& relative) const {
  std::error_code error;
  const fs::path resolved = fs::canonical(fs::path(canonical_) / relative, error);
  if (error) {
    const bool is_dangling = has(relative);
    fail("MODEL_NOT_FOUND",
         describe(relative) + (is_dangling ? ": is a link to a file that is not there" : ": there is no such file"));
  }
  if (!is_below(resolved, root_))
    fail("MODEL_PATH_REFUSED",
         describe(relative) + ": leads out of the model's folder, to " + printable(resolved.string(), 200));
  return resolved.string();
}

Json ModelFolder::read_json(const std::string& relative) const {
  const std::string text = RegularFile(file(relative)).read(kMaxConfigBytes);
  Result<Json> json = parse_json(text, {.max_bytes = kMaxConfigBytes, .max_depth = 16, .max_values = 100'000});
  if (!json) fail("CONFIG_INVALID", describe(relative) + ": " + json.error().message);
  if (!json->is_object()) fail("CONFIG_INVALID", describe(relative) + ": is not a JSON object");
  return *std::move(json);
}

std::string ModelFolder::describe(const std::string& relative) const {
  return printable((fs::path(path_) / relative).string(), 300);
}

}  // namespace palimpsest
