#include "native/checkpoint/file_mapping.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "native/checkpoint/weight_files.h"
#include "tests/native/checkpoint/refusal.h"
#include "tests/native/checkpoint/temporary_folder.h"
#include "tests/support/safetensors_text.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

constexpr std::size_t kMebibyte = std::size_t{1} << 20;

std::size_t count_of(std::span<const std::byte> bytes, char value) {
  return static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), std::byte(value)));
}

/// Reads behind the end of a file through a mapping that no guard knows.
void read_unguarded_hole(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR);
  void* const mapped = ::mmap(nullptr, kMebibyte, PROT_READ, MAP_SHARED, file, 0);
  if (::ftruncate(file, 0) != 0) ::_exit(0);
  const char value = static_cast<volatile const char*>(mapped)[kMebibyte - 1];
  ::_exit(value == 0 ? 0 : 1);
}

}  // namespace

TEST_CASE("a mapped file has the bytes of the file") {
  const TemporaryFolder folder;
  const FileMapping mapping(folder.write("a", "weights"));
  CHECK(std::string(reinterpret_cast<const char*>(mapping.bytes().data()), mapping.bytes().size()) == "weights");
  CHECK_NOTHROW(mapping.check_unchanged());
}

TEST_CASE("an empty file is mapped as no bytes, beside other mappings") {
  const TemporaryFolder folder;
  const FileMapping empty(folder.write("empty", ""));
  {
    const FileMapping full(folder.write("full", std::string(kMebibyte, 'x')));
    const FileMapping second_empty(folder.path("empty"));
    std::filesystem::resize_file(folder.path("full"), 0);
    CHECK(count_of(full.bytes(), '\0') == kMebibyte);
    CHECK_THROWS_AS(full.check_unchanged(), PalimpsestError);
    CHECK_NOTHROW(second_empty.check_unchanged());
  }
  CHECK(empty.bytes().empty());
  CHECK_NOTHROW(empty.check_unchanged());
}

TEST_CASE("S37 a file cut short while it is read gives zeros and MODEL_CHANGED, never a signal") {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", std::string(kMebibyte, 'x'));
  const FileMapping mapping(path);
  std::filesystem::resize_file(path, kMebibyte / 2);
  CHECK(count_of(mapping.bytes(), 'x') == kMebibyte / 2);
  CHECK(count_of(mapping.bytes(), '\0') == kMebibyte / 2);
  check_refused("MODEL_CHANGED", "changed or became unreadable", [&] { mapping.check_unchanged(); });
}

TEST_CASE("S37 a file that several threads read may be cut short, too, and grow back without being trusted") {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", std::string(4 * kMebibyte, 'x'));
  const FileMapping mapping(path);
  const auto read_all = [&] {
    for (int i = 0; i < 4; ++i) CHECK(count_of(mapping.bytes(), 'y') == 0);
  };
  std::thread first(read_all), second(read_all);
  std::filesystem::resize_file(path, 0);
  first.join();
  second.join();
  CHECK(count_of(mapping.bytes(), 'x') == 0);
  std::filesystem::resize_file(path, 4 * kMebibyte);
  CHECK_THROWS_AS(mapping.check_unchanged(), PalimpsestError);
}

TEST_CASE("S37 a file that is written while it is read is not trusted") {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", "weights");
  const FileMapping mapping(path);
  std::filesystem::last_write_time(path, std::filesystem::last_write_time(path) + std::chrono::seconds(1));
  check_refused("MODEL_CHANGED", path, [&] { mapping.check_unchanged(); });
}

TEST_CASE("S37 a configuration cut short between opening and reading is called changed") {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", "x");
  const RegularFile file(path);
  std::filesystem::resize_file(path, 0);
  check_refused("MODEL_CHANGED", "cut short", [&] { file.read(100); });
}

TEST_CASE("bus errors that no weights cause still end the process") {
  const TemporaryFolder folder;
  const FileMapping installs_the_handler(folder.write("guarded", "x"));
  const std::string path = folder.write("unguarded", std::string(kMebibyte, 'x'));
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(STDERR_FILENO);  // a sanitizer's report
    ::signal(SIGALRM, SIG_DFL);
    ::alarm(20);  // were the error swallowed, the read would go on for ever
    read_unguarded_hole(path);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  const bool was_swallowed = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
  CHECK_FALSE(was_swallowed);
  CHECK_FALSE((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

TEST_CASE("S38 a sparse file of 10 TB is refused by its size") {
  const TemporaryFolder folder;
  const std::string header = "{" + tensor_entry("x", "U8", "[9999999999936]", 0, 9'999'999'999'936) + "}";
  const std::string start = safetensors_file(header);
  const std::string path = folder.path("huge");
  folder.write("huge", start);
  std::error_code too_large_for_the_file_system;
  std::filesystem::resize_file(path, start.size() + 9'999'999'999'936, too_large_for_the_file_system);
  if (too_large_for_the_file_system) {
    MESSAGE("skipped: the file system of temporary files has no files of 10 TB");
    return;
  }
  check_refused("MODEL_LIMIT", "1 TiB", [&] { open_weight_file(path, path); });
}

TEST_CASE("S43 what is not a regular file is refused without being opened") {
  const TemporaryFolder folder;
  const std::string pipe = folder.path("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  check_refused("MODEL_PATH_REFUSED", "is a pipe", [&] { FileMapping mapping(pipe); });
  check_refused("MODEL_PATH_REFUSED", "is a device", [] { FileMapping mapping("/dev/zero"); });
  check_refused("MODEL_PATH_REFUSED", "is a folder", [&] { FileMapping mapping(folder.path()); });
}

TEST_CASE("a missing file is said to be missing") {
  const TemporaryFolder folder;
  check_refused("MODEL_NOT_FOUND", "no such file", [&] { FileMapping mapping(folder.path("none")); });
  check_refused("MODEL_NOT_FOUND", "no such file", [&] { FileMapping mapping(folder.write("a", "x") + "/below"); });
}

TEST_CASE("a file is read whole up to a limit") {
  const TemporaryFolder folder;
  const RegularFile file(folder.write("a", "12345"));
  CHECK(file.read(5) == "12345");
  check_refused("MODEL_LIMIT", "at most 4", [&] { file.read(4); });
}
