#include "shared/weights/safetensors.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <memory>
#include <ostream>

#include "shared/base/error.h"
#include "tests/support/safetensors_text.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

SafetensorsView view_of_file(const std::string& file) {
  return SafetensorsView(bytes_of(file), "test");
}

std::string golden_file(const std::string& name) {
  const std::string path = std::string(PALIMPSEST_TEST_DATA) + "/" + name;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(path.c_str(), "rb"), std::fclose);
  REQUIRE_MESSAGE(stream != nullptr, path);
  std::string text;
  char buffer[65536];
  for (std::size_t read = 0; (read = std::fread(buffer, 1, sizeof buffer, stream.get())) > 0;)
    text.append(buffer, read);
  return text;
}

std::vector<std::int64_t> dims_of(const Json& shape) {
  std::vector<std::int64_t> dims;
  for (const Json& dim : *shape.as_array()) REQUIRE(dim.to_int64(dims.emplace_back()));
  return dims;
}

}  // namespace

TEST_CASE("tensors are found by name with dtype, shape and bytes") {
  const std::string file = safetensors_file(
      "{" + tensor_entry("b", "F32", "[2,1]", 0, 8) + "," + tensor_entry("a", "U8", "[3]", 8, 11) + "}", "01234567abc");
  const SafetensorsView view = view_of_file(file);
  CHECK(view.names() == std::vector<std::string>{"b", "a"});  // the order of the file
  REQUIRE(view.find("a") != nullptr);
  CHECK(view.find("a")->dtype == DType::u8);
  CHECK(view.find("a")->bytes.data() == bytes_of(file).data() + file.size() - 3);
  CHECK(view.find("b")->shape == Shape{2, 1});
  CHECK(view.find("b")->bytes.size() == 8);
  for (const char* absent : {"", "c", "aa", "A", "__metadata__"}) CHECK(view.find(absent) == nullptr);
}

TEST_CASE("every dtype of the format is read, the packed ones too") {
  const std::pair<const char*, DType> table[] = {
      {"BOOL", DType::boolean},    {"U8", DType::u8},           {"I8", DType::i8},
      {"F8_E4M3", DType::f8_e4m3}, {"F8_E5M2", DType::f8_e5m2}, {"F8_E8M0", DType::f8_e8m0},
      {"F6_E2M3", DType::f6_e2m3}, {"F6_E3M2", DType::f6_e3m2}, {"F4", DType::f4},
      {"I16", DType::i16},         {"U16", DType::u16},         {"F16", DType::f16},
      {"BF16", DType::bf16},       {"I32", DType::i32},         {"U32", DType::u32},
      {"F32", DType::f32},         {"I64", DType::i64},         {"U64", DType::u64},
      {"F64", DType::f64},         {"C64", DType::c64}};
  for (const auto& entry : table) {
    const std::string name = entry.first;
    CAPTURE(name);
    const std::size_t size = static_cast<std::size_t>(bits_of(entry.second));  // bytes of eight elements
    const std::string file =
        safetensors_file("{" + tensor_entry("x", name, "[2,4]", 0, size) + "}", std::string(size, 'x'));
    CHECK(view_of_file(file).find("x")->dtype == entry.second);
  }
}

TEST_CASE("scalars and tensors without elements are valid") {
  const std::string file = safetensors_file(
      "{" + tensor_entry("first", "F16", "[0]", 0, 0) + "," + tensor_entry("scalar", "F32", "[]", 0, 4) + "," +
          tensor_entry("mid", "F16", "[3,0]", 4, 4) + "," + tensor_entry("x", "U8", "[1]", 4, 5) + "," +
          tensor_entry("last", "U8", "[0]", 5, 5) + "}",
      "12345");
  const SafetensorsView view = view_of_file(file);
  CHECK(view.find("scalar")->shape.rank() == 0);
  CHECK(view.find("mid")->shape == Shape{3, 0});
  CHECK(view.find("last")->bytes.empty());
}

TEST_CASE("a file without tensors is valid") {
  CHECK(view_of_file(safetensors_file("{}")).tensors().empty());
}

TEST_CASE("spaces around the header are allowed, as writers pad and align with them") {
  const std::string entry = "{" + tensor_entry("x", "U8", "[1]", 0, 1) + "}";
  CHECK(view_of_file(safetensors_file(entry + "     ", "1")).find("x") != nullptr);
  CHECK(view_of_file(safetensors_file("  \n" + entry, "1")).find("x") != nullptr);
}

TEST_CASE("a padded header whose length is the first byte of a web page is still a header") {
  std::string header = " {" + tensor_entry("x", "U8", "[1]", 0, 1) + "}";
  header.resize('<', ' ');
  CHECK(view_of_file(safetensors_file(header, "1")).find("x") != nullptr);
}

TEST_CASE("entries may come in another order than their data") {
  const std::string file = safetensors_file(
      "{" + tensor_entry("second", "U8", "[2]", 1, 3) + "," + tensor_entry("first", "U8", "[1]", 0, 1) + "}", "122");
  const SafetensorsView view = view_of_file(file);
  CHECK(view.find("first")->bytes.size() == 1);
  CHECK(view.find("second")->bytes.data() == view.find("first")->bytes.data() + 1);
}

TEST_CASE("limits are met exactly: 512 bytes of name, 8 dimensions, escapes and Unicode in names") {
  const std::string name(512, 'n');
  CHECK(view_of_file(safetensors_file("{" + tensor_entry(name, "U8", "[1,1,1,1,1,1,1,1]", 0, 1) + "}", "1"))
            .find(name)
            ->shape.rank() == 8);
  const std::string file =
      safetensors_file("{" + tensor_entry("\\u00e9\xE2\x82\xAC\\\"", "U8", "[1]", 0, 1) + "}", "1");
  CHECK(view_of_file(file).find("\xC3\xA9\xE2\x82\xAC\"") != nullptr);
}

TEST_CASE("65,536 tensors are accepted") {
  std::string header = "{";
  for (int i = 0; i < 65'536; ++i) header += (i > 0 ? "," : "") + tensor_entry(std::to_string(i), "U8", "[0]", 0, 0);
  CHECK(view_of_file(safetensors_file(header + "}")).tensors().size() == 65'536);
}

TEST_CASE("metadata is kept in order as strings") {
  const std::string file = safetensors_file("{\"__metadata__\":{\"format\":\"pt\",\"a\":\"\"}}");
  const SafetensorsView view = view_of_file(file);
  REQUIRE(view.metadata().size() == 2);
  CHECK(view.metadata()[0].first == "format");
  CHECK(*view.metadata()[0].second.as_string() == "pt");
}

TEST_CASE("the owner lives as long as the view") {
  const std::string file = safetensors_file("{}");
  auto owner = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = owner;
  {
    const SafetensorsView view(bytes_of(file), "test", std::move(owner));
    CHECK_FALSE(watch.expired());
  }
  CHECK(watch.expired());
}

TEST_CASE("reference files read the same through the header reader and through plain JSON") {
  for (const char* name : {"flux_mini.safetensors", "flux_hd128_fp8_scaled.safetensors", "ggml_blocks.safetensors",
                           "clip_tiny.safetensors", "t5_tiny.safetensors"}) {
    CAPTURE(name);
    const std::string file = golden_file(name);
    const SafetensorsView view = view_of_file(file);
    std::uint64_t length = 0;
    for (std::size_t i = 8; i-- > 0;) length = length * 256 + static_cast<unsigned char>(file[i]);
    const Json header = parse_json(std::string_view(file).substr(8, static_cast<std::size_t>(length))).value_or_throw();
    const bool has_metadata = header.find("__metadata__") != nullptr;
    CHECK(view.tensors().size() == header.as_object()->size() - (has_metadata ? 1 : 0));
    for (const auto& [tensor, entry] : *header.as_object()) {
      if (tensor == "__metadata__") continue;
      const HostView* found = view.find(tensor);
      REQUIRE(found != nullptr);
      CHECK(found->shape == Shape(std::span<const std::int64_t>(dims_of(*entry.find("shape")))));
      const std::vector<std::int64_t> offsets = dims_of(*entry.find("data_offsets"));
      CHECK(found->bytes.data() == bytes_of(file).data() + 8 + length + static_cast<std::uint64_t>(offsets[0]));
      CHECK(found->bytes.size() == static_cast<std::size_t>(offsets[1] - offsets[0]));
    }
  }
}

TEST_CASE("the empty marker tensor of scaled fp8 files shares the offset of the tensor behind it") {
  const std::string file = golden_file("flux_hd128_fp8_scaled.safetensors");
  CHECK(view_of_file(file).find("model.diffusion_model.scaled_fp8")->bytes.empty());
}
