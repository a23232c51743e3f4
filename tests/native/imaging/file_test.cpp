#include "native/imaging/file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "shared/base/error.h"

using namespace palimpsest;

namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("palimpsest_file_test_" + std::to_string(::getpid()))) {
    fs::create_directory(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path_), fs::directory_iterator()));
  }

 private:
  fs::path path_;
};

template <typename Call>
Error error_of(Call call) {
  try {
    call();
  } catch (const PalimpsestError& error) {
    return error.error();
  }
  return {};
}

}  // namespace

TEST_CASE("a file is written whole, read back and replaced, and nothing else is left") {
  const Folder folder;
  const std::string path = folder / "a.png", bytes(100'000, 'b');
  write_file_atomically(path, "first");
  CHECK(read_file_limited(path, 5) == "first");
  write_file_atomically(path, bytes);
  CHECK(read_file_limited(path, bytes.size()) == bytes);
  write_file_atomically(path, "");
  CHECK(read_file_limited(path, 0).empty());
  CHECK(folder.entries() == 1);
}

TEST_CASE("a file above the limit, a missing one, a folder and a pipe are refused with their path") {
  const Folder folder;
  write_file_atomically(folder / "six", "123456");
  CHECK(error_of([&] { read_file_limited(folder / "six", 5); }).code == "file_too_large");
  const Error missing = error_of([&] { read_file_limited(folder / "none", 5); });
  CHECK(missing.code == "file_not_found");
  CHECK(missing.message == (folder / "none") + " does not exist");
  CHECK(error_of([&] { read_file_limited(folder / "six/inside", 5); }).code == "file_not_found");
  CHECK(error_of([&] { read_file_limited(folder / "", 5); }).code == "file_not_readable");
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(error_of([&] { read_file_limited(folder / "pipe", 5); }).code == "file_not_readable");
  CHECK(error_of([&] { read_file_limited("/dev/zero", 5); }).code == "file_not_readable");
}

TEST_CASE("what cannot be written leaves nothing behind and says why") {
  const Folder folder;
  const Error no_folder = error_of([&] { write_file_atomically(folder / "none/a.png", "x"); });
  CHECK(no_folder.code == "output_not_written");
  CHECK(no_folder.message == (folder / "none/a.png") + " was not written: No such file or directory");
  CHECK(error_of([&] { write_file_atomically(folder / "", "x"); }).code == "output_not_written");
  CHECK(error_of([&] { write_file_atomically("/dev/null", "x"); }).code == "output_not_written");
  CHECK(folder.entries() == 0);
}

TEST_CASE("a symbolic link stays one and its target is written") {
  const Folder folder;
  write_file_atomically(folder / "target", "old");
  fs::create_symlink("target", folder / "link");
  write_file_atomically(folder / "link", "new");
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(read_file_limited(folder / "target", 10) == "new");
}
