#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/weights/tensor_source.h"

namespace palimpsest {

/// Which shard of a checkpoint holds which tensor: a `*.safetensors.index.json`.
struct ShardIndex {
  std::vector<std::string> files;                              ///< plain file names, each once, sorted
  std::vector<std::pair<std::string, std::uint32_t>> tensors;  ///< name and index of its file
};

/// Reads the text of an index. `description` names it in messages.
/// Limits: 16 MiB, 1,024 shards, 65,536 tensors.
/// Errors: PalimpsestError `MODEL_LIMIT`, `MODEL_HEADER_JSON`, `MODEL_HEADER_ENCODING`, `MODEL_DUPLICATE_KEY`,
/// `MODEL_PATH_REFUSED` for a shard that is not a plain file name beside the index.
ShardIndex parse_shard_index(std::string_view text, const std::string& description);

/// The shards (in the order of index.files) as one source.
/// Errors: `MODEL_SHARD_MISMATCH` where a shard lacks a tensor that the index gives it, or two shards have the same.
std::shared_ptr<const TensorSource> merge_shards(const ShardIndex& index,
                                                 std::vector<std::shared_ptr<const TensorSource>> shards,
                                                 const std::string& description);

}  // namespace palimpsest
