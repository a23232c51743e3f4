#include "shared/weights/file_kind.h"

#include <doctest/doctest.h>

#include <ostream>
#include <string>

#include "shared/base/error.h"

using namespace palimpsest;

namespace {

using namespace std::string_literals;

FileKind kind_of(const std::string& text) {
  return recognise_file(std::as_bytes(std::span(text)));
}

}  // namespace

TEST_CASE("files that are often taken for weights are recognised by their first bytes") {
  CHECK(kind_of("GGUF\x03\0\0\0"s) == FileKind::gguf);
  CHECK(kind_of("PK\x03\x04\x14\0\0\0"s) == FileKind::zip);
  CHECK(kind_of("version https://git-lfs.github.com/spec/v1\n") == FileKind::lfs_pointer);
  CHECK(kind_of("\x80\x02}q\x01.") == FileKind::pickle);
  CHECK(kind_of("\x80\x05\x95\x10\0\0\0\0\0\0\0}"s) == FileKind::pickle);
  CHECK(kind_of("(dp0\n.") == FileKind::pickle);
  CHECK(kind_of("c__builtin__\neval\n") == FileKind::pickle);
  CHECK(kind_of("\xEF\xBB\xBF \r\n<html>") == FileKind::web_page);
  CHECK(kind_of("Access denied.\n") == FileKind::text);
}

TEST_CASE("bytes that may be anything are not given a name") {
  CHECK(kind_of("") == FileKind::unknown);
  CHECK(kind_of("\x80\x02\0\0\0\0\0\0{}"s) == FileKind::unknown);
  CHECK(kind_of("<\0\0\0\0\0\0\0{}"s) == FileKind::unknown);
  CHECK(kind_of("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF") == FileKind::unknown);
}

TEST_CASE("text is text also where the look ends inside of a character") {
  CHECK(kind_of(std::string(511, 'x') + "\xC3\xA9 and on") == FileKind::text);
  CHECK(kind_of("cannot read this") == FileKind::text);  // the c alone makes no pickle
}

TEST_CASE("an unknown kind is not refused by this check") {
  CHECK_NOTHROW(refuse_file_kind(FileKind::unknown));
  CHECK_THROWS_AS(refuse_file_kind(FileKind::gguf), PalimpsestError);
}
