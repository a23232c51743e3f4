#include <doctest/doctest.h>

#include <functional>
#include <ostream>

#include "shared/base/error.h"
#include "shared/weights/safetensors.h"
#include "tests/support/allocation_count.h"
#include "tests/support/safetensors_text.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

using namespace std::string_literals;

struct Refusal {
  std::string what;
  std::string code;
  std::function<std::string()> make;
};

std::string one_entry(const std::string& entry, std::size_t data_bytes = 4) {
  return safetensors_file("{" + entry + "}", std::string(data_bytes, '\0'));
}

/// A file of one four-byte tensor `x` whose fields are given.
std::string fields(const std::string& text) {
  return one_entry("\"x\":{" + text + "}");
}

std::string two_entries(const std::string& first, const std::string& second, std::size_t data_bytes) {
  return one_entry(first + "," + second, data_bytes);
}

std::string named(const std::string& name) {
  return one_entry(tensor_entry(name, "F32", "[1]", 0, 4));
}

std::string many_tensors(int count) {
  std::string header = "{";
  for (int i = 0; i < count; ++i)
    header += (i > 0 ? "," : "") + tensor_entry(std::to_string(i), "U8", "[1]", static_cast<std::uint64_t>(i),
                                                static_cast<std::uint64_t>(i) + 1);
  return safetensors_file(header + "}", std::string(static_cast<std::size_t>(count), '\0'));
}

const std::string kGood = tensor_entry("x", "F32", "[1]", 0, 4);

std::vector<Refusal> container_refusals() {
  return {
      {"S01 an empty file", "MODEL_TRUNCATED", [] { return ""s; }},
      {"S02 one byte", "MODEL_TRUNCATED", [] { return "\x02"s; }},
      {"S02 seven bytes", "MODEL_TRUNCATED", [] { return "\x02\0\0\0\0\0\0"s; }},
      {"S03 a header of no bytes", "MODEL_HEADER_JSON", [] { return safetensors_file("", "data"); }},
      {"S04 a header one byte above the limit", "MODEL_HEADER_TOO_LARGE",
       [] { return safetensors_file(100'000'001, "{}", ""); }},
      {"S05 a header length that wraps", "MODEL_HEADER_TOO_LARGE", [] { return safetensors_file(~0ULL, "{}", ""); }},
      {"S05 a header length that wraps to the file's", "MODEL_HEADER_TOO_LARGE",
       [] { return safetensors_file(~0ULL - 5, "{}", ""); }},
      {"S06 a header that ends behind the file", "MODEL_TRUNCATED", [] { return safetensors_file(3, "{}", ""); }},
      {"S06 a header at the limit in a small file", "MODEL_TRUNCATED",
       [] { return safetensors_file(100'000'000, "{}", ""); }},
      {"S06 a header whose length looks like a pickle's mark", "MODEL_TRUNCATED",
       [] { return safetensors_file(0x0280, "{}", ""); }},
      {"S27 bytes after the last tensor", "MODEL_TRAILING_DATA", [] { return one_entry(kGood, 5); }},
      {"S27 a ZIP archive after the last tensor", "MODEL_TRAILING_DATA",
       [] { return one_entry(kGood) + "PK\x03\x04"; }},
      {"S27 data without any tensor", "MODEL_TRAILING_DATA", [] { return safetensors_file("{}", "<html>"); }},
      {"S39 a Git LFS pointer", "MODEL_IS_LFS_POINTER",
       [] { return "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 24\n"s; }},
      {"S40 a saved web page", "MODEL_NOT_A_MODEL", [] { return "<!DOCTYPE html><html>404 Not Found</html>"s; }},
      {"S40 a saved message", "MODEL_NOT_A_MODEL", [] { return "{\"error\":\"repository is gated\"}"s; }},
      {"S41 a ZIP archive", "MODEL_PICKLE_REFUSED", [] { return "PK\x03\x04\0\0\x08\x08\0\0archive/data.pkl"s; }},
      {"S41 a ZIP archive whose first bytes are a possible length", "MODEL_PICKLE_REFUSED",
       [] { return "PK\x03\x04\0\0\0\0\0\0archive/data.pkl"s; }},
      {"S41 a pickle", "MODEL_PICKLE_REFUSED",
       [] { return "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19.\x80\x02M"s; }},
      {"S42 a short framed pickle", "MODEL_PICKLE_REFUSED", [] { return "\x80\x04\x95\x03\0\0\0\0\0\0\0K\x01."s; }},
      {"S42 a pickle as text", "MODEL_PICKLE_REFUSED", [] { return "cposix\nsystem\n(S'echo'\ntR."s; }},
  };
}

std::vector<Refusal> header_refusals() {
  return {
      {"S07 invalid UTF-8", "MODEL_HEADER_ENCODING", [] { return named("a\xFF"); }},
      {"S08 an overlong form", "MODEL_HEADER_ENCODING", [] { return named("a\xC0\xAF"); }},
      {"S08 a surrogate in UTF-8", "MODEL_HEADER_ENCODING", [] { return named("a\xED\xA0\x80"); }},
      {"S08 an escaped half of a surrogate pair", "MODEL_HEADER_ENCODING", [] { return named("a\\ud800"); }},
      {"S09 a list", "MODEL_HEADER_JSON", [] { return safetensors_file("[]"); }},
      {"S09 a string", "MODEL_HEADER_JSON", [] { return safetensors_file("\"x\""); }},
      {"S09 spaces", "MODEL_HEADER_JSON", [] { return safetensors_file("    "); }},
      {"S09 no JSON, of a length that looks like a web page", "MODEL_HEADER_JSON",
       [] { return safetensors_file(std::string('<', 'x')); }},
      {"S10 cut in a string", "MODEL_HEADER_JSON", [] { return safetensors_file("{\"x\":{\"dty"); }},
      {"S10 cut before the last brace", "MODEL_HEADER_JSON", [] { return safetensors_file("{" + kGood, "data"); }},
      {"S11 junk after the object", "MODEL_HEADER_JSON", [] { return safetensors_file("{" + kGood + "}x", "data"); }},
      {"S11 a second object", "MODEL_HEADER_JSON", [] { return safetensors_file("{" + kGood + "}{}", "data"); }},
      {"S12 NUL padding", "MODEL_HEADER_JSON", [] { return safetensors_file("{" + kGood + "}\0"s, "data"); }},
      {"S12 a NUL in a name", "MODEL_HEADER_JSON", [] { return named("a\0b"s); }},
      {"S13 five levels", "MODEL_HEADER_JSON", [] { return fields("\"shape\":[[[1]]]"); }},
      {"S13 very many levels", "MODEL_HEADER_JSON", [] { return safetensors_file(std::string(100'000, '[')); }},
      {"S13 very many levels in a tensor", "MODEL_HEADER_JSON",
       [] { return fields("\"shape\":" + std::string(100'000, '[')); }},
      {"S14 a name twice", "MODEL_DUPLICATE_KEY",
       [] { return two_entries(kGood, tensor_entry("x", "F32", "[1]", 4, 8), 8); }},
      {"S14 a name twice by an escape", "MODEL_DUPLICATE_KEY",
       [] { return two_entries(kGood, tensor_entry("\\u0078", "F32", "[1]", 4, 8), 8); }},
      {"S15 two __metadata__", "MODEL_DUPLICATE_KEY",
       [] { return two_entries("\"__metadata__\":{}", "\"__metadata__\":{}", 0); }},
      {"S15 a key of __metadata__ twice", "MODEL_DUPLICATE_KEY",
       [] { return one_entry("\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}", 0); }},
      {"S16 dtype twice", "MODEL_DUPLICATE_KEY",
       [] { return fields("\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]"); }},
      {"S16 data_offsets twice", "MODEL_DUPLICATE_KEY",
       [] { return fields("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"data_offsets\":[0,4]"); }},
      {"S33 a number in __metadata__", "MODEL_METADATA", [] { return one_entry("\"__metadata__\":{\"a\":1}", 0); }},
      {"S33 an object in __metadata__", "MODEL_METADATA", [] { return one_entry("\"__metadata__\":{\"a\":{}}", 0); }},
      {"S33 __metadata__ is a string", "MODEL_METADATA", [] { return one_entry("\"__metadata__\":\"a\"", 0); }},
      {"S34 metadata above 16 MiB in one string", "MODEL_METADATA",
       [] { return one_entry("\"__metadata__\":{\"a\":\"" + std::string(std::size_t{17} << 20, 'x') + "\"}", 0); }},
      {"S34 metadata above 16 MiB in many strings", "MODEL_METADATA",
       [] {
         std::string all;
         for (int i = 0; i < 17; ++i)
           all += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":\"" + std::string(std::size_t{1} << 20, 'x') + "\"";
         return one_entry("\"__metadata__\":{" + all + "}", 0);
       }},
      {"S35 65,537 tensors", "MODEL_LIMIT", [] { return many_tensors(65'537); }},
      {"S36 an empty name", "MODEL_TENSOR_NAME", [] { return named(""); }},
      {"S36 a name of 513 bytes", "MODEL_TENSOR_NAME", [] { return named(std::string(513, 'x')); }},
      {"S36 a line feed in a name", "MODEL_TENSOR_NAME", [] { return named("a\\nb"); }},
      {"S36 an escaped NUL in a name", "MODEL_TENSOR_NAME", [] { return named("a\\u0000b"); }},
      {"S36 an escape sequence in a name", "MODEL_TENSOR_NAME", [] { return named("\\u001b[31m"); }},
      {"S36 a control character of the second block", "MODEL_TENSOR_NAME", [] { return named("a\xC2\x9B"); }},
  };
}

std::vector<Refusal> entry_refusals() {
  const auto with_offsets = [](const char* offsets) {
    return fields("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":"s + offsets);
  };
  const auto with_shape = [](const char* shape) {
    return fields("\"dtype\":\"F32\",\"data_offsets\":[0,4],\"shape\":"s + shape);
  };
  return {
      {"S17 an unknown dtype", "MODEL_DTYPE_UNSUPPORTED",
       [] { return one_entry(tensor_entry("x", "F128", "[]", 0, 4)); }},
      {"S17 a dtype in lower case", "MODEL_DTYPE_UNSUPPORTED",
       [] { return one_entry(tensor_entry("x", "f32", "[1]", 0, 4)); }},
      {"S18 no dtype", "MODEL_TENSOR_INFO", [] { return fields("\"shape\":[1],\"data_offsets\":[0,4]"); }},
      {"S18 no shape", "MODEL_TENSOR_INFO", [] { return fields("\"dtype\":\"F32\",\"data_offsets\":[0,4]"); }},
      {"S18 no data_offsets", "MODEL_TENSOR_INFO", [] { return fields("\"dtype\":\"F32\",\"shape\":[1]"); }},
      {"S18 no fields", "MODEL_TENSOR_INFO", [] { return fields(""); }},
      {"S18 an entry that is a list", "MODEL_TENSOR_INFO", [] { return one_entry("\"x\":[]"); }},
      {"S18 an entry that is null", "MODEL_TENSOR_INFO", [] { return one_entry("\"x\":null"); }},
      {"S19 an extra field", "MODEL_TENSOR_INFO",
       [] { return fields("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"stride\":[1]"); }},
      {"S20 no offset", "MODEL_TENSOR_INFO", [=] { return with_offsets("[]"); }},
      {"S20 one offset", "MODEL_TENSOR_INFO", [=] { return with_offsets("[0]"); }},
      {"S20 three offsets", "MODEL_TENSOR_INFO", [=] { return with_offsets("[0,4,4]"); }},
      {"S21 a negative offset", "MODEL_TENSOR_INFO", [=] { return with_offsets("[-4,4]"); }},
      {"S22 a fractional offset", "MODEL_TENSOR_INFO", [=] { return with_offsets("[0.0,4]"); }},
      {"S22 an offset with an exponent", "MODEL_TENSOR_INFO", [=] { return with_offsets("[0,1e3]"); }},
      {"S22 an offset as a string", "MODEL_TENSOR_INFO", [=] { return with_offsets("[0,\"4\"]"); }},
      {"S22 an offset above 2^64", "MODEL_TENSOR_INFO", [=] { return with_offsets("[0,18446744073709551617]"); }},
      {"S22 offsets as an object", "MODEL_TENSOR_INFO", [=] { return with_offsets("{}"); }},
      {"S22 a dtype that is a number", "MODEL_TENSOR_INFO",
       [] { return fields("\"dtype\":1,\"shape\":[1],\"data_offsets\":[0,4]"); }},
      {"S22 a dtype that is a list", "MODEL_TENSOR_INFO", [] { return fields("\"dtype\":[]"); }},
      {"S31 nine dimensions", "MODEL_TENSOR_INFO", [=] { return with_shape("[1,1,1,1,1,1,1,1,1]"); }},
      {"S31 a negative dimension", "MODEL_TENSOR_INFO", [=] { return with_shape("[-1]"); }},
      {"S31 a fractional dimension", "MODEL_TENSOR_INFO", [=] { return with_shape("[1.0]"); }},
      {"S31 a shape that is a number", "MODEL_TENSOR_INFO", [=] { return with_shape("1"); }},
  };
}

std::vector<Refusal> span_refusals() {
  const auto sized = [](const char* dtype, const char* shape, std::uint64_t begin, std::uint64_t end) {
    return one_entry(tensor_entry("x", dtype, shape, begin, end));
  };
  return {
      {"S23 begin behind end", "MODEL_OFFSETS", [=] { return sized("F32", "[1]", 4, 0); }},
      {"S23 begin at 2^64-1", "MODEL_OFFSETS", [=] { return sized("F32", "[1]", ~0ULL, 3); }},
      {"S24 end behind the data", "MODEL_OFFSETS", [=] { return sized("F32", "[2]", 0, 8); }},
      {"S24 end at 2^64-1", "MODEL_OFFSETS", [=] { return sized("F32", "[1]", 0, ~0ULL); }},
      {"S25 two tensors on the same bytes", "MODEL_OFFSETS",
       [] { return two_entries(kGood, tensor_entry("y", "F32", "[1]", 0, 4), 4); }},
      {"S25 two tensors that overlap by a byte", "MODEL_OFFSETS",
       [] { return two_entries(kGood, tensor_entry("y", "F32", "[1]", 3, 7), 7); }},
      {"S25 a tensor inside of another", "MODEL_OFFSETS",
       [] { return two_entries(tensor_entry("x", "U8", "[8]", 0, 8), tensor_entry("y", "U8", "[2]", 2, 4), 8); }},
      {"S26 a hole before the first tensor", "MODEL_OFFSETS",
       [] { return one_entry(tensor_entry("x", "F32", "[1]", 1, 5), 5); }},
      {"S26 a hole between two tensors", "MODEL_OFFSETS",
       [] { return two_entries(kGood, tensor_entry("y", "F32", "[1]", 5, 9), 9); }},
      {"S28 fewer bytes than the shape needs", "MODEL_TENSOR_SIZE", [=] { return sized("F32", "[2]", 0, 4); }},
      {"S28 more bytes than the shape needs", "MODEL_TENSOR_SIZE", [=] { return sized("BF16", "[1]", 0, 4); }},
      {"S28 bytes for a shape without elements", "MODEL_TENSOR_SIZE", [=] { return sized("F32", "[0]", 0, 4); }},
      {"S29 a product that wraps to the right size", "MODEL_TENSOR_SIZE",
       [=] { return sized("F32", "[4611686018427387905,4]", 0, 4); }},
      {"S29 a dimension of 2^63", "MODEL_TENSOR_SIZE", [=] { return sized("F32", "[9223372036854775808]", 0, 4); }},
      {"S29 a bit count that wraps", "MODEL_TENSOR_SIZE", [=] { return sized("C64", "[4611686018427387904]", 0, 4); }},
      {"S30 an odd count of 4-bit elements", "MODEL_TENSOR_SIZE", [=] { return sized("F4", "[7]", 0, 4); }},
      {"S30 6-bit elements that end inside of a byte", "MODEL_TENSOR_SIZE",
       [=] { return sized("F6_E2M3", "[5]", 0, 4); }},
      {"S32 no elements, inside of another tensor", "MODEL_OFFSETS",
       [] { return two_entries(kGood, tensor_entry("y", "F32", "[0]", 2, 2), 4); }},
      {"S32 no elements, at the offset of an earlier tensor", "MODEL_OFFSETS",
       [] { return two_entries(kGood, tensor_entry("y", "F32", "[0]", 0, 0), 4); }},
      {"S32 no elements, behind the data", "MODEL_OFFSETS",
       [] { return two_entries(kGood, tensor_entry("y", "F32", "[0]", 5, 5), 4); }},
  };
}

void check_refusals(const std::vector<Refusal>& table) {
  constexpr std::size_t kMemoryLimit = std::size_t{8} << 20;
  for (const Refusal& refusal : table) {
    CAPTURE(refusal.what);
    const std::string file = refusal.make();
    reset_peak_bytes();
    const std::size_t before = live_bytes();
    try {
      SafetensorsView(std::as_bytes(std::span(file)), "file.safetensors");
      FAIL_CHECK("was accepted");
    } catch (const PalimpsestError& problem) {
      const std::size_t memory = peak_bytes() - before;
      const Error& error = problem.error();
      CHECK_MESSAGE(error.code == refusal.code, error.message);
      CHECK(error.message.rfind("file.safetensors: ", 0) == 0);
      CHECK_MESSAGE(error.message.find("byte ") != std::string::npos, error.message);
      CHECK(memory <= kMemoryLimit);
    }
  }
}

}  // namespace

TEST_CASE("a file that is cut, oversized or of another format is refused with its code") {
  check_refusals(container_refusals());
}

TEST_CASE("a header that is not exactly the format's JSON is refused with its code") {
  check_refusals(header_refusals());
}

TEST_CASE("a tensor entry with wrong fields is refused with its code") {
  check_refusals(entry_refusals());
}

TEST_CASE("tensors that do not cover the data exactly are refused with their code") {
  check_refusals(span_refusals());
}

TEST_CASE("every prefix of a good file is refused as cut") {
  const std::string good = safetensors_file("{" + kGood + "}", "data");
  for (std::size_t length = 0; length < good.size(); ++length) {
    const std::string cut = good.substr(0, length);
    try {
      SafetensorsView(std::as_bytes(std::span(cut)), "cut");
      FAIL_CHECK(length);
    } catch (const PalimpsestError& problem) {
      const std::size_t header_end = good.size() - 4;
      CHECK(problem.error().code == (length < header_end ? "MODEL_TRUNCATED" : "MODEL_OFFSETS"));
    }
  }
}

TEST_CASE("an unknown dtype is answered with the list of the known ones") {
  const std::string file = one_entry(tensor_entry("x", "I128", "[1]", 0, 4));
  CHECK_THROWS_WITH_AS(SafetensorsView(std::as_bytes(std::span(file)), "f"),
                       "f: byte 28: tensor \"x\": unknown dtype \"I128\"; known are BOOL, U8, I8, F8_E4M3, F8_E5M2, "
                       "F8_E8M0, F6_E2M3, F6_E3M2, F4, I16, U16, F16, BF16, I32, U32, F32, I64, U64, F64, C64",
                       PalimpsestError);
}

TEST_CASE("a hostile name cannot steer the terminal that shows its refusal") {
  for (const char* name : {"\\u001b[2Jx", "\\u202eevil\\n"}) {
    const std::string file = named(name);
    try {
      SafetensorsView(std::as_bytes(std::span(file)), "f");
      FAIL_CHECK(name);
    } catch (const PalimpsestError& problem) {
      for (const char c : problem.error().message) CHECK((c >= ' ' && c <= '~'));
    }
  }
}
