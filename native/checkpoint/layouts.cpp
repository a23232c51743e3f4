#include "native/checkpoint/layouts.h"

#include <array>
#include <filesystem>
#include <optional>

#include "shared/base/error.h"
#include "shared/base/utf8.h"
#include "shared/weights/source_views.h"

namespace palimpsest {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxTokenizerBytes = std::size_t{64} << 20;

/// How a network is called in the folder layout and on the command line.
struct Part {
  NetworkKind kind;
  NetworkFiles Checkpoint::*files;
  const char* subfolder;
  std::string CheckpointPaths::*path;
  const char* option;
};

const std::array<Part, 4> kParts = {{
    {NetworkKind::transformer, &Checkpoint::transformer, "transformer", &CheckpointPaths::transformer, "--transformer"},
    {NetworkKind::autoencoder, &Checkpoint::autoencoder, "vae", &CheckpointPaths::vae, "--vae"},
    {NetworkKind::clip, &Checkpoint::clip, "text_encoder", &CheckpointPaths::clip, "--clip"},
    {NetworkKind::t5, &Checkpoint::t5, "text_encoder_2", &CheckpointPaths::t5, "--t5"},
}};

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

/// What a source holds instead of what was expected.
std::string content_of(const TensorSource& source) {
  std::string found;
  for (const FoundNetwork& network : recognise_networks(source))
    found += (found.empty() ? "holds the " : " and the ") + std::string(name_of(network.kind));
  if (!found.empty()) return found;
  if (is_lora(source)) return "holds a LoRA";
  const std::vector<std::string> names = source.names();
  return names.empty() ? "holds no tensors" : "holds tensors of another model, such as " + listed({names.front()});
}

/// One network out of opened weights.
NetworkFiles network_in(const Weights& weights, NetworkKind kind, Json config) {
  const auto found = recognise_network(*weights.tensors, kind);
  if (!found)
    fail("MODEL_ARCH_MISMATCH", weights.tensors->description() + ": " + content_of(*weights.tensors) + ", not the " +
                                    std::string(name_of(kind)));
  NetworkFiles network{weights, found->names, std::move(config)};
  if (!found->prefix.empty())
    network.weights.tensors = std::make_shared<const PrefixedSource>(weights.tensors, found->prefix);
  return network;
}

NetworkFiles network_in_folder(const ModelFolder& folder, const std::string& subfolder, NetworkKind kind) {
  const std::string config_name = subfolder.empty() ? "config.json" : subfolder + "/config.json";
  Json config = folder.read_json(config_name);
  return network_in(open_weight_set(folder, subfolder, choose_weight_set(folder, subfolder)), kind, std::move(config));
}

/// The path of a tokenizer's file, or "" where the folder does not have it.
std::string optional_file(const ModelFolder& folder, const std::string& relative) {
  return folder.has(relative) ? folder.file(relative) : std::string();
}

TokenizerFiles tokenizers_in(const ModelFolder& folder) {
  TokenizerFiles files;
  files.clip_vocab_json = optional_file(folder, "tokenizer/vocab.json");
  files.clip_merges_txt = optional_file(folder, "tokenizer/merges.txt");
  if (files.clip_vocab_json.empty() || files.clip_merges_txt.empty()) {
    files.clip_vocab_json = files.clip_merges_txt = {};
    files.clip_tokenizer_json = optional_file(folder, "tokenizer/tokenizer.json");
    if (files.clip_tokenizer_json.empty())
      fail("MODEL_NOT_FOUND", folder.describe("tokenizer") +
                                  ": the CLIP tokenizer was expected here, as vocab.json and merges.txt or as "
                                  "tokenizer.json, and " +
                                  listed(folder.names_in("tokenizer")) + " found");
  }
  files.t5_spiece_model = optional_file(folder, "tokenizer_2/spiece.model");
  if (files.t5_spiece_model.empty()) {
    files.t5_tokenizer_json = optional_file(folder, "tokenizer_2/tokenizer.json");
    if (files.t5_tokenizer_json.empty())
      fail("MODEL_NOT_FOUND", folder.describe("tokenizer_2") +
                                  ": the T5 tokenizer was expected here, as spiece.model or as tokenizer.json, and " +
                                  listed(folder.names_in("tokenizer_2")) + " found");
  }
  return files;
}

/// Refuses folders that are not a FLUX pipeline before anything in them is opened.
void check_model_index(const ModelFolder& folder) {
  if (!folder.has("model_index.json"))
    fail("MODEL_NOT_FOUND", folder.path() +
                                ": model_index.json, with transformer/, vae/, text_encoder/ and "
                                "text_encoder_2/ beside it, was expected here, and " +
                                listed(folder.names_in("")) + " found");
  const Json index = folder.read_json("model_index.json");
  const Json* const pipeline = index.find("_class_name");
  if (pipeline == nullptr || !pipeline->is_string())
    fail("CONFIG_INVALID", folder.describe("model_index.json") + ": has no string \"_class_name\"");
  const std::string& name = *pipeline->as_string();
  if (name.compare(0, 4, "Flux") != 0 || name.compare(0, 5, "Flux2") == 0)
    fail("MODEL_ARCH_MISMATCH", folder.describe("model_index.json") + ": describes a \"" + printable(name, 60) +
                                    "\"; a FluxKontextPipeline or FluxPipeline was expected");
}

bool is_replaced(const CheckpointPaths& paths, const Part& part) {
  return !(paths.*part.path).empty();
}

void open_model_folder(const CheckpointPaths& paths, Checkpoint& checkpoint) {
  const ModelFolder folder(paths.model);
  check_model_index(folder);
  checkpoint.name = folder.name();
  for (const Part& part : kParts) {
    if (!is_replaced(paths, part)) checkpoint.*part.files = network_in_folder(folder, part.subfolder, part.kind);
  }
  if (paths.tokenizers.empty()) checkpoint.tokenizers = tokenizers_in(folder);
  if (folder.has("scheduler/scheduler_config.json"))
    checkpoint.scheduler = folder.read_json("scheduler/scheduler_config.json");
  if (!folder.has("palimpsest.json")) return;
  checkpoint.palimpsest = folder.read_json("palimpsest.json");
  const Json* const name = checkpoint.palimpsest.find("name");
  if (name != nullptr && name->is_string()) checkpoint.name = *name->as_string();
}

void open_model_file(const CheckpointPaths& paths, Checkpoint& checkpoint) {
  const Weights weights = open_weight_file(paths.model, printable(paths.model, 300));
  for (const Part& part : kParts) {
    if (is_replaced(paths, part)) continue;
    if (!recognise_network(*weights.tensors, part.kind))
      fail("MODEL_NOT_FOUND", weights.tensors->description() + ": " + content_of(*weights.tensors) + ", but not the " +
                                  std::string(name_of(part.kind)) + "; name that one's file with " + part.option);
    checkpoint.*part.files = network_in(weights, part.kind, {});
  }
}

std::string file_stem(const std::string& path) {
  return fs::path(path).stem().string();
}

}  // namespace

NetworkFiles open_network(const std::string& path, NetworkKind kind) {
  if (is_folder(path)) return network_in_folder(ModelFolder(path), "", kind);
  return network_in(open_weight_file(path, printable(path, 300)), kind, {});
}

Checkpoint open_checkpoint(const CheckpointPaths& paths) {
  Checkpoint checkpoint;
  checkpoint.name = file_stem(paths.model.empty() ? paths.transformer : paths.model);
  if (!paths.model.empty())
    is_folder(paths.model) ? open_model_folder(paths, checkpoint) : open_model_file(paths, checkpoint);
  for (const Part& part : kParts) {
    if (is_replaced(paths, part)) {
      checkpoint.*part.files = open_network(paths.*part.path, part.kind);
    } else if (paths.model.empty()) {
      fail("MODEL_NOT_FOUND", "the " + std::string(name_of(part.kind)) + " is missing: name its file with " +
                                  part.option + ", or a whole checkpoint with --model");
    }
  }
  if (!paths.tokenizers.empty()) {
    checkpoint.tokenizers = tokenizers_in(ModelFolder(paths.tokenizers));
  } else if (paths.model.empty() || !is_folder(paths.model)) {
    fail("MODEL_NOT_FOUND",
         "the tokenizers are missing, as single files do not hold them: name a folder with tokenizer/ "
         "and tokenizer_2/ with --tokenizers");
  }
  return checkpoint;
}

void Checkpoint::check_unchanged() const {
  for (const Part& part : kParts) {
    for (const auto& file : (this->*part.files).weights.files) file->check_unchanged();
  }
}

std::string read_tokenizer_file(const std::string& path) {
  return RegularFile(path).read(kMaxTokenizerBytes);
}

}  // namespace palimpsest
