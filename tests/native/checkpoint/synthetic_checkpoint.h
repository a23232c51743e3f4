#pragma once

#include <string>
#include <utility>
#include <vector>

#include "shared/base/json.h"
#include "tests/native/checkpoint/temporary_folder.h"
#include "tests/support/golden_file.h"
#include "tests/support/safetensors_text.h"

namespace palimpsest::testing {

using NamedShapes = std::vector<std::pair<std::string, Json>>;

/// Names and shapes of a published network: a key of names_real.json.
inline NamedShapes real_names(const std::string& network) {
  return *read_golden_json("names_real.json").find(network)->as_object();
}

inline NamedShapes with_prefix(const std::string& prefix, NamedShapes tensors) {
  for (auto& [name, shape] : tensors) name.insert(0, prefix);
  return tensors;
}

inline std::uint64_t element_count(const Json& shape) {
  std::uint64_t count = 1, dim = 0;
  for (const Json& entry : *shape.as_array()) {
    entry.to_uint64(dim);
    count *= dim;
  }
  return count;
}

/// A safetensors file of BF16 tensors whose data are a hole in the file.
inline std::string write_sparse_weights(const TemporaryFolder& folder, const std::string& relative,
                                        const NamedShapes& tensors) {
  std::string header = "{";
  std::uint64_t end = 0;
  for (const auto& [name, shape] : tensors) {
    const std::uint64_t begin = end;
    end += 2 * element_count(shape);
    header += (header.size() > 1 ? "," : "") + tensor_entry(name, "BF16", shape.dump(), begin, end);
  }
  const std::string start = safetensors_file(header + "}");
  return folder.write(relative, start, start.size() + end);
}

/// The same in `count` shards with their index.
inline void write_sparse_shards(const TemporaryFolder& folder, const std::string& stem, const NamedShapes& tensors,
                                std::size_t count) {
  Json map(Json::Object{});
  for (std::size_t shard = 0; shard < count; ++shard) {
    const auto from = tensors.begin() + static_cast<std::ptrdiff_t>(tensors.size() * shard / count);
    const auto to = tensors.begin() + static_cast<std::ptrdiff_t>(tensors.size() * (shard + 1) / count);
    const std::string file =
        stem + "-0000" + std::to_string(shard + 1) + "-of-0000" + std::to_string(count) + ".safetensors";
    write_sparse_weights(folder, file, NamedShapes(from, to));
    for (auto tensor = from; tensor != to; ++tensor)
      map.set(tensor->first, std::filesystem::path(file).filename().string());
  }
  folder.write(stem + ".safetensors.index.json", Json(Json::Object{{"weight_map", map}}).dump());
}

/// Files of both tokenizers that exist; what is in them does not matter to who opens a checkpoint.
inline void write_tokenizers(const TemporaryFolder& folder, const std::string& below = "") {
  folder.write(below + "tokenizer/vocab.json", "{}");
  folder.write(below + "tokenizer/merges.txt", "");
  folder.write(below + "tokenizer_2/spiece.model", "");
}

/// FLUX.1-Kontext-dev as diffusers publishes it: real names and shapes, no data.
inline void write_real_diffusers_folder(const TemporaryFolder& folder) {
  folder.write("model_index.json", R"({"_class_name":"FluxKontextPipeline"})");
  folder.write("scheduler/scheduler_config.json", R"({"base_shift":0.5})");
  for (const char* network : {"transformer", "vae", "text_encoder", "text_encoder_2"})
    folder.write(std::string(network) + "/config.json", R"({"made_for":")" + std::string(network) + "\"}");
  write_sparse_shards(folder, "transformer/diffusion_pytorch_model", real_names("flux_dev_diffusers"), 3);
  write_sparse_weights(folder, "vae/diffusion_pytorch_model.safetensors", real_names("vae_diffusers"));
  write_sparse_weights(folder, "text_encoder/model.safetensors", real_names("clip_l_hf"));
  write_sparse_shards(folder, "text_encoder_2/model", real_names("t5xxl_hf"), 2);
  write_tokenizers(folder);
}

}  // namespace palimpsest::testing
