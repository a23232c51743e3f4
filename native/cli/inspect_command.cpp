#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "native/checkpoint/inspection.h"
#include "native/cli/command.h"
#include "native/cli/exit_codes.h"
#include "native/cli/progress_bar.h"
#include "shared/base/utf8.h"

namespace palimpsest {
namespace {

struct InspectOptions {
  std::string path;
  bool tensors = false, json = false;
};

constexpr std::size_t kFirstTensors = 8;
constexpr std::size_t kMetadataValueBytes = 100;

/// "11.9 billion", "4.2 million", "812".
std::string in_words(std::uint64_t count) {
  const auto number = static_cast<double>(count);
  if (number >= 1e9) return fmt::format("{:.2f} billion", number / 1e9);
  if (number >= 1e6) return fmt::format("{:.1f} million", number / 1e6);
  return fmt::format("{}", count);
}

std::string upper_case(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  return upper;
}

/// "hidden_size" as "hidden size".
std::string as_words(std::string key) {
  std::replace(key.begin(), key.end(), '_', ' ');
  return key;
}

std::string figure_text(const Json::Member& figure) {
  if (const bool* flag = figure.second.as_bool()) return (*flag ? "" : "no ") + as_words(figure.first);
  return as_words(figure.first) + " " + figure.second.dump();
}

void print_network(const InspectedNetwork& inspected) {
  const std::string prefix =
      inspected.network.prefix.empty() ? "" : fmt::format(", below \"{}\"", inspected.network.prefix);
  fmt::print("  {} ({} names{})\n", name_of(inspected.network.kind), name_of(inspected.network.names), prefix);
  std::string figures;
  for (const Json::Member& figure : inspected.figures) figures += (figures.empty() ? "" : ", ") + figure_text(figure);
  fmt::print("    {}\n", figures);
}

void print_metadata(const Json::Object& metadata) {
  if (metadata.empty()) return;
  fmt::print("  Metadata\n");
  for (const auto& [key, value] : metadata)
    fmt::print("    {}: {}\n", printable(key, 60), printable(*value.as_string(), kMetadataValueBytes));
}

void print_tensors(const Inspection& inspection, std::size_t count) {
  std::size_t widest = 0;
  for (std::size_t i = 0; i < count; ++i)
    widest = std::max(widest, printable(inspection.tensors[i].name, kMetadataValueBytes).size());
  fmt::print("  Tensors\n");
  for (std::size_t i = 0; i < count; ++i) {
    const InspectedTensor& tensor = inspection.tensors[i];
    fmt::print("    {:<{}}  {:<7}  {}\n", printable(tensor.name, kMetadataValueBytes), widest,
               upper_case(name_of(tensor.dtype)), tensor.shape.to_string());
  }
  const std::size_t rest = inspection.tensors.size() - count;
  if (rest > 0) fmt::print("    … and {} more (--tensors lists all)\n", rest);
}

void print_report(const Inspection& inspection, bool all_tensors) {
  fmt::print("{}\n", inspection.file);
  const std::string shards = inspection.files > 1 ? fmt::format(", {} shards", inspection.files) : "";
  fmt::print("  safetensors{}, {}: {} tensors, {} parameters\n", shards,
             format_bytes(static_cast<double>(inspection.file_bytes)), inspection.tensors.size(),
             in_words(inspection.parameters));
  for (const DTypeTotal& total : inspection.dtypes)
    fmt::print("    {:<8} {:>5} tensors  {:>10}\n", upper_case(name_of(total.dtype)), total.tensors,
               format_bytes(static_cast<double>(total.bytes)));
  for (const InspectedNetwork& network : inspection.networks) print_network(network);
  if (inspection.networks.empty())
    fmt::print("  {}\n", inspection.is_lora ? "a LoRA" : "no network of FLUX.1 recognised by its names");
  print_metadata(inspection.metadata);
  const std::size_t count = inspection.tensors.size();
  print_tensors(inspection, all_tensors ? count : std::min(count, kFirstTensors));
}

int run_inspect(const InspectOptions& options) {
  const std::vector<Inspection> found = inspect(options.path);
  if (options.json) {
    Json::Array reports;
    for (const Inspection& inspection : found) reports.push_back(to_json(inspection));
    fmt::print("{}\n", Json(std::move(reports)).dump());
    return kExitOk;
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (i > 0) fmt::print("\n");
    print_report(found[i], options.tensors);
  }
  return kExitOk;
}

}  // namespace

void add_inspect_command(CLI::App& app, CommandAction& action) {
  CLI::App* command = app.add_subcommand("inspect", "Says what is in a safetensors file or a model's folder");
  const auto options = std::make_shared<InspectOptions>();
  command->add_option("path", options->path, "File or folder")->required();
  command->add_flag("--tensors", options->tensors, "List all tensors");
  command->add_flag("--json", options->json, "Print JSON: one object for each set of weights, with all tensors");
  command->footer(
      examples_footer("  palimpsest inspect /models/flux1-kontext-dev.safetensors\n"
                      "  palimpsest inspect /models/FLUX.1-Kontext-dev --json"));
  command->callback([options, &action] { action = [options] { return run_inspect(*options); }; });
}

}  // namespace palimpsest
