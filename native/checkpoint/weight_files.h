#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "native/checkpoint/file_mapping.h"
#include "native/checkpoint/model_folder.h"
#include "shared/base/json.h"
#include "shared/weights/shard_index.h"
#include "shared/weights/tensor_source.h"

namespace palimpsest {

/// Opened weights: one file, or all shards of one set.
struct Weights {
  std::shared_ptr<const TensorSource> tensors;
  Json::Object metadata;                                  ///< of the file, or of the first shard
  std::vector<std::shared_ptr<const FileMapping>> files;  ///< to be asked check_unchanged() once they were read
};

/// One safetensors file. Only its header is read.
/// Errors: as FileMapping and SafetensorsView; `MODEL_CHANGED` where it changes meanwhile.
Weights open_weight_file(const std::string& path, const std::string& description);

/// What is one set of weights in a folder: `name` is a safetensors file or, with shards, their index.
struct WeightSet {
  std::string name;
  std::optional<ShardIndex> shards;
};

/// All sets in the sub-folder ("" is the folder itself): those with an index, and the safetensors files that no index
/// names. Errors: as parse_shard_index, ModelFolder.
std::vector<WeightSet> weight_sets_in(const ModelFolder& folder, const std::string& subfolder);

/// Errors: as open_weight_file; `MODEL_SHARD_MISMATCH` also for a shard that is missing.
Weights open_weight_set(const ModelFolder& folder, const std::string& subfolder, const WeightSet& set);

/// The set to load from a network's folder: the one without a variant in its name (`model.safetensors`), else bf16,
/// else fp16, else the only one. Errors: `MODEL_NOT_FOUND` with what is there instead; `MODEL_PICKLE_REFUSED` and
/// `MODEL_FORMAT_UNSUPPORTED` where there are only weights in other formats; `MODEL_AMBIGUOUS`.
WeightSet choose_weight_set(const ModelFolder& folder, const std::string& subfolder);

/// Names for a message: at most eight, in quotes, "nothing" where there are none.
std::string listed(const std::vector<std::string>& names);

}  // namespace palimpsest
