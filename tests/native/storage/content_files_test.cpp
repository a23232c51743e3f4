#include "native/storage/content_files.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "native/storage/digest.h"
#include "tests/native/checkpoint/temporary_folder.h"
#include "tests/shared/tokenizer/refusal.h"

using namespace palimpsest;
using palimpsest::test::check_refused;
using palimpsest::testing::TemporaryFolder;

TEST_CASE("a digest is the SHA-256 of the FIPS 180-2 example") {
  CHECK(content_digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a file lies in the folder of its first two digits and reads back") {
  const TemporaryFolder folder;
  const ContentFiles files(folder.path("files"));
  const std::string digest = content_digest("abc");
  files.put(digest, "abc");
  CHECK(std::filesystem::exists(folder.path("files/ba/" + digest)));
  CHECK(files.read(digest) == "abc");
  CHECK(files.list() == std::vector{digest});
  files.remove(digest);
  files.remove(digest);
  check_refused("file_missing", digest, [&] { (void)files.read(digest); });
}

TEST_CASE("a damaged file is never returned, and storing its content again heals it") {
  const TemporaryFolder folder;
  const ContentFiles files(folder.path("files"));
  const std::string digest = content_digest("abc");
  for (const char* damaged : {"abd", "ab", "abcc", ""}) {
    CAPTURE(damaged);
    files.put(digest, "abc");
    folder.write("files/ba/" + digest, damaged);
    check_refused("file_damaged", digest, [&] { (void)files.read(digest); });
    files.put(digest, "abc");
    CHECK(files.read(digest) == "abc");
  }
}

TEST_CASE("only a SHA-256 names a file") {
  const TemporaryFolder folder;
  const ContentFiles files(folder.path("files"));
  for (const char* name : {"", "../secret", "ba7816bf"}) {
    check_refused("storage_damaged", "not a SHA-256", [&] { (void)files.read(name); });
  }
}

TEST_CASE("half-written files of a crash are deleted") {
  const TemporaryFolder folder;
  const ContentFiles files(folder.path("files"));
  const std::string path = folder.write("files/ba/" + content_digest("abc") + ".partial", "a");
  CHECK(files.list().empty());
  CHECK_FALSE(std::filesystem::exists(path));
}
