#include "native/checkpoint/inspection.h"

#include <doctest/doctest.h>

#include "tests/native/checkpoint/refusal.h"
#include "tests/native/checkpoint/synthetic_checkpoint.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace {

const std::string kGolden = PALIMPSEST_TEST_DATA;

std::string figures(const InspectedNetwork& network) {
  return Json(network.figures).dump();
}

/// Figures of a published network of names_real.json.
std::string real_figures(const std::string& network) {
  const TemporaryFolder folder;
  const auto found = inspect(write_sparse_weights(folder, "a.safetensors", real_names(network)));
  REQUIRE(found.size() == 1);
  REQUIRE(found[0].networks.size() == 1);
  return std::string(name_of(found[0].networks[0].network.names)) + " " + figures(found[0].networks[0]);
}

}  // namespace

TEST_CASE("an inspection has the numbers of the file") {
  const auto found = inspect(kGolden + "/flux_hd128_fp8_scaled.safetensors");
  REQUIRE(found.size() == 1);
  const Inspection& file = found[0];
  CHECK(file.files == 1);
  CHECK(file.file_bytes == 1'206'740);
  REQUIRE(file.dtypes.size() == 3);
  CHECK(file.dtypes[0].bytes >= file.dtypes[1].bytes);
  std::uint64_t tensors = 0;
  for (const DTypeTotal& total : file.dtypes) tensors += total.tensors;
  CHECK(tensors == file.tensors.size());
  CHECK(file.metadata[0].first == "format");
  REQUIRE(file.networks.size() == 1);
  CHECK(file.networks[0].network.prefix == "model.diffusion_model.");
  CHECK(figures(file.networks[0]) ==
        R"({"hidden_size":128,"head_size":128,"double_blocks":1,"single_blocks":1,"in_channels":64,)"
        R"("text_width":48,"pooled_width":32,"guidance":true})");
}

TEST_CASE("the published networks are recognised with their depths and widths") {
  const std::string flux =
      R"({"hidden_size":3072,"head_size":128,"double_blocks":19,"single_blocks":38,"in_channels":64,)"
      R"("text_width":4096,"pooled_width":768,"guidance":true})";
  CHECK(real_figures("flux_dev_bfl") == "BFL " + flux);
  CHECK(real_figures("flux_dev_diffusers") == "diffusers " + flux);
  const std::string vae = R"({"channels":128,"latent_channels":16,"levels":4})";
  CHECK(real_figures("vae_bfl") == "BFL " + vae);
  CHECK(real_figures("vae_diffusers") == "diffusers " + vae);
  CHECK(real_figures("clip_l_hf") == R"(transformers {"hidden_size":768,"layers":12,"tokens":77,"vocabulary":49408})");
  CHECK(real_figures("t5xxl_hf") == R"(transformers {"hidden_size":4096,"layers":24,"heads":64,"vocabulary":32128})");
}

TEST_CASE("a folder is inspected set by set, shards as one") {
  const auto nano = inspect(std::string(PALIMPSEST_SOURCE_DIR) + "/models/nano");
  REQUIRE(nano.size() == 4);
  CHECK(nano[0].networks[0].network.kind == NetworkKind::clip);
  CHECK(nano[1].networks[0].network.kind == NetworkKind::t5);
  CHECK(nano[2].networks[0].network.kind == NetworkKind::transformer);
  CHECK(nano[3].networks[0].network.kind == NetworkKind::autoencoder);
  const auto mini = inspect(kGolden + "/diffusers_mini");
  REQUIRE(mini.size() == 1);
  CHECK(mini[0].files == 2);
}

TEST_CASE("a LoRA is called one in each spelling, and unknown tensors are called nothing") {
  for (const char* name : {"kohya", "diffusers", "xlabs", "bflpeft"}) {
    CAPTURE(name);
    const auto lora = inspect(kGolden + "/lora_" + name + ".safetensors");
    CHECK(lora[0].is_lora);
    CHECK(lora[0].networks.empty());
  }
  const auto other = inspect(kGolden + "/pil_resize.safetensors");
  CHECK_FALSE(other[0].is_lora);
  CHECK(other[0].networks.empty());
}

TEST_CASE("shapes that a hostile file gives its tensors are looked at, not trusted") {
  const TemporaryFolder folder;
  const std::string path =
      write_sparse_weights(folder, "a.safetensors",
                           {{"double_blocks.0.img_attn.qkv.weight", Json::Array{}}, {"img_in.weight", Json::Array{2}}});
  const auto found = inspect(path);
  REQUIRE(found[0].networks.size() == 1);
  CHECK(figures(found[0].networks[0]) == R"({"hidden_size":2,"double_blocks":1,"single_blocks":0,"guidance":false})");
}

TEST_CASE("an inspection is JSON for programs") {
  const Json json = to_json(inspect(kGolden + "/flux_mini.safetensors")[0]);
  CHECK(*json.find("format")->as_string() == "safetensors");
  CHECK(*json.find("networks")->as_array()->at(0).find("names")->as_string() == "BFL");
  const Json& tensor = json.find("tensors")->as_array()->at(0);
  CHECK(*tensor.find("dtype")->as_string() == "bf16");
  CHECK(tensor.find("shape")->as_array()->size() > 0);
  CHECK(parse_json(json.dump()).value_or_throw() == json);
}

TEST_CASE("a folder without weights and a file of another kind are refused") {
  const TemporaryFolder folder;
  folder.write("notes.txt", "x");
  check_refused("MODEL_NOT_FOUND", "\"notes.txt\" found", [&] { inspect(folder.path()); });
  check_refused("MODEL_NOT_A_MODEL", "a text file", [&] { inspect(folder.write("a", "just some words, no weights")); });
  check_refused("MODEL_NOT_FOUND", "no such file", [&] { inspect(folder.path("none")); });
}
