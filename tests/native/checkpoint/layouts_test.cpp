#include "native/checkpoint/layouts.h"

#include <doctest/doctest.h>

#include <chrono>

#include "tests/native/checkpoint/refusal.h"
#include "tests/native/checkpoint/synthetic_checkpoint.h"

using namespace palimpsest;
using namespace palimpsest::testing;

namespace fs = std::filesystem;

namespace {

const std::string kGolden = PALIMPSEST_TEST_DATA;
const std::string kNano = std::string(PALIMPSEST_SOURCE_DIR) + "/models/nano";

/// What opening one file of a real checkpoint may allocate: names and shapes of up to 1,160 tensors, several times
/// over.
constexpr std::size_t kMaxOpeningBytes = std::size_t{4} << 20;

/// Calls `open` and checks what it allocates; the time is only printed with --success.
template <typename Open>
auto opened_lightly(std::size_t files, Open open) {
  const std::size_t before = live_bytes();
  reset_peak_bytes();
  const auto start = std::chrono::steady_clock::now();
  auto result = open();
  const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
  CHECK(peak_bytes() - before <= files * kMaxOpeningBytes);
  CHECK_MESSAGE(true, "opened ", files, " files in ", elapsed.count(), " ms with ", peak_bytes() - before, " bytes");
  return result;
}

void append(NamedShapes& tensors, const NamedShapes& more) {
  tensors.insert(tensors.end(), more.begin(), more.end());
}

/// All networks in one file, as ComfyUI writes them.
NamedShapes all_in_one(const std::string& vae_prefix) {
  NamedShapes tensors = with_prefix("model.diffusion_model.", real_names("flux_dev_bfl"));
  append(tensors, with_prefix(vae_prefix, real_names("vae_bfl")));
  append(tensors, with_prefix("text_encoders.clip_l.transformer.", real_names("clip_l_hf")));
  append(tensors, with_prefix("text_encoders.t5xxl.transformer.", real_names("t5xxl_hf")));
  return tensors;
}

void check_real_sizes(const Checkpoint& checkpoint) {
  CHECK(checkpoint.autoencoder.weights.tensors->names().size() == 244);
  CHECK(checkpoint.clip.weights.tensors->names().size() == 197);
  CHECK(checkpoint.t5.weights.tensors->names().size() == 220);
  const HostView* embedding = checkpoint.t5.weights.tensors->find("shared.weight");
  REQUIRE(embedding != nullptr);
  CHECK(embedding->shape == Shape({32128, 4096}));
}

const NamedShapes kTinyVae = {{"decoder.mid.block_1.conv1.weight", Json::Array{1}}};

}  // namespace

TEST_CASE("the built-in checkpoint opens") {
  const Checkpoint nano = open_checkpoint({.model = kNano});
  CHECK(nano.name == "kontext-nano");
  CHECK(nano.transformer.names == NetworkNames::diffusers);
  CHECK(nano.autoencoder.names == NetworkNames::diffusers);
  CHECK(nano.clip.config.find("hidden_size") != nullptr);
  CHECK(nano.t5.config.find("d_model") != nullptr);
  CHECK(nano.transformer.weights.tensors->find("x_embedder.weight") != nullptr);
  CHECK(nano.palimpsest.find("latent_rgb_factors") != nullptr);
  CHECK(nano.scheduler.is_object());
  CHECK(read_tokenizer_file(nano.tokenizers.clip_vocab_json).size() == 14077);
  CHECK(nano.tokenizers.clip_merges_txt == fs::canonical(kNano + "/tokenizer/merges.txt").string());
  CHECK(nano.tokenizers.t5_spiece_model == fs::canonical(kNano + "/tokenizer_2/spiece.model").string());
  CHECK(nano.tokenizers.clip_tokenizer_json.empty());
  CHECK_NOTHROW(nano.check_unchanged());
}

TEST_CASE("a network's folder opens by itself, from two shards") {
  const NetworkFiles network = open_network(kGolden + "/diffusers_mini/transformer", NetworkKind::transformer);
  CHECK(network.names == NetworkNames::diffusers);
  CHECK(network.weights.files.size() == 2);
  CHECK(network.weights.tensors->find("proj_out.weight") != nullptr);
  CHECK(network.config.find("guidance_embeds") != nullptr);
}

TEST_CASE("a network's file opens by itself, with or without the prefix of all-in-one files") {
  const NetworkFiles plain = open_network(kGolden + "/flux_mini.safetensors", NetworkKind::transformer);
  CHECK(plain.names == NetworkNames::bfl);
  CHECK(plain.config.is_null());
  const NetworkFiles scaled = open_network(kGolden + "/flux_hd128_fp8_scaled.safetensors", NetworkKind::transformer);
  CHECK(scaled.weights.tensors->find("double_blocks.0.img_attn.proj.scale_weight") != nullptr);
  CHECK(scaled.weights.tensors->find("model.diffusion_model.img_in.weight") == nullptr);
}

TEST_CASE("a folder with the names and shapes of FLUX.1-Kontext-dev opens in next to no memory") {
  const TemporaryFolder folder;
  write_real_diffusers_folder(folder);
  const Checkpoint checkpoint = opened_lightly(7, [&] { return open_checkpoint({.model = folder.path()}); });
  CHECK(checkpoint.name == fs::path(folder.path()).filename().string());
  CHECK(checkpoint.transformer.names == NetworkNames::diffusers);
  CHECK(checkpoint.transformer.weights.tensors->names().size() == 1160);
  CHECK(checkpoint.transformer.weights.files.size() == 3);
  CHECK(*checkpoint.autoencoder.config.find("made_for")->as_string() == "vae");
  CHECK(*checkpoint.t5.config.find("made_for")->as_string() == "text_encoder_2");
  check_real_sizes(checkpoint);
}

TEST_CASE("the single files of the original release open in next to no memory") {
  const TemporaryFolder folder;
  CheckpointPaths paths;
  paths.transformer = write_sparse_weights(folder, "flux1-kontext-dev.safetensors", real_names("flux_dev_bfl"));
  paths.vae = write_sparse_weights(folder, "ae.safetensors", real_names("vae_bfl"));
  paths.clip = write_sparse_weights(folder, "clip_l.safetensors", real_names("clip_l_hf"));
  paths.t5 = write_sparse_weights(folder, "t5xxl_fp16.safetensors", real_names("t5xxl_hf"));
  paths.tokenizers = folder.path();
  write_tokenizers(folder);
  const Checkpoint checkpoint = opened_lightly(4, [&] { return open_checkpoint(paths); });
  CHECK(checkpoint.name == "flux1-kontext-dev");
  CHECK(checkpoint.transformer.names == NetworkNames::bfl);
  CHECK(checkpoint.transformer.weights.tensors->names().size() == 780);
  CHECK(checkpoint.autoencoder.names == NetworkNames::bfl);
  CHECK(checkpoint.palimpsest.is_null());
  check_real_sizes(checkpoint);
}

TEST_CASE("one file with all networks opens, with either prefix of the AutoEncoder") {
  for (const char* vae_prefix : {"vae.", "first_stage_model."}) {
    const TemporaryFolder folder;
    write_tokenizers(folder, "tokenizers/");
    const std::string file = write_sparse_weights(folder, "flux1-all.safetensors", all_in_one(vae_prefix));
    const Checkpoint checkpoint =
        opened_lightly(2, [&] { return open_checkpoint({.model = file, .tokenizers = folder.path("tokenizers")}); });
    CHECK(checkpoint.name == "flux1-all");
    CHECK(checkpoint.transformer.weights.tensors->names().size() == 780);
    check_real_sizes(checkpoint);
  }
}

TEST_CASE("a part that is named on its own replaces that of the model") {
  const TemporaryFolder folder;
  const std::string vae = write_sparse_weights(folder, "ae.safetensors", kTinyVae);
  const Checkpoint checkpoint = open_checkpoint({.model = kNano, .vae = vae});
  CHECK(checkpoint.autoencoder.names == NetworkNames::bfl);
  CHECK(checkpoint.autoencoder.config.is_null());
  CHECK(checkpoint.transformer.names == NetworkNames::diffusers);
}

TEST_CASE("tokenizer.json serves where the older files are missing") {
  const TemporaryFolder folder;
  write_tokenizers(folder);
  fs::remove(folder.path("tokenizer/merges.txt"));
  fs::remove(folder.path("tokenizer_2/spiece.model"));
  check_refused("MODEL_NOT_FOUND", "\"vocab.json\" found",
                [&] { open_checkpoint({.model = kNano, .tokenizers = folder.path()}); });
  folder.write("tokenizer/tokenizer.json", "{}");
  check_refused("MODEL_NOT_FOUND", "T5 tokenizer was expected here",
                [&] { open_checkpoint({.model = kNano, .tokenizers = folder.path()}); });
  folder.write("tokenizer_2/tokenizer.json", "{}");
  const Checkpoint checkpoint = open_checkpoint({.model = kNano, .tokenizers = folder.path()});
  CHECK(checkpoint.tokenizers.clip_vocab_json.empty());
  CHECK(fs::path(checkpoint.tokenizers.clip_tokenizer_json).filename() == "tokenizer.json");
  CHECK(fs::path(checkpoint.tokenizers.t5_tokenizer_json).parent_path().filename() == "tokenizer_2");
}

TEST_CASE("a folder that is no checkpoint is refused with what was expected and what is there") {
  const TemporaryFolder folder;
  folder.write("photo.png", "x");
  check_refused("MODEL_NOT_FOUND", "\"photo.png\" found", [&] { open_checkpoint({.model = folder.path()}); });
  folder.write("model_index.json", R"({"_class_name":"StableDiffusionPipeline"})");
  check_refused("MODEL_ARCH_MISMATCH", "\"StableDiffusionPipeline\"",
                [&] { open_checkpoint({.model = folder.path()}); });
  folder.write("model_index.json", R"({"_class_name":"Flux2Pipeline"})");
  check_refused("MODEL_ARCH_MISMATCH", "\"Flux2Pipeline\"", [&] { open_checkpoint({.model = folder.path()}); });
  folder.write("model_index.json", R"({"_class_name":1})");
  check_refused("CONFIG_INVALID", "_class_name", [&] { open_checkpoint({.model = folder.path()}); });
  folder.write("model_index.json", R"({"_class_name":"FluxPipeline"})");
  check_refused("MODEL_NOT_FOUND", "transformer/config.json", [&] { open_checkpoint({.model = folder.path()}); });
  folder.write("transformer/config.json", "{}");
  check_refused("MODEL_NOT_FOUND", "holds no weights", [&] { open_checkpoint({.model = folder.path()}); });
  check_refused("MODEL_NOT_FOUND", "no such file", [&] { open_checkpoint({.model = folder.path("none")}); });
}

TEST_CASE("a missing part is named with the option that gives it") {
  const TemporaryFolder folder;
  const std::string vae = write_sparse_weights(folder, "ae.safetensors", kTinyVae);
  check_refused("MODEL_NOT_FOUND", "--transformer", [&] { open_checkpoint({.vae = vae}); });
  check_refused("MODEL_NOT_FOUND", "holds the AutoEncoder, but not the FLUX transformer",
                [&] { open_checkpoint({.model = vae}); });
  const std::string all = write_sparse_weights(folder, "all.safetensors", all_in_one("vae."));
  check_refused("MODEL_NOT_FOUND", "--tokenizers", [&] { open_checkpoint({.model = all}); });
}

TEST_CASE("a file that holds something else is refused by what it holds") {
  const TemporaryFolder folder;
  const std::string vae = write_sparse_weights(folder, "ae.safetensors", kTinyVae);
  const std::string other = write_sparse_weights(folder, "other.safetensors", {{"conv1.weight", Json::Array{1}}});
  const auto opening = [](const std::string& path) { return [path] { open_network(path, NetworkKind::transformer); }; };
  check_refused("MODEL_ARCH_MISMATCH", "holds the AutoEncoder, not the FLUX transformer", opening(vae));
  check_refused("MODEL_ARCH_MISMATCH", "holds a LoRA", opening(kGolden + "/lora_kohya.safetensors"));
  check_refused("MODEL_ARCH_MISMATCH", "another model, such as \"conv1.weight\"", opening(other));
  check_refused("MODEL_ARCH_MISMATCH", "holds no tensors", opening(folder.write("none", safetensors_file("{}"))));
}

TEST_CASE("S39-S42 files that are no safetensors are refused by name with what they are") {
  const TemporaryFolder folder;
  const auto opening = [&](std::string_view text) {
    return [path = folder.write("model.safetensors", text)] { open_network(path, NetworkKind::t5); };
  };
  check_refused("MODEL_TRUNCATED", "model.safetensors", opening(""));
  check_refused("MODEL_IS_LFS_POINTER", "git lfs pull", opening("version https://git-lfs.github.com/spec/v1\noid x\n"));
  check_refused("MODEL_NOT_A_MODEL", "a web page", opening("<!DOCTYPE html><html>404</html>"));
  check_refused("MODEL_PICKLE_REFUSED", "a ZIP archive", opening("PK\x03\x04 archive/data.pkl"));
  check_refused("MODEL_FORMAT_UNSUPPORTED", "GGUF",
                [] { open_network(kGolden + "/flux_mini_mixed.gguf", NetworkKind::transformer); });
}

TEST_CASE("S37 a checkpoint whose file changes after it was opened says so when asked") {
  const TemporaryFolder folder;
  const std::string vae = write_sparse_weights(folder, "ae.safetensors", kTinyVae);
  const Checkpoint checkpoint = open_checkpoint({.model = kNano, .vae = vae});
  fs::resize_file(vae, 4);
  const HostView* weight = checkpoint.autoencoder.weights.tensors->find(kTinyVae[0].first);
  CHECK(weight->bytes[0] == std::byte{0});  // readable, though not there any more
  check_refused("MODEL_CHANGED", "ae.safetensors", [&] { checkpoint.check_unchanged(); });
}
