#pragma once

#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace palimpsest::testing {

/// An empty folder that goes away with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "palimpsest_test_XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::string path(const std::string& relative = "") const { return relative.empty() ? path_ : path_ + "/" + relative; }

  /// Writes a file, with the folders that it needs; of `size_bytes`, the rest sparse, where that is more.
  std::string write(const std::string& relative, std::string_view text, std::uint64_t size_bytes = 0) const {
    const std::filesystem::path file = path(relative);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    if (size_bytes > text.size()) std::filesystem::resize_file(file, size_bytes);
    return file.string();
  }

 private:
  std::string path_;
};

}  // namespace palimpsest::testing
