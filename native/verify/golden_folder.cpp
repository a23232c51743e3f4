#include "native/verify/golden_folder.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "native/checkpoint/layouts.h"
#include "native/checkpoint/regular_file.h"
#include "shared/verify/verify_host_code.h"
#include "shared/verify/verify_names.h"
#include "shared/verify/verify_networks.h"
#include "shared/verify/verify_pipeline.h"

namespace palimpsest {
namespace {

namespace fs = std::filesystem;
using Results = std::vector<CheckResult>;

constexpr std::size_t kMaxTextBytes = std::size_t{64} << 20;

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool has(const TensorSource& source, std::string_view name) {
  return source.find(name) != nullptr;
}

/// Whether a tensor has this name behind the prefix of a case ("case0.").
bool has_in_a_case(const TensorSource& source, const std::string& name) {
  const std::vector<std::string> names = source.names();
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& known) { return known == name || ends_with(known, "." + name); });
}

bool any_name_starts_with(const TensorSource& source, std::string_view start) {
  const std::vector<std::string> names = source.names();
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return std::string_view(name).substr(0, start.size()) == start; });
}

Json golden_config(const Json::Object& metadata, const std::string& file) {
  for (const auto& [key, value] : metadata) {
    if (key == "golden.config") return parse_json(*value.as_string()).value_or_throw();
  }
  fail("golden_invalid", file + " has no golden.config in its metadata");
}

std::optional<std::string> metadata_text(const Json::Object& metadata, std::string_view key) {
  for (const auto& [name, value] : metadata) {
    if (name == key && value.is_string()) return *value.as_string();
  }
  return std::nullopt;
}

/// A reason for not running weights of these dtypes, or nothing.
std::string unsupported_dtype(const TensorSource& source) {
  for (const std::string& name : source.names()) {
    const DType dtype = source.find(name)->dtype;
    if (dtype == DType::f8_e4m3 || dtype == DType::f8_e5m2) return "fp8 weights";
  }
  return {};
}

class Folder {
 public:
  Folder(fs::path root, Backend& backend) : root_(std::move(root)), backend_(backend) {
    for (auto entry = fs::recursive_directory_iterator(root_); entry != fs::recursive_directory_iterator(); ++entry) {
      if (entry.depth() > 2) entry.disable_recursion_pending();
      if (entry->is_regular_file()) files_.insert(fs::relative(entry->path(), root_).generic_string());
    }
  }

  std::vector<GoldenReport> run() {
    for (const std::string& file : files_) {
      if (is_part_of_another(file)) continue;
      GoldenReport report;
      report.file = file;
      try {
        run_file(report);
      } catch (const PalimpsestError& problem) {
        report.status = GoldenReport::Status::failed;
        report.note = problem.error().message;
      }
      const bool silent = report.status == GoldenReport::Status::checked && report.results.empty();
      if (!silent) reports_.push_back(std::move(report));
    }
    return std::move(reports_);
  }

 private:
  bool exists(const std::string& file) const { return files_.count(file) != 0; }
  std::string path_of(const std::string& file) const { return (root_ / file).string(); }
  std::string text_of(const std::string& file) const { return RegularFile(path_of(file)).read(kMaxTextBytes); }
  Json json_of(const std::string& file) const { return parse_json(text_of(file)).value_or_throw(); }
  Weights open(const std::string& file) const { return open_weight_file(path_of(file), file); }

  static std::string folder_of(const std::string& file) {
    const std::string parent = fs::path(file).parent_path().generic_string();
    return parent.empty() ? "" : parent + "/";
  }

  /// The tokenizers' files belong to their cases.json; shards and configurations to their network's folder.
  bool is_part_of_another(const std::string& file) const {
    const std::string folder = folder_of(file), name = file.substr(folder.size());
    if (folder.empty() || name == "cases.json") return false;
    if (exists(folder + "cases.json")) return true;
    return exists(folder + "config.json") && name != "config.json";
  }

  void run_file(GoldenReport& report) const {
    const std::string extension = fs::path(report.file).extension().string();
    if (ends_with(report.file, "cases.json")) {
      run_tokenizer(report);
    } else if (ends_with(report.file, "/config.json")) {
      run_network_folder(report);
    } else if (extension == ".json") {
      run_json(report);
    } else if (extension == ".safetensors") {
      run_tensors(report);
    } else if (extension == ".gguf") {
      not_supported(report, "GGUF weights");
    } else {
      report.status = GoldenReport::Status::unknown;
    }
  }

  static void not_supported(GoldenReport& report, const std::string& what) {
    report.status = GoldenReport::Status::not_supported;
    report.note = what;
  }

  void run_tokenizer(GoldenReport& report) const {
    const std::string folder = folder_of(report.file);
    const Json cases = json_of(report.file);
    if (exists(folder + "spiece.model")) {
      report.results = verify_t5_tokenizer(text_of(folder + "spiece.model"), cases);
    } else if (exists(folder + "vocab.json") && exists(folder + "merges.txt")) {
      report.results = verify_clip_tokenizer(text_of(folder + "vocab.json"), text_of(folder + "merges.txt"), cases);
    } else {
      fail("MODEL_NOT_FOUND", "neither spiece.model nor vocab.json and merges.txt lie beside it");
    }
  }

  void run_json(GoldenReport& report) const {
    const Json json = json_of(report.file);
    const Json* first = json.is_array() && !json.as_array()->empty() ? &json.as_array()->front() : nullptr;
    if (first != nullptr && first->find("reference") != nullptr) {
      report.results = verify_kontext_sizes(json);
    } else if (first != nullptr && first->find("method") != nullptr) {
      report.results = verify_reference_ids(json);
    } else if (json.find("table_len") != nullptr) {
      not_supported(report, "ComfyUI's schedules");
    } else if (json.is_object() && !json.as_object()->empty()) {
      const Json& value = json.as_object()->front().second;
      if (value.find("params") != nullptr) {
        report.results = verify_configs(json);
      } else if (value.is_object()) {
        report.results = verify_names(json);
      } else if (value.is_array() && json.as_object()->front().first.find(':') != std::string::npos) {
        report.results = verify_aspect_ratios(json);
      } else {
        report.status = GoldenReport::Status::unknown;
      }
    } else {
      report.status = GoldenReport::Status::unknown;
    }
  }

  void run_tensors(GoldenReport& report) const {
    const Weights golden = open(report.file);
    const TensorSource& tensors = *golden.tensors;
    if (has_in_a_case(tensors, "in.img") || has_in_a_case(tensors, "input_ids") || has(tensors, "in.image") ||
        has(tensors, "in.image_u8")) {
      run_with_weights(report, golden);
    } else if (any_name_starts_with(tensors, "mu.") || any_name_starts_with(tensors, "noshift.")) {
      report.results = verify_schedule(tensors);
    } else if (any_name_starts_with(tensors, "f32.") || any_name_starts_with(tensors, "bf16.")) {
      report.results = verify_noise(tensors);
    } else if (has(tensors, "case0.in") && has(tensors, "case0.out")) {
      report.results = verify_resize(tensors);
    } else if (has(tensors, "relative_position")) {
      report.results = verify_position_buckets(tensors);
    } else if (has(tensors, "timestep_embedding") && has(tensors, "cos")) {
      report.results = verify_embeddings(tensors);
    } else if (has_in_a_case(tensors, "blocks") || has_in_a_case(tensors, "values")) {
      not_supported(report, "GGML's quantised blocks");
    } else if (is_lora(tensors)) {
      not_supported(report, "LoRA");
    } else if (recognise_networks(tensors).empty()) {
      report.status = GoldenReport::Status::unknown;
    }  // weights: their cases run them
  }

  /// The weights that a file of cases was made with: named by its metadata, or by its own name.
  std::string weights_of(const std::string& file, const Json::Object& metadata) const {
    const std::string folder = folder_of(file);
    for (const char* key : {"golden.weights", "golden.for"}) {
      if (const auto named = metadata_text(metadata, key)) return folder + *named;
    }
    const std::string stem = ends_with(file, "_io.safetensors") ? file.substr(0, file.size() - 15) : file;
    return exists(stem + ".gguf") ? stem + ".gguf" : stem + ".safetensors";
  }

  void run_with_weights(GoldenReport& report, const Weights& golden) const {
    const std::string file = weights_of(report.file, golden.metadata);
    if (!exists(file)) fail("MODEL_NOT_FOUND", "its weights " + file + " are not there");
    if (ends_with(file, ".gguf")) return not_supported(report, "GGUF weights");
    const Weights weights = open(file);
    if (is_lora(*weights.tensors)) return not_supported(report, "LoRA");
    if (const std::string dtype = unsupported_dtype(*weights.tensors); !dtype.empty())
      return not_supported(report, dtype);
    run_network(report, *weights.tensors, golden_config(weights.metadata, file), *golden.tensors);
  }

  void run_network(GoldenReport& report, const TensorSource& weights, const Json& config,
                   const TensorSource& golden) const {
    const std::vector<FoundNetwork> networks = recognise_networks(weights);
    if (networks.empty()) return not_supported(report, "weights of a network other than FLUX.1's");
    switch (networks.front().kind) {
      case NetworkKind::transformer:
        report.results = has(golden, "in.img_cond_seq")
                             ? verify_denoise_loop(weights, flux_config_from_json(config), golden, backend_)
                             : verify_transformer(weights, flux_config_from_json(config), golden, backend_);
        break;
      case NetworkKind::autoencoder:
        report.results = has(golden, "in.preferred")
                             ? verify_prepare(weights, autoencoder_config_from_json(config), golden, backend_)
                             : verify_autoencoder(weights, autoencoder_config_from_json(config), golden, backend_);
        break;
      case NetworkKind::t5:
        report.results = verify_t5(weights, t5_config_from_json(config), golden, backend_);
        break;
      case NetworkKind::clip:
        report.results = verify_clip(weights, clip_text_config_from_json(config), golden, backend_);
        break;
    }
  }

  /// diffusers_NAME/transformer holds the weights of flux_NAME under diffusers' names.
  void run_network_folder(GoldenReport& report) const {
    const std::string folder = folder_of(report.file);
    const std::string top = folder.substr(0, folder.find('/'));
    const std::string cases = "flux_" + top.substr(top.find('_') + 1) + "_io.safetensors";
    if (!exists(cases)) fail("MODEL_NOT_FOUND", "its cases " + cases + " are not there");
    const NetworkFiles files = open_network(path_of(folder), NetworkKind::transformer);
    run_network(report, *files.weights.tensors, files.config, *open(cases).tensors);
  }

  fs::path root_;
  Backend& backend_;
  std::set<std::string> files_;
  std::vector<GoldenReport> reports_;
};

}  // namespace

bool GoldenReport::passed() const {
  return status == Status::checked &&
         std::all_of(results.begin(), results.end(), [](const CheckResult& result) { return result.passed; });
}

std::vector<GoldenReport> verify_folder(const std::string& folder, Backend& backend) {
  std::error_code problem;
  if (!fs::is_directory(folder, problem)) fail("file_not_found", folder + " is no folder");
  return Folder(folder, backend).run();
}

}  // namespace palimpsest
