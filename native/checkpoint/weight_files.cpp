#include "native/checkpoint/weight_files.h"

#include <algorithm>
#include <array>
#include <set>

#include "shared/base/error.h"
#include "shared/base/utf8.h"
#include "shared/weights/safetensors.h"

namespace palimpsest {
namespace {

constexpr std::size_t kMaxIndexBytes = std::size_t{16} << 20;

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool has_ending(const std::vector<std::string>& names, std::initializer_list<std::string_view> endings) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return std::any_of(endings.begin(), endings.end(), [&](std::string_view end) { return ends_with(name, end); });
  });
}

/// `model.safetensors.index.json`, and with a variant `model.safetensors.index.fp16.json`.
bool is_index(const std::string& name) {
  return name.find(".safetensors.index.") != std::string::npos && ends_with(name, ".json");
}

std::string joined(const std::string& subfolder, const std::string& name) {
  return subfolder.empty() ? name : subfolder + "/" + name;
}

ShardIndex read_index(const ModelFolder& folder, const std::string& relative) {
  return parse_shard_index(RegularFile(folder.file(relative)).read(kMaxIndexBytes), folder.describe(relative));
}

bool has_variant(const std::string& name, const std::string& variant) {
  return name.find("." + variant + ".") != std::string::npos;
}

/// The names that diffusers and transformers write where no variant was asked for.
bool is_plain(const std::string& name) {
  constexpr std::array<std::string_view, 4> kPlain = {"diffusion_pytorch_model.safetensors",
                                                      "diffusion_pytorch_model.safetensors.index.json",
                                                      "model.safetensors", "model.safetensors.index.json"};
  return std::find(kPlain.begin(), kPlain.end(), name) != kPlain.end();
}

[[noreturn]] void refuse_without_weights(const ModelFolder& folder, const std::string& subfolder) {
  const std::string where = folder.describe(subfolder);
  const std::vector<std::string> names = folder.names_in(subfolder);
  if (has_ending(names, {".bin", ".ckpt", ".pt", ".pth", ".pkl"}))
    fail("MODEL_PICKLE_REFUSED", where +
                                     ": has weights as Python pickles only, which can run code when read and are "
                                     "refused; use the .safetensors files");
  if (has_ending(names, {".gguf"}))
    fail("MODEL_FORMAT_UNSUPPORTED", where + ": has weights as GGUF only, which is not supported yet");
  fail("MODEL_NOT_FOUND", where +
                              ": holds no weights; a .safetensors file, or a .safetensors.index.json with its "
                              "shards, was expected, and " +
                              listed(names) + " found");
}

}  // namespace

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 8;
  if (names.empty()) return "nothing";
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i)
    text += (i == 0 ? "\"" : ", \"") + printable(names[i], 60) + "\"";
  return names.size() > kShown ? text + " and " + std::to_string(names.size() - kShown) + " more" : text;
}

Weights open_weight_file(const std::string& path, const std::string& description) {
  const auto mapping = std::make_shared<const FileMapping>(path);
  try {
    auto view = std::make_shared<const SafetensorsView>(mapping->bytes(), description, mapping);
    Json::Object metadata = view->metadata();
    return {std::move(view), std::move(metadata), {mapping}};
  } catch (const PalimpsestError&) {
    mapping->check_unchanged();  // what is wrong with a file that changes underneath is not its header
    throw;
  }
}

std::vector<WeightSet> weight_sets_in(const ModelFolder& folder, const std::string& subfolder) {
  const std::vector<std::string> names = folder.names_in(subfolder);
  std::vector<WeightSet> sets;
  std::set<std::string> shards;
  for (const std::string& name : names) {
    if (!is_index(name)) continue;
    sets.push_back({name, read_index(folder, joined(subfolder, name))});
    shards.insert(sets.back().shards->files.begin(), sets.back().shards->files.end());
  }
  for (const std::string& name : names) {
    if (ends_with(name, ".safetensors") && shards.count(name) == 0) sets.push_back({name, std::nullopt});
  }
  return sets;
}

Weights open_weight_set(const ModelFolder& folder, const std::string& subfolder, const WeightSet& set) {
  const std::string relative = joined(subfolder, set.name);
  if (!set.shards) return open_weight_file(folder.file(relative), folder.describe(relative));

  Weights all;
  std::vector<std::shared_ptr<const TensorSource>> sources;
  for (const std::string& name : set.shards->files) {
    const std::string shard = joined(subfolder, name);
    if (!folder.has(shard))
      fail("MODEL_SHARD_MISMATCH",
           folder.describe(relative) + ": the shard \"" + printable(name, 80) + "\" is missing; download it again");
    Weights part = open_weight_file(folder.file(shard), folder.describe(shard));
    sources.push_back(std::move(part.tensors));
    all.files.insert(all.files.end(), part.files.begin(), part.files.end());
    if (all.metadata.empty()) all.metadata = std::move(part.metadata);
  }
  all.tensors = merge_shards(*set.shards, std::move(sources), folder.describe(relative));
  return all;
}

WeightSet choose_weight_set(const ModelFolder& folder, const std::string& subfolder) {
  std::vector<WeightSet> sets = weight_sets_in(folder, subfolder);
  if (sets.empty()) refuse_without_weights(folder, subfolder);
  const auto pick = [&](auto wanted) -> WeightSet* {
    const auto found = std::find_if(sets.begin(), sets.end(), [&](const WeightSet& set) { return wanted(set.name); });
    return found == sets.end() ? nullptr : &*found;
  };
  WeightSet* chosen = pick(is_plain);
  if (chosen == nullptr) chosen = pick([](const std::string& name) { return has_variant(name, "bf16"); });
  if (chosen == nullptr) chosen = pick([](const std::string& name) { return has_variant(name, "fp16"); });
  if (chosen == nullptr && sets.size() == 1) chosen = &sets.front();
  if (chosen != nullptr) return std::move(*chosen);
  std::vector<std::string> names;
  for (const WeightSet& set : sets) names.push_back(set.name);
  fail("MODEL_AMBIGUOUS",
       folder.describe(subfolder) + ": holds several weight files (" + listed(names) + "); name the one to use");
}

}  // namespace palimpsest
