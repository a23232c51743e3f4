#include "shared/image/base64.h"

#include <doctest/doctest.h>

#include <string>

using namespace palimpsest;

TEST_CASE("base64 gives the texts of RFC 4648 and reads them back") {
  const std::pair<const char*, const char*> examples[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : examples) {
    CHECK(encode_base64(bytes) == text);
    CHECK(*decode_base64(text, 100) == bytes);
  }
}

TEST_CASE("base64 keeps every byte at every place") {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  for (int cut = 0; cut < 3; ++cut) {
    const std::string part = bytes.substr(static_cast<std::size_t>(cut));
    CHECK(*decode_base64(encode_base64(part), 256) == part);
  }
}

TEST_CASE("base64 refuses what is not its one form, and says where") {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg==Zg==", "Z===", "====", "Zm9v\n", "Zm 9v", "Zm9-", "Zm9_", "=m9v", "Zm=v"}) {
    CAPTURE(text);
    CHECK(decode_base64(text, 100).error().code == "invalid_base64");
  }
  CHECK(decode_base64("Zm9vZ!9v", 100).error().message == "is not base64 at character 5");
  // Bits beside the last byte: the same byte would have several texts.
  CHECK(decode_base64("Zh==", 100).error().code == "invalid_base64");
  CHECK(decode_base64("Zm9=", 100).error().code == "invalid_base64");
}

TEST_CASE("base64 is not decoded beyond the limit") {
  CHECK(decode_base64("Zm9vYmFy", 6));
  const Error error = decode_base64("Zm9vYmFy", 5).error();
  CHECK(error.code == "base64_too_large");
  CHECK(error.http_status == 413);
  CHECK(error.message == "has 6 bytes; at most 5 are allowed");
}

TEST_CASE("a data URL has a type and base64 data") {
  CHECK(decode_data_url("data:image/png;base64,Zm9v", 3)->media_type == "image/png");
  CHECK(decode_data_url("data:image/png;base64,Zm9v", 3)->bytes == "foo");
  CHECK(decode_data_url("data:;base64,", 3)->bytes.empty());
  CHECK(decode_data_url("data:image/svg+xml;charset=utf-8;base64,Zm9v", 3)->media_type == "image/svg+xml");
  for (const char* url : {"", "data:", "http://a/b,c", "data:image/png,abc", "data:base64,Zm9v", "DATA:;base64,Zm9v"}) {
    CAPTURE(url);
    CHECK(decode_data_url(url, 3).error().code == "invalid_data_url");
  }
  CHECK(decode_data_url("data:;base64,Zm9vYmFy", 3).error().code == "base64_too_large");
}
