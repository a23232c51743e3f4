#include "native/storage/durable_file.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "shared/base/error.h"
#include "tests/native/checkpoint/temporary_folder.h"
#include "tests/native/storage/failing_calls.h"
#include "tests/shared/tokenizer/refusal.h"

using namespace palimpsest;
using palimpsest::test::Call;
using palimpsest::test::CallFailures;
using palimpsest::test::check_refused;
using palimpsest::testing::TemporaryFolder;

namespace {

std::string content_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::ptrdiff_t files_in(const std::string& folder) {
  return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
}

}  // namespace

TEST_CASE("a file is written whole, and the file and its folder are synchronised") {
  const TemporaryFolder folder;
  const std::string bytes(300'000, 'b');
  test::let_calls_succeed();
  write_durably(folder.path("a"), bytes);
  CHECK(test::calls(Call::sync) == 2);
  CHECK(content_of(folder.path("a")) == bytes);
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("a file that cannot be written leaves nothing, and what was there before") {
  const CallFailures failures;
  const TemporaryFolder folder;
  write_durably(folder.path("a"), "old");
  test::fail_call(Call::write, 1, ENOSPC);
  check_refused("storage_full", "No space left", [&] { write_durably(folder.path("a"), "new"); });
  test::let_calls_succeed();
  test::fail_call(Call::sync, 1, EIO);
  check_refused("storage_failed", "synchronise", [&] { write_durably(folder.path("a"), "new"); });
  test::let_calls_succeed();
  test::fail_call(Call::rename, 1, EROFS);
  check_refused("storage_read_only", "rename", [&] { write_durably(folder.path("a"), "new"); });
  CHECK(content_of(folder.path("a")) == "old");
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("a folder that cannot be made is named") {
  const TemporaryFolder folder;
  make_folder_durably(folder.path("a"));
  make_folder_durably(folder.path("a"));
  check_refused("storage_failed", folder.path("b/c"), [&] { make_folder_durably(folder.path("b/c")); });
}
