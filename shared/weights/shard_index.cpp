#include "shared/weights/shard_index.h"

#include <algorithm>

#include "shared/base/error.h"
#include "shared/base/json.h"
#include "shared/base/utf8.h"
#include "shared/weights/safetensors_header.h"
#include "shared/weights/source_views.h"

namespace palimpsest {
namespace {

constexpr std::size_t kMaxIndexBytes = std::size_t{16} << 20;
constexpr std::size_t kMaxShards = 1'024;
constexpr std::size_t kMaxTensors = 65'536;
constexpr std::size_t kMaxFileNameBytes = 255;

std::string quoted(std::string_view text) {
  return "\"" + printable(text, 80) + "\"";
}

/// Only a file that lies beside the index can be a shard: a path could lead anywhere.
void check_file_name(const std::string& file, const std::string& description) {
  const bool is_plain = !file.empty() && file.size() <= kMaxFileNameBytes && file.front() != '.' &&
                        file.find_first_of("/\\:") == std::string::npos && !has_control_characters(file);
  if (!is_plain) fail("MODEL_PATH_REFUSED", description + ": the shard " + quoted(file) + " is not a plain file name");
}

const Json::Object& weight_map_of(const Json& index, const std::string& description) {
  const Json* map = index.find("weight_map");
  if (map == nullptr || !map->is_object())
    fail("MODEL_HEADER_JSON", description + ": the index has no object \"weight_map\"");
  if (map->as_object()->size() > kMaxTensors)
    fail("MODEL_LIMIT", description + ": the index names more than " + std::to_string(kMaxTensors) + " tensors");
  return *map->as_object();
}

std::vector<std::string> files_of(const Json::Object& weight_map, const std::string& description) {
  std::vector<std::string> files;
  for (const auto& [tensor, file] : weight_map) {
    if (!file.is_string())
      fail("MODEL_HEADER_JSON", description + ": the shard of tensor " + quoted(tensor) + " is not a string");
    files.push_back(*file.as_string());
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  for (const std::string& file : files) check_file_name(file, description);
  if (files.size() > kMaxShards)
    fail("MODEL_LIMIT", description + ": the index names " + std::to_string(files.size()) + " shards; at most " +
                            std::to_string(kMaxShards) + " are allowed");
  return files;
}

}  // namespace

ShardIndex parse_shard_index(std::string_view text, const std::string& description) {
  if (text.size() > kMaxIndexBytes) fail("MODEL_LIMIT", description + ": the index is larger than 16 MiB");
  const Result<Json> json = parse_json(text, {.max_depth = 8});
  if (!json) refuse_json(json.error(), description);
  const Json::Object& weight_map = weight_map_of(*json, description);

  ShardIndex index;
  index.files = files_of(weight_map, description);
  for (const auto& [tensor, file] : weight_map) {
    const auto at = std::lower_bound(index.files.begin(), index.files.end(), *file.as_string());
    index.tensors.emplace_back(tensor, static_cast<std::uint32_t>(at - index.files.begin()));
  }
  return index;
}

std::shared_ptr<const TensorSource> merge_shards(const ShardIndex& index,
                                                 std::vector<std::shared_ptr<const TensorSource>> shards,
                                                 const std::string& description) {
  if (shards.size() != index.files.size())
    fail("MODEL_SHARD_MISMATCH", description + ": the index names " + std::to_string(index.files.size()) +
                                     " shards, but " + std::to_string(shards.size()) + " were opened");
  for (const auto& [tensor, file] : index.tensors) {
    if (shards[file]->find(tensor) == nullptr)
      fail("MODEL_SHARD_MISMATCH", description + ": the index puts tensor " + quoted(tensor) + " into " +
                                       index.files[file] + ", which does not have it");
  }
  return std::make_shared<MergedSource>(std::move(shards), description);
}

}  // namespace palimpsest
