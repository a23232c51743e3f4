#include "native/server/multipart.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "tests/native/server/server_under_test.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

std::string part(const std::string& head, const std::string& content) {
  return "--b\r\n" + head + "\r\n\r\n" + content + "\r\n";
}

std::string field(const std::string& name, const std::string& content) {
  return part("Content-Disposition: form-data; name=\"" + name + "\"", content);
}

std::string file(const std::string& name, const std::string& content) {
  return part("Content-Disposition: form-data; name=\"" + name +
                  "\"; filename=\"blob\"\r\nContent-Type: application/octet-stream",
              content);
}

Result<MultipartForm> parse(const std::string& bytes, MultipartLimits limits = {}) {
  MultipartParser parser("b", std::move(limits));
  parser.feed(bytes);
  return parser.finish();
}

std::string code_of(const std::string& bytes) {
  const Result<MultipartForm> form = parse(bytes);
  return form ? "" : form.error().code;
}

// Everything that is hard to tell from a boundary.
const std::string kContent = std::string("\r\n--\r\n--a\r\n-\0b\r\r\n--", 18) + "\r\n\r\n";

const std::string kForm =
    field("prompt", "a house") + file("image[]", kContent) + file("image[]", "") + field("empty", "") + "--b--\r\n";

}  // namespace

TEST_CASE("a form reads the same in whatever pieces it arrives") {
  const std::string type = "multipart/form-data; boundary=b";
  REQUIRE(*multipart_boundary(type) == "b");
  for (std::size_t split = 0; split <= kForm.size(); ++split) {
    MultipartParser parser("b", {});
    CHECK(parser.feed(std::string_view(kForm).substr(0, split)));
    CHECK(parser.feed(std::string_view(kForm).substr(split)));
    const Result<MultipartForm> form = parser.finish();
    REQUIRE(form);
    const std::vector<FormField> fields = form_fields(*form);
    REQUIRE(fields.size() == 4);
    CHECK(fields[0].value == "a house");
    CHECK_FALSE(fields[0].is_file);
    CHECK(fields[1].name == "image[]");
    CHECK(fields[1].value == kContent);
    CHECK(fields[1].file_name == "blob");
    CHECK(fields[2].is_file);
    CHECK(fields[2].value.empty());
    CHECK(fields[3].value.empty());
  }
  MultipartParser parser("b", {});
  for (const char c : kForm) parser.feed({&c, 1});
  const Result<MultipartForm> form = parser.finish();
  REQUIRE(form);
  CHECK(form_fields(*form)[1].value == kContent);
}

TEST_CASE("a form that ends early is refused wherever it ends") {
  const std::size_t last = kForm.rfind("--b--") + 5;
  for (std::size_t size = 0; size < last; ++size) CHECK(code_of(kForm.substr(0, size)) == "invalid_multipart");
  CHECK(code_of(kForm.substr(0, last)) == "");
  CHECK(code_of(kForm + "an epilogue that nobody reads") == "");
}

TEST_CASE("names keep their brackets and escapes, file names are for display") {
  const Result<MultipartForm> form =
      parse(part("content-disposition: form-data; name=image[0]; filename=\"C:\\pictures\\a \\\"b\\\".png\"", "x") +
            part("Content-Disposition: FORM-DATA; filename*=utf-8''%e2%82%ac.png; name=\"a;b\"", "x") +
            part("Content-Type: text/plain\r\nContent-Disposition: form-data; name=\"c\"; "
                 "filename=\"../\xE2\x80\xAE\xff.png\"",
                 "x") +
            "--b--");
  REQUIRE(form);
  CHECK(form->parts[0].name == "image[0]");
  CHECK(*form->parts[0].file_name == "C:\\pictures\\a \"b\".png");
  CHECK(form->parts[1].name == "a;b");
  CHECK(form->parts[1].file_name.has_value());
  CHECK(form->parts[2].file_name->find("\xE2\x80\xAE") == std::string::npos);  // right-to-left override
  CHECK(form->parts[2].content_type == "text/plain");
}

TEST_CASE("malformed forms are refused") {
  const std::string good = "Content-Disposition: form-data; name=\"a\"";
  const std::vector<std::pair<const char*, std::string>> forms = {
      {"nothing", ""},
      {"a preamble", "hello\r\n" + kForm},
      {"another boundary", "--c\r\n" + good + "\r\n\r\nx\r\n--c--"},
      {"a boundary that goes on", "--bb\r\n" + good + "\r\n\r\nx\r\n--bb--"},
      {"a boundary in the content that goes on", part(good, "x\r\n--bx") + "--b--"},
      {"no name", part("Content-Disposition: form-data", "x") + "--b--"},
      {"an empty name", part("Content-Disposition: form-data; name=\"\"", "x") + "--b--"},
      {"a name that is not UTF-8", part("Content-Disposition: form-data; name=\"\xff\"", "x") + "--b--"},
      {"two names", part(good + "; name=\"b\"", "x") + "--b--"},
      {"a name without its closing quote", part("Content-Disposition: form-data; name=\"a", "x") + "--b--"},
      {"no disposition", part("Content-Type: text/plain", "x") + "--b--"},
      {"two dispositions", part(good + "\r\n" + good, "x") + "--b--"},
      {"another disposition", part("Content-Disposition: attachment; name=\"a\"", "x") + "--b--"},
      {"a header without a colon", part(good + "\r\nnonsense", "x") + "--b--"},
      {"a folded header", part("Content-Disposition: form-data;\r\n name=\"a\"", "x") + "--b--"},
      {"NUL in a header", part(good + std::string("\r\nX: \0", 7), "x") + "--b--"},
      {"a form within", part(good + "\r\nContent-Type: Multipart/Mixed; boundary=c", "x") + "--b--"},
      {"base64", part(good + "\r\nContent-Transfer-Encoding: base64", "eA==") + "--b--"},
  };
  for (const auto& [name, bytes] : forms) {
    CAPTURE(name);
    CHECK(code_of(bytes) == "invalid_multipart");
  }
}

TEST_CASE("parts, their heads and fields have limits, met exactly") {
  for (const int count : {31, 32, 33}) {
    std::string form;
    for (int i = 0; i < count; ++i) form += field("a", "x");
    CHECK(code_of(form + "--b--") == (count <= 32 ? "" : "invalid_multipart"));
  }
  const std::string head = "Content-Disposition: form-data; name=\"a\"";
  for (const int count : {7, 8, 9}) {
    std::string headers = head;
    for (int i = 1; i < count; ++i) headers += "\r\nX-A: b";
    CHECK(code_of(part(headers, "x") + "--b--") == (count <= 8 ? "" : "invalid_multipart"));
  }
  for (const std::size_t size : {4095, 4096, 4097}) {
    const std::string padded = head + "\r\nX-Pad: " + std::string(size - head.size() - 9, 'p');
    CHECK(code_of(part(padded, "x") + "--b--") == (size <= 4096 ? "" : "invalid_multipart"));
  }
  for (const std::size_t size : {65535, 65536, 65537}) {
    CHECK(code_of(field("a", std::string(size, 'x')) + "--b--") == (size <= 65536 ? "" : "field_too_large"));
    CHECK(code_of(file("a", std::string(size, 'x')) + "--b--") == "");
  }
  const Result<MultipartForm> form = parse(field("prompt", std::string(70000, 'x')));
  CHECK(form.error().param == "prompt");
  CHECK(form.error().http_status == 413);
}

TEST_CASE("boundaries have 1 to 70 legal bytes") {
  const std::string type = "multipart/form-data; boundary=";
  CHECK(*multipart_boundary(type + std::string(70, 'b')) == std::string(70, 'b'));
  CHECK(*multipart_boundary("Multipart/Form-Data; charset=utf-8; Boundary=\"a b\"") == "a b");
  for (const std::string& bad : {type, type + std::string(71, 'b'), type + "\"a \"", type + "a@b", type + "\xff",
                                 type + "a; boundary=b", std::string("multipart/form-data"), type + "\"a"}) {
    CAPTURE(bad);
    CHECK_FALSE(multipart_boundary(bad));
  }
  CHECK(multipart_boundary("multipart/mixed; boundary=b").error().http_status == 415);
}

TEST_CASE("large files go to the spool folder and leave nothing there") {
  const TemporaryFolder folder;
  MultipartLimits limits;
  limits.spool_folder = folder.path();
  limits.max_memory_bytes = 1000;
  for (const std::size_t size : {999, 1000, 1001}) {
    std::string content;
    for (std::size_t i = 0; i < size; ++i) content += static_cast<char>(i * 7);
    const Result<MultipartForm> form = parse(file("image", content) + "--b--", limits);
    REQUIRE(form);
    CHECK(form->parts[0].content.is_in_file() == (size > 1000));
    CHECK(form_fields(*form)[0].value == content);
    CHECK(std::filesystem::is_empty(folder.path()));
  }
  limits.spool_folder = folder.path("nowhere");
  CHECK(parse(file("image", std::string(2000, 'x')) + "--b--", limits).error().code == "spool_failed");
}

TEST_CASE("a form comes through the server with a length or in chunks, and has a limit as a whole") {
  ServerUnderTest server;
  const std::string type = "Content-Type: multipart/form-data; boundary=b\r\n";
  const std::string picture(std::size_t{2} << 20, 'p');
  const std::string form = field("prompt", "x") + file("image", picture) + "--b--\r\n";
  const std::string expected = "prompt=1m image=2097152f ";
  CHECK(ask(server.port(), server.request("POST /v1/form", type, form)).body == expected);

  HttpConnection chunked(server.port());
  chunked.send(server.request("POST /openai/v1/form/", type + "Transfer-Encoding: chunked\r\n"));
  for (std::size_t at = 0; at < form.size(); at += 4096) {
    const std::string piece = form.substr(at, 4096);
    chunked.send((piece.size() == 4096 ? "1000" : "") + std::string());
    if (piece.size() < 4096) {
      char size[20];
      std::snprintf(size, sizeof size, "%zx", piece.size());
      chunked.send(size);
    }
    chunked.send("\r\n" + piece + "\r\n");
  }
  chunked.send("0\r\n\r\n");
  CHECK(chunked.read_response().body == expected);

  CHECK(ask(server.port(), server.request("POST /v1/form", "", "{}")).body == "json {}");
  const std::string large = file("image", picture + picture) + "--b--";
  CHECK(ask(server.port(), server.request("POST /v1/form", type, large)).status == 413);
  CHECK(ask(server.port(), server.request("POST /v1/form", type, field("a", "x"))).status == 400);
  CHECK(ask(server.port(), server.request("POST /v1/form", "Content-Type: text/plain\r\n", "x")).status == 415);
  CHECK(std::filesystem::is_empty(server.spool.path()));
}
