#include "native/storage/content_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "native/storage/database.h"
#include "native/storage/digest.h"
#include "native/storage/durable_file.h"

namespace palimpsest {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDigestDigits = 64;

bool is_digest(std::string_view text) {
  return text.size() == kDigestDigits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

ContentFiles::ContentFiles(std::string folder) : folder_(std::move(folder)) {
  make_folder_durably(folder_);
}

std::string ContentFiles::path_of(const std::string& digest) const {
  if (!is_digest(digest)) fail(codes::kStorageDamaged, "the database names a file that is not a SHA-256", 500);
  return folder_ + "/" + digest.substr(0, 2) + "/" + digest;
}

void ContentFiles::put(const std::string& digest, std::string_view bytes) const {
  const std::string path = path_of(digest);
  std::error_code ignored;
  if (fs::exists(path, ignored)) {
    try {
      (void)read(digest);
      return;
    } catch (const PalimpsestError&) {
      // Falls through to be written anew.
    }
  }
  make_folder_durably(fs::path(path).parent_path().string());
  write_durably(path, bytes);
}

std::string ContentFiles::read(const std::string& digest) const {
  const std::string path = path_of(digest);
  std::ifstream stream(path, std::ios::binary);
  if (!stream) fail("file_missing", "the stored file " + path + " is missing", 500);
  std::error_code unknown;
  const std::uintmax_t size = fs::file_size(path, unknown);
  std::string bytes(unknown ? 0 : size, '\0');
  stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(stream.gcount()));
  if (content_digest(bytes) != digest) {
    fail("file_damaged",
         "the stored file " + path + " is damaged: its " + std::to_string(bytes.size()) +
             " bytes do not have the SHA-256 in its name",
         500);
  }
  return bytes;
}

void ContentFiles::remove(const std::string& digest) const {
  std::error_code error;
  fs::remove(path_of(digest), error);
  if (error) fail(codes::kStorageFailed, "cannot delete " + path_of(digest) + ": " + error.message(), 500);
}

std::vector<std::string> ContentFiles::list() const {
  std::vector<std::string> digests;
  std::vector<fs::path> partial;
  for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    if (is_digest(name)) digests.push_back(name);
    if (name.ends_with(kPartialSuffix)) partial.push_back(entry.path());
  }
  std::error_code ignored;
  for (const fs::path& path : partial) fs::remove(path, ignored);
  return digests;
}

}  // namespace palimpsest
